"""Callbacks that watch a value, driven by given logs and a model that only remembers."""

from inspect import signature

import numpy as np
import pytest

from arraynet import callbacks, layers, optimizers
from arraynet.models import Sequential


class Fake:
    """What callbacks need of a model: weights that tell the epoch, an optimizer with a rate."""

    metrics, _learning_rate = (), None

    def __init__(self, rate=1.0):
        self.optimizer = self
        self.learning_rate, self.stop_training, self.epoch, self.restored = rate, False, 0, None
        self.saved = []

    def get_weights(self):
        return [self.epoch]

    def set_weights(self, weights):
        self.restored = weights[0]

    def save(self, path):
        self.saved.append(path.name)

    def save_weights(self, path):
        self.saved.append(f"weights {path.name}")


@pytest.fixture
def fakes_are_saved(monkeypatch):
    """Spare a `Fake` the question whether it can be."""
    monkeypatch.setattr("arraynet.callbacks.model_checkpoint.described_model", lambda model: {})


def run(callback, values, name="val_loss", model=None):
    """Epochs with given values until the callback stops them."""
    model = model or Fake()
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        model.epoch = epoch
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {} if value is None else {name: value})
        if model.stop_training:
            break
    callback.on_train_end()
    return model


@pytest.mark.parametrize(
    ("options", "values", "last"),
    [
        ({}, [3, 2, 2, 1], 2),
        ({"patience": 2}, [3, 2, 2.5, 2.2, 1], 3),
        ({"patience": 2}, [3, 2, 2.5, 1.9, 1], 4),
        ({"patience": 1, "min_delta": 0.5}, [3, 2.8, 1], 1),
        ({"patience": 1, "min_delta": -0.5}, [3, 2.8, 1], 1),  # its size counts, as for Keras
        ({"patience": 2, "baseline": 1.0}, [3, 2, 2.5, 0.5], 2),
        ({"patience": 2, "baseline": 1.0}, [3, 0.5, 0.6, 0.7, 0.4], 3),
        ({"patience": 1, "start_from_epoch": 3}, [1, 2, 3, 4, 5, 6], 4),
        ({"mode": "max"}, [1, 2, 1.5, 3], 2),
        ({"mode": "max", "patience": 2, "baseline": 1.0}, [0, 2, 1.5, 1.2, 1.1], 3),
        ({}, [1, float("nan"), 0], 1),
        ({"patience": 2}, [float("inf"), float("inf"), 3, 4, 4], 4),  # the first value counts, whatever it is
        ({}, [float("nan"), 1, 0], 2),  # the first epoch never stops
    ],
)
def test_early_stopping_stops_where_it_should(options, values, last):
    assert run(callbacks.EarlyStopping(**options), values).epoch == last


def test_early_stopping_puts_the_best_weights_back(capsys):
    callback = callbacks.EarlyStopping(patience=2, restore_best_weights=True, verbose=1)
    assert run(callback, [3, 1, 2, 2, 0]).restored == 1
    assert (callback.best, callback.best_epoch, callback.stopped_epoch) == (1, 1, 3)
    told = capsys.readouterr().out
    assert "Epoch 4: stopped early" in told
    assert "weights of the best epoch, 2" in told
    assert run(callbacks.EarlyStopping(restore_best_weights=True), [3, 2]).restored == 1
    assert run(callbacks.EarlyStopping(), [1, 2]).restored is None
    assert not capsys.readouterr().out
    assert run(callback, [2, 1]).restored == 1
    assert callback.stopped_epoch == 0
    assert "stopped" not in capsys.readouterr().out
    assert run(callback, [float("nan")] * 3).restored == 0  # the first epoch's, which none was better than
    plain = callbacks.EarlyStopping()
    assert [run(plain, values) and plain.best_epoch for values in ([3, 2], [float("nan")])] == [1, 0]
    late = callbacks.EarlyStopping(start_from_epoch=2, restore_best_weights=True)
    assert run(late, [1, 1, float("nan"), float("nan")]).restored == late.best_epoch == 2


def test_a_second_fit_begins_with_all_its_patience():
    stopping = callbacks.EarlyStopping(patience=3, baseline=1.0)
    run(stopping, [3, 2])
    assert run(stopping, [3, 3.5, 0.5]).epoch == 2
    lowering = callbacks.ReduceLROnPlateau(patience=2, cooldown=9)
    assert [run(lowering, values).learning_rate for values in ([3, 3], [3, 3], [3] * 3, [3] * 3)] == [1, 1, 0.1, 0.1]
    assert lowering.best == 3


def test_the_direction_goes_by_the_metric_or_by_the_name():
    assert run(callbacks.EarlyStopping("val_accuracy"), [0.1, 0.2, 0.1, 1], "val_accuracy").epoch == 2

    class Up(Fake):
        class Metric:
            name, direction = "gain", "up"

        class Other:
            name, direction = "cost", "down"

        class Unknown:
            name, direction = "accuracy", None

        metrics = (Other, Metric, Unknown)

    assert run(callbacks.EarlyStopping("val_gain"), [1, 2, 1, 3], "val_gain", Up()).epoch == 2
    assert run(callbacks.EarlyStopping("accuracy"), [1, 2, 1, 3], "accuracy", Up()).epoch == 2
    for rising in ("val_auc", "precision", "recall", "f1_score", "top_k_hits"):
        assert run(callbacks.EarlyStopping(rising), [1, 2, 1, 3], rising).epoch == 2
    assert run(callbacks.EarlyStopping("accuracy", mode="min"), [2, 1, 2, 0], "accuracy").epoch == 2
    for falling in ("gain", "accuracy_loss"):
        assert run(callbacks.EarlyStopping(falling), [1, 2, 1, 3], falling).epoch == 1


@pytest.mark.parametrize("kind", [callbacks.EarlyStopping, callbacks.ReduceLROnPlateau])
def test_a_value_that_is_not_reported_warns(kind):
    with pytest.warns(
        UserWarning, match=r"watches 'val_loss', which is not reported.*reported: nothing. .*validation_data"
    ):
        run(kind(), [None])
    with pytest.raises(ValueError, match="mode must be"):
        kind(mode="upwards")
    for name in ("patience", *({"start_from_epoch", "cooldown", "min_lr"} & set(signature(kind).parameters))):
        with pytest.raises(ValueError, match=f"{kind.__name__}: {name} must be a number, 0 or more"):
            kind(**{name: -1})


@pytest.mark.parametrize(
    "callback",
    [
        callbacks.EarlyStopping("val_acuracy"),
        callbacks.ReduceLROnPlateau("val_acuracy"),
        callbacks.ModelCheckpoint("m.arraynet", "val_acuracy", save_best_only=True),
    ],
)
def test_a_mistyped_name_to_watch_is_answered_with_the_one_meant(callback, fakes_are_saved):
    callback.set_model(Fake())
    callback.on_train_begin()
    told = r"^\w+ watches 'val_acuracy'.* reported: accuracy, val_accuracy. Did you mean 'val_accuracy'\?$"
    with pytest.warns(UserWarning, match=told):
        callback.on_epoch_end(0, {"accuracy": 0.5, "val_accuracy": 0.5})


@pytest.mark.parametrize(
    ("options", "values", "rate"),
    [
        ({"patience": 2}, [3, 3, 3], 0.1),
        ({"patience": 2}, [3, 3, 3, 3], 0.1),
        ({"patience": 2}, [3, 3, 2.9], 1.0),
        ({"patience": 2}, [3, 3, 2, 2], 1.0),
        ({}, [3] * 10, 1.0),
        ({}, [3] * 11, 0.1),
        ({"patience": 1}, [3, 2.99995], 0.1),
        ({"patience": 1, "factor": 0.5}, [3, 3, 3], 0.25),
        ({"patience": 1, "factor": 0.5, "cooldown": 2}, [3, 3, 3, 3], 0.5 * 0.5),
        ({"patience": 1, "factor": 0.5, "cooldown": 3}, [3, 3, 3, 3], 0.5),
        ({"patience": 1, "min_lr": 0.3}, [3, 3, 3], 0.3),
        ({"patience": 1, "min_delta": 0.5}, [3, 2.8], 0.1),
        ({"patience": 1, "mode": "max"}, [3, 4, 5], 1.0),
        ({"patience": 2}, [float("inf"), float("inf"), 3], 1.0),
        ({"patience": 1, "min_lr": 2.0}, [3, 3, 3], 1.0),  # a rate below the bound is not raised to it
    ],
)
def test_the_learning_rate_is_lowered_on_a_plateau(options, values, rate):
    model = run(callbacks.ReduceLROnPlateau(**options), values)
    np.testing.assert_allclose(model.learning_rate, rate)


def test_lowering_is_told_and_logged(capsys):
    callback = callbacks.ReduceLROnPlateau(patience=1, min_lr=0.1, verbose=1)
    run(callback, [3, 3, 3, 3])
    assert capsys.readouterr().out == "Epoch 2: learning rate lowered to 0.1\n"
    run(callbacks.ReduceLROnPlateau(patience=1), [3, 3])
    assert not capsys.readouterr().out
    callback.on_epoch_end(2, logs := {"val_loss": 3.0})
    assert logs["learning_rate"] == 0.1
    with pytest.warns(UserWarning, match="not reported"):
        callback.on_epoch_end(3, logs := {})
    assert logs["learning_rate"] == 0.1
    with pytest.raises(ValueError, match="factor must be below 1"):
        callbacks.ReduceLROnPlateau(factor=1.0)


def test_a_schedule_sets_the_rate_of_each_epoch(capsys):
    model = run(callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2, verbose=1), [1, 1, 1])
    assert model.learning_rate == 0.125
    assert "Epoch 3: learning rate set to 0.125" in capsys.readouterr().out
    for rate in (1, np.float32(1)):
        model = run(callbacks.LearningRateScheduler(lambda epoch, _, rate=rate: rate), [1])
        assert type(model.learning_rate) is float
    for wrong in (None, -0.1, float("nan")):
        with pytest.raises(ValueError, match="that schedule returned must be a number, 0 or more, received"):
            run(callbacks.LearningRateScheduler(lambda epoch, _, wrong=wrong: wrong), [1])


def test_a_rate_that_follows_a_schedule_is_not_lowered():
    model = Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile(optimizers.SGD(optimizers.schedules.CosineDecay(0.1, 9)), "mse")
    with pytest.raises(TypeError, match=r"ReduceLROnPlateau cannot lower .* schedule"):
        model.fit(np.ones((4, 2)), np.ones((4, 1)), callbacks=callbacks.ReduceLROnPlateau("loss"), verbose=0)
    assert model.optimizer.iterations == 0


def test_nan_terminates_training(capsys):
    x = np.ones((40, 2), np.float32)
    model = Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, x[:, :1] * 1e30, epochs=3, callbacks=callbacks.TerminateOnNaN(), verbose=0)
    assert model.history.epoch == [0]
    assert "Batch 0: the loss is inf" in capsys.readouterr().out
    with pytest.raises(RuntimeError, match="Lower the learning rate"):
        model.fit(x, x[:, :1] * 1e30, callbacks=callbacks.TerminateOnNaN(raise_error=True), verbose=0)


def test_the_best_model_is_saved(tmp_path, capsys, fakes_are_saved):
    callback = callbacks.ModelCheckpoint(tmp_path / "a/b/{epoch:02d}-{val_loss:.1f}.npz", save_best_only=True,
                                         save_weights_only=True, verbose=1)  # fmt: skip
    model = run(callback, [3, 4, 2])
    assert model.saved == ["weights 01-3.0.npz", "weights 03-2.0.npz"]
    assert callback.best == 2
    assert (tmp_path / "a/b").is_dir()
    assert "Epoch 3: saved" in capsys.readouterr().out
    run(callback, [2.5, 1.5], model=model)
    assert model.saved[2:] == ["weights 02-1.5.npz"]
    capsys.readouterr()
    assert run(callbacks.ModelCheckpoint("m.arraynet"), [1, 2]).saved == ["m.arraynet"] * 2
    rising = callbacks.ModelCheckpoint("{epoch}.arraynet", save_best_only=True, mode="max")
    assert run(rising, [1, 2, 1]).saved == ["1.arraynet", "2.arraynet"]
    below = callbacks.ModelCheckpoint("{epoch}.arraynet", save_best_only=True, initial_value_threshold=0.0)
    assert run(below, [1, -1]).saved == ["2.arraynet"]
    strict = callbacks.ModelCheckpoint("m.arraynet", save_best_only=True, initial_value_threshold=0.5)
    assert run(strict, [1, 0.4]).saved == ["m.arraynet"]
    assert not capsys.readouterr().out
    late = callbacks.ModelCheckpoint("m.arraynet", save_best_only=True)
    assert run(late, [float("nan"), float("inf"), float("inf"), 1]).saved == ["m.arraynet"] * 2
    run(callbacks.ModelCheckpoint("m.arraynet", verbose=1), [1])
    assert capsys.readouterr().out == "Epoch 1: saved m.arraynet\n"
    with pytest.warns(UserWarning, match="ModelCheckpoint watches 'val_loss'"):
        assert run(strict, [None]).saved == []


def test_checkpoints_every_so_many_batches(fakes_are_saved):
    callback = callbacks.ModelCheckpoint("m.arraynet", save_freq=2)
    callback.set_model(Fake())
    for fit in range(2):
        callback.on_train_begin()
        for batch in range(5):
            callback.on_train_batch_end(batch, {})
        callback.on_epoch_end(0, {})
        assert len(callback.model.saved) == 2 * (fit + 1)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"filepath": "m.keras"}, r"ends in .arraynet"),
        ({"filepath": "m.arraynet", "save_weights_only": True}, r".safetensors or .npz"),
        ({"filepath": "m.arraynet", "save_freq": 0}, "save_freq"),
        ({"filepath": "m.arraynet", "save_freq": True}, "save_freq, unless it is 'epoch', must be a positive int"),
        ({"filepath": "{}.arraynet"}, r"'{}.arraynet' cannot be filled in.*{epoch:02d}"),
        ({"filepath": "{epoch.first}.arraynet"}, "cannot be filled in"),
        ({"filepath": "{epoch.arraynet"}, "cannot be filled in"),
        ({"filepath": "{loss:q}.arraynet"}, "cannot be filled in"),
    ],
)
def test_checkpoints_refuse_what_they_cannot_write(options, match):
    with pytest.raises(ValueError, match=match):
        callbacks.ModelCheckpoint(**options)


def test_what_a_checkpoint_could_not_save_is_refused_before_the_first_epoch(tmp_path):
    x, seen, model = np.ones((4, 3), "float32"), [], Sequential([layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[lambda y_true, y_pred: y_pred])
    watch = callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(epoch))
    with pytest.raises(ValueError, match="has no name to be saved under"):
        model.fit(x, x[:, :1], callbacks=[watch, callbacks.ModelCheckpoint(tmp_path / "net.arraynet")], verbose=0)
    assert seen == []
    weights = callbacks.ModelCheckpoint(tmp_path / "net.npz", save_weights_only=True)
    model.fit(x, x[:, :1], callbacks=weights, verbose=0)
    assert (tmp_path / "net.npz").exists()


def test_what_callbacks_tell_of_themselves_has_keras_names(fakes_are_saved):
    stopping = callbacks.EarlyStopping(patience=9, restore_best_weights=True)
    lowering = callbacks.ReduceLROnPlateau(patience=2, cooldown=3)
    saving = callbacks.ModelCheckpoint("m.arraynet", save_best_only=True, initial_value_threshold=2.5)
    assert (stopping.best, lowering.best, saving.best, stopping.params) == (None, None, 2.5, None)
    run(stopping, [3, 2, 2, 2])
    assert (stopping.best, stopping.wait, stopping.stopped_epoch, stopping.best_epoch) == (2, 2, 0, 1)
    assert stopping.best_weights == [1]
    run(lowering, [3, 3, 3, 3])
    assert (lowering.best, lowering.wait, lowering.cooldown_counter, lowering.in_cooldown()) == (3, 0, 2, True)
    saving.best = 1.5  # goes before the threshold
    assert run(saving, [2, 1]).saved == ["m.arraynet"]
    table, backup = callbacks.CSVLogger("a.csv", ";"), callbacks.BackupAndRestore("there")
    assert (table.filename, table.sep, table.append, backup.backup_dir) == ("a.csv", ";", False, "there")


def test_none_for_the_best_value_is_none_yet():
    class Anew(callbacks.EarlyStopping):
        def on_train_begin(self, logs=None):
            super().on_train_begin(logs)
            self.best = None

    callback = Anew(patience=1)
    run(callback, [3, 2, 4])
    assert callback.best == 2
