"""Validation within `fit`: of what, how often, how much of it, and anew each time."""

import numpy as np
import pytest
from support.classifier import X, Y, net

from arraynet import callbacks, layers
from arraynet.models import Sequential


def test_validation_data_goes_before_the_split_and_has_its_frequency(backend):
    model = net()
    history = model.fit(
        X, Y, epochs=6, validation_split=0.5, validation_data=(X[:5], Y[:5]), validation_freq=3, verbose=0
    ).history
    assert list(history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert len(history["val_loss"]) == 2
    np.testing.assert_allclose(history["val_loss"][-1], model.evaluate(X[:5], Y[:5], verbose=0)[0], rtol=1e-5)


@pytest.mark.parametrize(("freq", "epochs"), [(1, [0, 1, 2, 3]), (3, [2]), ([1, 4], [0, 3]), (range(2, 4), [1, 2])])
def test_validation_follows_the_epochs_that_were_asked_for(freq, epochs):
    seen = []
    watch = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: "val_loss" in logs and seen.append(epoch))
    net().fit(X, Y, epochs=4, validation_data=(X[:5], Y[:5]), validation_freq=freq, callbacks=watch, verbose=0)
    assert seen == epochs


@pytest.mark.parametrize(("size", "batches"), [(None, [0, 1]), (10, [0, 1, 2])])
def test_a_validation_has_its_batch_size(size, batches):
    seen = []
    watch = callbacks.LambdaCallback(on_test_batch_end=lambda batch, logs: seen.append(batch))
    data = {"validation_data": (X[:30], Y[:30]), "validation_batch_size": size}
    net().fit(X, Y, batch_size=25, callbacks=watch, verbose=0, **data)
    assert seen == batches


def test_a_validation_that_is_used_up_warns_and_reports_nothing():
    with pytest.warns(UserWarning, match="used up"):
        history = net().fit(X, Y, epochs=2, validation_data=iter([(X, Y)]), verbose=0).history
    assert (len(history["loss"]), len(history["val_loss"])) == (2, 1)


def test_a_validation_has_its_weights(backend):
    model, weight = net(), np.arange(50.0)
    found = model.fit(X, Y, validation_data=(X, Y, weight), verbose=0).history["val_loss"]
    assert found == pytest.approx([model.evaluate(X, Y, sample_weight=weight, verbose=0)[0]], rel=1e-5)
    assert found != pytest.approx([model.evaluate(X, Y, verbose=0)[0]], rel=1e-3)


class Batches:
    def __iter__(self):
        return ((X[k : k + 1], np.float32([k])) for k in range(5))


@pytest.mark.parametrize("steps", [2, None])
def test_each_validation_begins_with_the_first_batch_also_after_one_that_was_stopped(steps):
    class Rows(Sequential):
        def test_step(self, data):
            return {"first": data[1][0]}

    def stop(batch, logs):
        seen.append(logs["first"])
        model.stop_evaluating = batch == 1

    model, seen = Rows([layers.Dense(1)]), []
    model.compile("sgd", "mse")
    told = callbacks.LambdaCallback(on_test_batch_end=stop)
    data = {"validation_data": Batches(), "validation_steps": steps}
    model.fit(X, Y, batch_size=25, epochs=2, callbacks=told, verbose=0, **data)  # the size is not for what has its own
    assert seen == [0, 1, 0, 1]
