"""`SwapEMAWeights`: who sees averages of the weights, and that training does not notice."""

import numpy as np
import pytest

from arraynet import callbacks, layers, models, optimizers
from arraynet.models import Sequential

X = np.linspace(-1, 1, 80, dtype=np.float32).reshape(20, 4)
Y = X[:, :1] + X[:, 1:2] ** 2
DATA = {"batch_size": 5, "verbose": 0, "validation_data": (X[::2], Y[::2])}


def net(**options):
    model = Sequential([layers.Input((4,)), layers.Dense(3, activation="tanh"), layers.Dense(1)])
    model.compile(optimizers.SGD(0.1, momentum=0.5, **({"use_ema": True, "ema_momentum": 0.9} | options)), "mse")
    return model


def averages(model):
    return [model.optimizer._state[weight]["average"].numpy() for weight in model.trainable_weights]


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


class Watch(callbacks.Callback):
    """Notes at which hooks the model has its averages, and what it has then."""

    def __init__(self):
        self.seen, self.weights = {}, {}

    def note(self, hook):
        weights = self.model.get_weights()
        self.seen.setdefault(hook, []).append(same(weights, averages(self.model)))
        self.weights.setdefault(hook, []).append(weights)

    def on_epoch_begin(self, epoch, logs=None):
        if epoch:
            self.note("epoch begin")

    def on_epoch_end(self, epoch, logs=None):
        self.note("epoch end")

    def on_test_begin(self, logs=None):
        self.note("test begin")

    def on_test_end(self, logs=None):
        self.note("test end")

    def on_predict_batch_end(self, batch, logs=None):
        self.note("predict")


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_validations_have_averages_and_training_does_not_notice(swap_on_epoch, backend):
    plain, swapped, watch = net(), net(), Watch()
    told = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: raw.append(plain.get_weights()))
    raw = []
    history = plain.fit(X, Y, epochs=3, callbacks=told, **DATA).history
    found = swapped.fit(X, Y, epochs=3, callbacks=[callbacks.SwapEMAWeights(swap_on_epoch), watch], **DATA).history
    assert found["loss"] == history["loss"]
    assert found["val_loss"] != history["val_loss"]
    assert same(swapped.get_weights(), plain.get_weights())
    assert same(swapped.get_weights(), averages(swapped))
    assert watch.seen == {
        "test begin": [True] * 3,
        "test end": [False] * 3,
        "epoch end": [swap_on_epoch] * 3,
        "epoch begin": [False] * 2,
    }
    assert all(map(same, watch.weights["epoch begin"], raw))
    checked = net()
    checked.set_weights(watch.weights["test begin"][1])
    assert found["val_loss"][1] == pytest.approx(checked.evaluate(*DATA["validation_data"], verbose=0), rel=1e-6)


def test_evaluating_and_predicting_alone_puts_the_weights_back(backend):
    model, swap, watch = net(), callbacks.SwapEMAWeights(), Watch()
    model.evaluate(X, Y, callbacks=swap, verbose=0)  # before there are any averages
    for _ in range(3):
        model.train_on_batch(X, Y)
    before, kept = model.get_weights(), averages(model)
    assert model.evaluate(X, Y, callbacks=[swap, watch], verbose=0) != model.evaluate(X, Y, verbose=0)
    model.predict(X, callbacks=[swap, watch], verbose=0)
    assert watch.seen == {"test begin": [True], "test end": [False], "predict": [True]}
    assert same(model.get_weights(), before)
    assert same(averages(model), kept)


def test_a_training_that_is_stopped_or_fails_leaves_the_right_weights():
    def stop(epoch, logs):
        model.stop_training = True

    model, swap = net(), callbacks.SwapEMAWeights(swap_on_epoch=True)
    model.fit(X, Y, epochs=5, callbacks=[swap, callbacks.LambdaCallback(on_epoch_end=stop)], **DATA)
    assert model.history.epoch == [0]
    other = net()
    other.fit(X, Y, epochs=1, **DATA)
    assert same(model.get_weights(), other.get_weights())

    def fail(logs):
        raise KeyboardInterrupt

    model, trained = net(), []
    keep = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: trained.append(model.get_weights()))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, epochs=5, callbacks=[swap, keep, callbacks.LambdaCallback(on_test_begin=fail)], **DATA)
    assert same(model.get_weights(), trained[-1])


def test_a_checkpoint_behind_it_saves_the_averages(tmp_path):
    model, watch, path = net(), Watch(), str(tmp_path / "{epoch}.arraynet")
    swap = callbacks.SwapEMAWeights(swap_on_epoch=True)
    model.fit(X, Y, epochs=2, callbacks=[swap, callbacks.ModelCheckpoint(path), watch], **DATA)
    loaded = models.load_model(path.format(epoch=1))
    assert same(loaded.get_weights(), watch.weights["epoch end"][0])
    assert same(loaded.get_weights(), averages(loaded))


def test_the_model_may_be_moved_meanwhile():
    still, moved, swap = net(), net(), callbacks.SwapEMAWeights(swap_on_epoch=True)
    still.fit(X, Y, epochs=3, callbacks=swap, **DATA)
    move = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: moved.to("strict"))
    moved.fit(X, Y, epochs=3, callbacks=[swap, move], **DATA)
    for a, b in zip(still.get_weights(), moved.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.parametrize("call", ["fit", "evaluate", "predict"])
def test_an_optimizer_without_averages_is_refused(call):
    model, labels = net(use_ema=False), {} if call == "predict" else {"y": Y}
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"SwapEMAWeights needs .*use_ema=True\); received SGD without them"):
        getattr(model, call)(X, **labels, callbacks=callbacks.SwapEMAWeights(), verbose=0)
    assert same(model.get_weights(), before)
    with pytest.raises(ValueError, match="received a model that is not compiled"):
        Sequential([layers.Dense(1)]).predict(X, callbacks=callbacks.SwapEMAWeights(), verbose=0)
