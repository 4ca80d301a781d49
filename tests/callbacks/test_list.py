"""Hooks: who is called when, with what, and who is not called at all."""

import os

import numpy as np
import pytest

from arraynet import callbacks, layers
from arraynet.callbacks import CallbackList
from arraynet.models import Sequential

X = np.linspace(0, 1, 40, dtype=np.float32).reshape(20, 2)


def net():
    model = Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


class Told(callbacks.Callback):
    """Writes down every call."""

    def __init__(self):
        self.calls = []


def _noting(hook):
    def note(self, *args):
        assert hook in ("on_train_batch_end", "on_test_batch_end") or isinstance(
            args[-1], dict
        )  # as Keras' hooks may rely on
        self.calls.append((hook.removeprefix("on_"), *[a for a in args if isinstance(a, int)]))

    return note


for _hook in [name for name in dir(callbacks.Callback) if name.startswith("on_") and "on_batch" not in name]:
    setattr(Told, _hook, _noting(_hook))


def test_all_hooks_in_order():
    told = Told()
    net().fit(X, X[:, :1], batch_size=10, validation_split=0.5, callbacks=[told], verbose=0)
    assert told.calls == [
        ("train_begin",),
        ("epoch_begin", 0),
        ("train_batch_begin", 0),
        ("train_batch_end", 0),
        ("test_begin",),
        ("test_batch_begin", 0),
        ("test_batch_end", 0),
        ("test_end",),
        ("epoch_end", 0),
        ("train_end",),
    ]
    assert told.params == {"epochs": 1, "steps": 1, "verbose": 0}
    told = Told()
    net().predict(X, batch_size=10, callbacks=told)
    assert told.params == {"epochs": 1, "steps": 2, "verbose": 2}  # nobody watches
    assert [name for name, *_ in told.calls] == ["predict_begin", *["predict_batch_begin", "predict_batch_end"] * 2,
                                                 "predict_end"]  # fmt: skip


def test_only_listeners_are_called_per_batch():
    class Batches(callbacks.Callback):
        def on_batch_end(self, batch, logs=None):
            pass

    own = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    many = CallbackList([callbacks.History(), Batches(), own])
    assert len(many.listeners("on_train_batch_end")) == 2
    assert many.listeners("on_train_batch_begin") == []
    assert CallbackList([callbacks.EarlyStopping()]).listeners("on_train_batch_end") == []


def test_history_and_progress_come_last_and_once():
    own = callbacks.History()
    many = CallbackList([own, callbacks.Callback()], add_history=True, add_progbar=True)
    assert many.find(callbacks.History) is own
    assert [type(c).__name__ for c in many.callbacks] == ["History", "Callback", "ProgbarLogger"]
    assert [type(c) for c in CallbackList([callbacks.ProgbarLogger()], add_progbar=True).callbacks] == [
        callbacks.ProgbarLogger
    ]
    assert not CallbackList().callbacks


def test_what_is_nearly_a_hook_is_warned_of():
    class Nearly(callbacks.Callback):
        def on_epoch_ends(self, epoch, logs=None):
            """Never called."""

        def on_my_own_account(self):
            """Nor meant to be."""

    with pytest.warns(UserWarning, match="Nearly.on_epoch_ends is no hook.*'on_epoch_end'") as warned:
        net().fit(X, X[:, :1], callbacks=[Nearly()], verbose=0)
    assert [warning.filename for warning in warned] == [__file__]


def test_functions_as_hooks():
    seen = []
    hooks = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append((epoch, set(logs))), on_test_begin=lambda logs: seen.append("test")
    )
    net().fit(X, X[:, :1], epochs=2, validation_split=0.5, callbacks=[hooks], verbose=0)
    assert seen == ["test", (0, {"loss", "val_loss"}), "test", (1, {"loss", "val_loss"})]
    with pytest.raises(TypeError, match="no hook"):
        callbacks.LambdaCallback(on_epoch=print)


def test_what_ends_ends_with_the_values_that_are_returned():
    model, seen = net(), []

    def note(*args):
        seen.append(list(args[-1].items()))

    model.compile("sgd", "mse", metrics=["accuracy"])
    hooks = callbacks.LambdaCallback(on_epoch_end=note, on_train_end=note)
    history = model.fit(X, X[:, :1], epochs=2, validation_split=0.5, callbacks=hooks, verbose=0).history
    first, last = ([(name, values[k]) for name, values in history.items()] for k in (0, 1))
    hooks = callbacks.LambdaCallback(on_test_end=note)
    found = model.evaluate(X, X[:, :1], callbacks=hooks, verbose=0, return_dict=True)
    assert seen == [first, last, last, list(found.items())]
    assert hooks.params == {"epochs": 1, "steps": 1, "verbose": 0}


def test_a_callback_may_move_the_model():
    model = net()
    move = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: model.to("strict"))
    history = model.fit(X, X[:, :1], epochs=2, validation_split=0.5, callbacks=move, verbose=0)
    assert len(history.history["val_loss"]) == 2
    assert {w.backend.name for w in model.weights} == {"strict"}


def test_rows_of_values_in_a_file(tmp_path):
    path = tmp_path / "log.csv"
    model = net()
    new, there = callbacks.CSVLogger(path, append=True), []
    read = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: there.append(path.read_text().count("\n")))
    model.fit(X, X[:, :1], epochs=2, validation_split=0.5, callbacks=[new, read], verbose=0)
    assert there == [2, 3]  # a row is on disk when its epoch ends
    first = model.fit(X, X[:, :1], epochs=2, callbacks=[callbacks.CSVLogger(path)], verbose=0).history["loss"]
    second = model.fit(X, X[:, :1], callbacks=[callbacks.CSVLogger(path, append=True)], verbose=0).history["loss"]
    rows = [line.split(",") for line in path.read_text().splitlines()]
    assert rows[0] == ["epoch", "loss"]
    assert [int(epoch) for epoch, _ in rows[1:]] == [0, 1, 0]
    assert [float(loss) for _, loss in rows[1:]] == first + second
    model.fit(X, X[:, :1], callbacks=[callbacks.CSVLogger(path, separator=";")], verbose=0)
    assert path.read_text().startswith("epoch;loss\n")
    assert len(path.read_text().splitlines()) == 2
    for wrong in (", ", "", "\n", '"', None):
        with pytest.raises(ValueError, match="CSVLogger: separator must be one character"):
            callbacks.CSVLogger(path, separator=wrong)


def test_rows_have_columns_for_what_only_some_epochs_report(tmp_path):
    path, model = tmp_path / "log.csv", net()
    model.compile("sgd", "mse", metrics=["mae"])
    data = {"validation_data": (X, X[:, :1]), "validation_freq": 2}
    told = [callbacks.ReduceLROnPlateau("loss"), callbacks.CSVLogger(path)]
    model.fit(X, X[:, :1], epochs=3, callbacks=told, verbose=0, **data)
    rows = [line.split(",") for line in path.read_text().splitlines()]
    assert rows[0] == ["epoch", "learning_rate", "loss", "mae", "val_loss", "val_mae"]
    assert [[value == "NA" for value in row[4:]] for row in rows[1:]] == [[True] * 2, [False] * 2, [True] * 2]


def test_rows_go_on_under_a_name_that_holds_the_separator(tmp_path):
    path, model, data = tmp_path / "log.csv", net(), {"validation_split": 0.5, "verbose": 0}
    for _ in range(2):
        model.fit(X, X[:, :1], callbacks=[callbacks.CSVLogger(path, separator="_", append=True)], **data)
    assert path.read_text().startswith('epoch_loss_"val_loss"\n')
    assert len(path.read_text().splitlines()) == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_rows_can_go_into_a_pipe(tmp_path):
    os.mkfifo(path := tmp_path / "pipe")
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    net().fit(X, X[:, :1], epochs=2, callbacks=[callbacks.CSVLogger(path)], verbose=0)
    assert [row.split(",")[0] for row in os.read(reading, 999).decode().splitlines()] == ["epoch", "0", "1"]
    os.close(reading)


def test_a_checkpoint_within_an_epoch_is_named_by_its_batch(tmp_path):
    path = str(tmp_path / "{epoch}-{batch}.npz")
    saving = callbacks.ModelCheckpoint(path, save_freq=2, save_weights_only=True)
    net().fit(X[:3], X[:3, :1], epochs=2, batch_size=1, callbacks=[saving], verbose=0)
    assert sorted(p.stem for p in tmp_path.iterdir()) == ["1-2", "2-1", "2-3"]


def test_checkpoints_count_batches_not_hooks(tmp_path):
    path = str(tmp_path / "{epoch}-{batch}.npz")
    saving = callbacks.ModelCheckpoint(path, save_freq=4, save_weights_only=True)
    model = net()
    model.compile("sgd", "mse", steps_per_execution=2)
    model.fit(X[:3], X[:3, :1], epochs=4, batch_size=1, callbacks=[saving], verbose=0)
    assert sorted(p.stem for p in tmp_path.iterdir()) == ["2-2", "3-2", "4-3"]


def test_an_epoch_longer_than_the_last_one_is_counted_from_its_begin(tmp_path):
    saving = callbacks.ModelCheckpoint(str(tmp_path / "{batch}.npz"), save_freq=4, save_weights_only=True)
    model = net()
    model.compile("sgd", "mse", steps_per_execution=4)
    for samples in (2, 8):
        model.fit(X[:samples], X[:samples, :1], batch_size=1, callbacks=[saving], verbose=0)
    assert sorted(p.stem for p in tmp_path.iterdir()) == ["4", "8"]


def test_a_schedule_of_the_epoch_alone_is_logged():
    falling = callbacks.LearningRateScheduler(lambda epoch: 0.5**epoch)
    history = net().fit(X, X[:, :1], epochs=3, callbacks=[falling], verbose=0).history
    assert history["learning_rate"] == [1.0, 0.5, 0.25]


def test_a_rate_that_is_lowered_is_logged_in_alphabetical_order():
    lowering = callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=1e9)
    model = net()
    model.optimizer.learning_rate = 0.25
    history = model.fit(X, X[:, :1], epochs=3, validation_split=0.5, callbacks=(lowering,), verbose=0).history
    assert list(history) == ["learning_rate", "loss", "val_loss"]
    assert history["learning_rate"] == [0.25, 0.25, 0.125]


class Crash(callbacks.Callback):
    """A power cut behind a given epoch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam"])
def test_an_interrupted_training_goes_on_bit_for_bit(tmp_path, optimizer):
    def fresh():
        model = Sequential([layers.Input((2,)), layers.Dense(8), layers.Dropout(0.5), layers.Dense(1)])
        model.compile(optimizer, "mse")
        return model

    whole, broken, again = fresh(), fresh(), fresh()
    whole.fit(X, X[:, :1], epochs=4, batch_size=8, verbose=0)
    backup = callbacks.BackupAndRestore(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        broken.fit(X, X[:, :1], epochs=4, batch_size=8, callbacks=[backup, Crash(2)], verbose=0)
    assert broken.history.epoch == [0, 1]  # nothing is lost
    assert backup.path.exists()
    again.fit(X, X[:, :1], epochs=4, batch_size=8, callbacks=[callbacks.BackupAndRestore(tmp_path)], verbose=0)
    assert again.history.epoch == [2, 3]
    for a, b in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not backup.path.exists()


def test_the_backup_before_a_damaged_one_serves_where_both_are_kept(tmp_path):
    backup = callbacks.BackupAndRestore(tmp_path, "epoch", True, True)  # in Keras' order
    assert (backup.double_checkpoint, backup.delete_checkpoint) == (True, True)
    model, again = net(), net()
    told, weights = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: weights.append(model.get_weights())), []
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, X[:, :1], epochs=4, callbacks=[backup, told, Crash(2)], verbose=0)
    backup.path.write_bytes(backup.path.read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"backup\.safetensors"):
        again.fit(X, X[:, :1], epochs=4, callbacks=[callbacks.BackupAndRestore(tmp_path)], verbose=0)
    begun = []
    watch = callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(again.get_weights()))
    with pytest.warns(UserWarning, match=r"the backup before the last one, .*previous\.safetensors: .*backup"):
        assert again.fit(X, X[:, :1], epochs=4, callbacks=[backup, watch], verbose=0).epoch == [1, 2, 3]
    np.testing.assert_array_equal(begun[0][0], weights[0][0])
    assert not [*tmp_path.iterdir()]


def test_a_backup_between_epochs_begins_its_epoch_anew(tmp_path):
    def crash(batch, logs):
        if model.optimizer.iterations == 9:
            raise KeyboardInterrupt

    options = {"epochs": 2, "batch_size": 4, "verbose": 0}
    backup = callbacks.BackupAndRestore(tmp_path / "a/b", save_freq=2)
    model, again = net(), net()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, X[:, :1], callbacks=[backup, callbacks.LambdaCallback(on_train_batch_end=crash)], **options)
    assert again.fit(X, X[:, :1], callbacks=[backup], **options).epoch == [1]
    assert again.optimizer.iterations == 8 + 5


def test_backups_between_epochs_count_all_batches_of_a_training(tmp_path):
    backup, saved = callbacks.BackupAndRestore(tmp_path, save_freq=3), []

    def note(batch, logs):
        if backup.path.exists():
            saved.append(batch)
            backup.path.unlink()

    noting = callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: backup.path.unlink(missing_ok=True), on_train_batch_end=note
    )
    for _ in range(2):
        net().fit(X, X[:, :1], epochs=2, batch_size=5, callbacks=[backup, noting], verbose=0)
    assert saved == [2, 1] * 2  # the third and the sixth
    with pytest.warns(UserWarning, match="Nothing is trained"):  # and there is no backup to delete
        net().fit(X, X[:, :1], epochs=2, initial_epoch=2, callbacks=backup, verbose=0)


def test_one_callback_serves_the_next_training_from_its_start(tmp_path):
    model, backup = net(), callbacks.BackupAndRestore(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, X[:, :1], epochs=3, callbacks=[backup, Crash(2)], verbose=0)
    epochs = [model.fit(X, X[:, :1], epochs=3, callbacks=[backup], verbose=0).epoch for _ in range(2)]
    assert epochs == [[2], [0, 1, 2]]


def test_a_backup_that_does_not_fit_changes_nothing(tmp_path):
    backup = callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    net().fit(X, X[:, :1], callbacks=[backup], verbose=0)
    other = Sequential([layers.Input((2,)), layers.Dense(1), layers.Dropout(0.5)])
    other.compile("sgd", "mse")
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"backup\.safetensors was saved from .* 1 random streams.* has 2"):
        other.fit(X, X[:, :1], callbacks=[backup], verbose=0)
    other.save_weights(backup.path)
    with pytest.raises(ValueError, match=r"backup\.safetensors is no backup of a training"):
        other.fit(X, X[:, :1], callbacks=[backup], verbose=0)
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_backups_between_epochs_and_bad_arguments(tmp_path):
    backup = callbacks.BackupAndRestore(tmp_path / "new", save_freq=1, delete_checkpoint=False)
    net().fit(X, X[:, :1], callbacks=[backup], verbose=0)
    assert backup.path.exists()
    for wrong in ("batch", True):
        with pytest.raises(ValueError, match="save_freq, unless it is 'epoch', must be a positive int"):
            callbacks.BackupAndRestore(tmp_path, save_freq=wrong)
    other = Sequential([layers.Dense(2), layers.Dense(1)])
    other.compile("sgd", "mse")
    with pytest.raises(ValueError, match="saved from another model"):
        other.fit(X, X[:, :1], callbacks=[backup], verbose=0)
