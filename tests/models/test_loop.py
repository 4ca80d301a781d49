"""What `fit` itself costs, counted in calls of functions: little beside a step, and in proportion to the batches."""

import gc
import sys
from functools import partial

import numpy as np
import pytest

import arraynet
from arraynet import callbacks, layers, words
from arraynet.models import Sequential, loop

BATCH = 8
X = np.random.default_rng(0).normal(size=(40 * BATCH, 6)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, len(X))


def net(depth=1):
    hidden = [layers.Dense(5, activation="relu") for _ in range(depth)]
    model = Sequential([layers.Input((6,)), *hidden, layers.Dense(3, activation="softmax")])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    fit(model, 2)
    return model


def fit(model, batches, **options):
    return model.fit(X[: BATCH * batches], Y[: BATCH * batches], batch_size=BATCH, verbose=0, **options)


def calls(f, *args, **kwargs):
    """How many functions are called, of Python and of C."""
    seen = []

    def note(frame, event, arg):
        if event in ("call", "c_call"):
            seen.append(event)

    gc.collect()
    gc.disable()  # what other tests left would be counted when it is collected
    sys.setprofile(note)
    try:
        f(*args, **kwargs)
    finally:
        sys.setprofile(None)
        gc.enable()
    return len(seen)


def a_batch(f):
    """Calls for each further one of what `f` is given the number of."""
    f(10)  # what is looked up once, is
    few, more, most = (calls(f, count) for count in (10, 20, 40))
    assert most - more == 2 * (more - few), "not in proportion"
    return (more - few) / 10


@pytest.fixture(params=["numpy", "numba"])
def host(request):
    if request.param not in arraynet.available_backends():
        pytest.skip(f"the backend {request.param} is not installed")
    words._stream.cache_clear()  # a stream that another test has made would cost less than a new one
    with arraynet.use_backend(request.param):
        yield request.param


def test_a_batch_costs_hardly_more_than_its_step(host):
    model = net()
    step, given = model._step("train"), (X[:BATCH], Y[:BATCH], None)
    alone = a_batch(lambda count: [step(*given) for _ in range(count)])
    assert a_batch(lambda count: fit(model, count)) <= alone + 6  # the next batch, its rows, whether to stop


def test_epochs_cost_the_same_each(host):
    model = net()
    epochs = a_batch(lambda count: fit(model, 2, epochs=count))
    assert epochs == a_batch(lambda count: fit(model, 2, epochs=count))


def test_layers_cost_the_same_each():
    costs = []
    for depth in (1, 2, 4):
        step, given = net(depth)._step("train"), (X[:BATCH], Y[:BATCH], None)
        costs.append(calls(step, *given))
    assert costs[2] - costs[1] == 2 * (costs[1] - costs[0])


def test_variables_that_nobody_touches_are_not_looked_at(host):
    few, many = (a_batch(partial(fit, net(depth))) for depth in (1, 4))
    assert many - few <= 3  # a view a layer; three more layers have 18 more arrays, of weights and slots


def test_nobody_listening_costs_nothing(host):
    model = net()
    silent = a_batch(lambda count: fit(model, count))
    assert a_batch(lambda count: fit(model, count, callbacks=[callbacks.EarlyStopping("loss")])) == silent
    heard = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    assert a_batch(lambda count: fit(model, count, callbacks=[heard])) == silent + 1


def test_no_value_is_fetched_within_an_epoch(monkeypatch):
    model, fetched = net(), []
    read = loop.RunningLogs.__getitem__
    monkeypatch.setattr(loop.RunningLogs, "__getitem__", lambda self, name: fetched.append(name) or read(self, name))
    fit(model, 40, epochs=3)
    assert fetched == ["loss", "accuracy"] * 3


def test_what_a_callback_writes_into_the_logs_of_a_batch_is_for_those_behind_it_alone():
    seen = []

    class Writes(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            logs["batch"] = batch + 0.5
            logs.update(loss=-1.0)
            if not batch:
                del logs["loss"]
                logs["first"] = 1.0

    class Reads(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs.copy())

    history = fit(net(), 3, callbacks=[Writes(), Reads()])
    assert [list(logs) for logs in seen] == [
        ["loss", "accuracy", "batch", "first"],
        *[["loss", "accuracy", "batch"]] * 2,
    ]
    assert seen[0]["loss"] > 0 > seen[1]["loss"]
    assert seen[2]["batch"] == 2.5
    assert list(history.history) == ["accuracy", "loss"]
    assert history.history["loss"][0] > 0
