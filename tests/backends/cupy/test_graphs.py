"""A program that is replayed often becomes one launch, and nobody can tell by the numbers."""

import gc
import logging
import threading

import numpy as np
import pytest
from support.gpu import runner

import arraynet
from arraynet import Variable, layers, ops
from arraynet.optimizers import schedules
from arraynet.program import jit

pytest.importorskip("arraynet_cupy", reason="the plugin arraynet-cupy is not installed")


def classifier(optimizer, *between):
    arraynet.utils.set_random_seed(3)
    model = arraynet.Sequential([layers.Dense(16, activation="relu"), *between, layers.Dense(4, activation="softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def data():
    x = np.random.default_rng(0).normal(size=(96, 9)).astype("float32")
    return x, x[:, :4].argmax(1)


def trained(make, epochs=3):
    """The weights, the history, and the runner of the training step."""
    model = make()
    history = model.fit(*data(), batch_size=16, epochs=epochs, verbose=0).history
    return [*model.get_weights(), *map(np.asarray, history.values())], runner(model._step("train"))


def decaying(rate):
    return schedules.ExponentialDecay(rate, 2, 0.9)


MAKE = {
    "sgd": lambda: classifier(arraynet.optimizers.SGD(0.1)),
    "rmsprop": lambda: classifier("rmsprop"),
    "adam": lambda: classifier("adam"),
    "schedule": lambda: classifier(arraynet.optimizers.Adam(decaying(0.01))),
    "momentum": lambda: classifier(arraynet.optimizers.SGD(decaying(0.1), momentum=0.9, nesterov=True)),
    "bounded": lambda: classifier(arraynet.optimizers.Ftrl(0.1, clipvalue=0.01)),
    "clipped": lambda: classifier(arraynet.optimizers.Adam(global_clipnorm=0.1)),
    "dropout": lambda: classifier("adam", layers.Dropout(0.3), layers.GaussianNoise(0.1)),
    "normalised": lambda: classifier("adam", layers.BatchNormalization(), layers.LayerNormalization()),
}


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_a_training_is_the_same_bits(graphs, monkeypatch, make):
    found, run = trained(make)
    monkeypatch.setattr(graphs, "OFTEN", 1 << 30)
    expected, other = trained(make)
    assert (other.recordings, run.recordings, run.reason) == (0, 1, "")
    for a, e in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, e)


def test_a_step_launches_once(counter):
    step, v, run = counter
    before, n = run._graph.launches, v.numpy()[0, 0]
    for k in range(4):
        np.testing.assert_array_equal(step().numpy(), np.full(3, 5 * (n + k + 1)))
    assert run._graph.launches == before + 4
    assert run.recordings == 1


def test_a_loop_that_reads_its_logs_is_recorded(graphs):
    model, (x, y) = classifier("adam"), data()
    for _ in range(12):
        logs = model.train_on_batch(x, y, return_dict=True)
    run = runner(model._step("train"))
    assert run.recordings == 1
    assert run._graph.launches == 12 - 2 - graphs.OFTEN
    twin = classifier("adam")
    twin.fit(x, y, batch_size=96, epochs=12, shuffle=False, verbose=0)
    np.testing.assert_allclose(logs["loss"], twin.history.history["loss"][-1], rtol=1e-6)


def test_variables_that_change_places(graphs):
    v, w = Variable(np.full(300, 1.0)), Variable(np.full(300, 2.0))

    @jit
    def swap(x):
        a, b = v.value, w.value
        v.assign(b)
        w.assign(a)
        return ops.sum(ops.softmax(x)) + ops.sum(ops.exp(x) * ops.sum(x))

    x = ops.zeros((4, 4))
    for k in range(12):
        assert (v.numpy()[-1], w.numpy()[-1]) == ((1, 2) if k % 2 == 0 else (2, 1)), k
        swap(x)
    assert runner(swap).recordings == 1


def test_what_is_assigned_is_not_lost_where_it_is_the_callers_or_a_constant(graphs):
    v, w = Variable(np.zeros(4, "float32")), Variable(np.ones(4, "float32"))

    @jit
    def keep(x):
        v.assign(x)
        w.assign(np.zeros(4, "float32"))
        return ops.sum(ops.softmax(x) * ops.exp(x) + ops.sum(x), axis=0)

    a, b = ops.ones((4,)), ops.zeros((4,)) + 2
    for k, x in enumerate([a, a, a, b, b, a, b, a, a, a, b]):
        keep(x)
        assert (v.numpy()[0], w.numpy()[0]) == (float(x[0]), 0), k
        if k == 8:
            w.assign(np.full(4, 5.0))
    assert (a.numpy()[0], b.numpy()[0]) == (1, 2)


@pytest.mark.parametrize("join", [ops.stack, ops.concatenate])
def test_joins_of_many_arrays_are_not_recorded(graphs, join):
    f = jit(lambda x: ops.sum(join([ops.softmax(x) * k for k in range(9)])) + ops.sum(ops.matmul(x, x)))
    for _ in range(2 * graphs.OFTEN):
        f(ops.ones((3, 3)))
    assert runner(f).recordings == 0
    assert "read memory of the host" in runner(f).reason


def test_numbers_are_written_by_their_bits_and_again_after_an_interrupt(cupy, graphs, monkeypatch):
    from arraynet_cupy import copies

    numbers = copies.Numbers(["float64", "int64"], [0.0, 3])
    for pair in ([-0.0, 3], [float("nan"), 3], [2.5, -(2**40)], [float("inf"), 2**62]):
        numbers.write(pair)
        found = [x.get() for x in numbers.arrays]
        np.testing.assert_array_equal(found, [np.float64(pair[0]), np.int64(pair[1])])
        assert np.signbit(found[0]) == np.signbit(pair[0])
    with monkeypatch.context() as patch:
        patch.setattr(copies, "_writing", lambda count: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            numbers.write([7.0, 7])
    numbers.write([7.0, 7])
    assert [x.get() for x in numbers.arrays] == [7, 7]


def test_a_step_that_fails_leaves_variables_as_they_were(cupy, counter, monkeypatch):
    step, v, _ = counter
    before = v.numpy()

    def full(*args, **kwargs):
        raise cupy.cuda.memory.OutOfMemoryError(1, 1, 1)

    with monkeypatch.context() as patch:
        patch.setattr(cupy, "empty_like", full)
        with pytest.raises(MemoryError, match="out of memory"):
            step()
    np.testing.assert_array_equal(v.numpy(), before)
    assert step().numpy()[0] == 5 * (before[0, 0] + 1)


def test_inputs_may_lie_in_memory_as_they_like(graphs):
    f = jit(lambda x: ops.sum(ops.softmax(ops.matmul(x, x)) * ops.exp(x) + ops.sum(x), axis=0))
    base = np.random.default_rng(0).normal(size=(8, 8)).astype("float32")
    for _ in range(2 * graphs.OFTEN):
        f(ops.array(base[:4, :4].copy()))
    assert runner(f).recordings == 1
    whole = ops.array(base)
    for view in (lambda x: x[:4, :4], lambda x: x[::2, ::2], lambda x: x[:4, :4].T, lambda x: x[3::-1, 3::-1]):
        with arraynet.use_backend("numpy"):
            expected = f(ops.array(view(base).copy())).numpy()
        found = f(arraynet.Tensor(view(whole.array), whole.backend)).numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_variables_by_columns(graphs):
    v = Variable(ops.transpose(ops.array(np.arange(6.0).reshape(3, 2))))
    step = jit(lambda x: v.assign(v.value * 2 + ops.sum(ops.softmax(x) * ops.exp(x) + ops.sum(x)) * 0) * 1)
    for k in range(1, 12):
        step(ops.zeros((2, 2)))
        np.testing.assert_array_equal(v.numpy(), 2.0**k * np.arange(6.0).reshape(3, 2).T)


def test_graphs_count_as_memory_that_is_used(cupy, counter, graphs):
    _, _, run = counter
    assert run._graph in graphs.GRAPHS
    pool = cupy.get_default_memory_pool()
    info = arraynet.plugins.load("cupy").memory_info()
    assert info["used"] - pool.used_bytes() == sum(g.pool.total_bytes() for g in graphs.GRAPHS) > 0


def test_what_would_keep_much_memory_is_not_recorded(graphs, monkeypatch):
    monkeypatch.setattr(graphs, "LARGE", 1 << 10)
    f = jit(lambda x: ops.sum(ops.softmax(ops.matmul(x, x)) * ops.exp(x) + ops.sum(x), axis=0))
    for _ in range(2 * graphs.OFTEN):
        f(ops.ones((32, 32)))
    assert "would keep" in runner(f).reason


def test_metrics_that_are_reset_do_not_make_it_stale(graphs):
    _, run = trained(MAKE["adam"], epochs=6)
    assert run.recordings == 1
    assert run._graph.launches == 6 * 6 - 2 - graphs.OFTEN  # one makes slots, one is captured


def test_evaluating_between_does_not_either(graphs):
    model = classifier("adam")
    x, y = data()
    model.fit(x, y, batch_size=16, epochs=4, validation_data=(x, y), verbose=0)
    assert runner(model._step("train")).recordings == 2  # the weights were read while evaluation was captured
    expected = [model.evaluate(x, y, batch_size=16, verbose=0), model.predict(x, batch_size=16, verbose=0)]
    assert runner(model._step("test")).recordings <= 2  # and then they lay elsewhere
    assert runner(model._step("predict")).recordings == 1
    twin = classifier("adam")
    twin.build((None, 9))
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin.predict(x, batch_size=96, verbose=0).argmax(1), expected[1].argmax(1))
    np.testing.assert_allclose(twin.evaluate(x, y, batch_size=96, verbose=0), expected[0], rtol=1e-5)


def test_a_learning_rate_that_is_set_has_its_effect(graphs):
    model = classifier(arraynet.optimizers.SGD(0.1))
    model.fit(*data(), batch_size=16, epochs=2, verbose=0)
    before = model.get_weights()
    model.optimizer.learning_rate = 0.0
    model.fit(*data(), batch_size=16, epochs=2, verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


class Steps(arraynet.optimizers.SGD):
    """A rate that is an int at first."""

    def step_scalars(self, iteration):
        return {"learning_rate": 1 if iteration < 3 else 0.5}


@pytest.mark.parametrize("often", [3, 1 << 30])
def test_a_number_may_be_an_int_when_it_is_captured_and_a_float_later(graphs, monkeypatch, often):
    monkeypatch.setattr(graphs, "OFTEN", often)
    w, optimizer = Variable(np.zeros((4, 4), "float32")), Steps(0.1)

    @jit
    def step(x):
        g = ops.matmul(x, x) * ops.softmax(x) + ops.sum(ops.exp(x), axis=0)
        optimizer.apply([g * 0 + 1], [w])

    for k in range(1, 10):
        step(ops.ones((4, 4)))
        assert w.numpy()[0, 0] == -min(k, 3) - 0.5 * max(k - 3, 0)


def test_several_threads(counter, graphs):
    f = jit(lambda x: ops.sum(ops.softmax(ops.matmul(x, x)) * ops.exp(x) + ops.sum(x), axis=0))
    inputs = [ops.array(np.full((4, 4), k / 8, "float32")) for k in range(4)]
    expected = [f(x).numpy() for x in inputs]
    wrong = []

    def work(x, e):
        with arraynet.use_backend("cupy"):
            wrong.extend(k for k in range(20) if not np.array_equal(f(x).numpy(), e))

    threads = [threading.Thread(target=work, args=pair) for pair in zip(inputs, expected, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert runner(f).recordings == 1


def test_another_stream_is_served_kernel_by_kernel(cupy, counter):
    step, v, run = counter
    n, stream = v.numpy()[0, 0], cupy.cuda.Stream()
    for k in range(1, 10, 3):  # at first a Variable's array is new, later nobody has touched it
        for _ in range(2):
            step()
        cupy.cuda.get_current_stream().synchronize()
        with stream:
            assert step().numpy()[0] == 5 * (n + k + 2)
        stream.synchronize()
    assert step().numpy()[0] == 5 * (n + 10)
    assert run.recordings <= 2


@pytest.mark.parametrize(
    ("f", "why", "logged"),
    [
        (lambda x: ops.matmul(x, x) + ops.cumsum(ops.exp(x), axis=0), "may wait for the device", 1),
        (lambda x: x + 1, "it has few kernels", 0),
    ],
)
def test_what_is_not_recorded_says_why(graphs, caplog, f, why, logged):
    f, x = jit(f), ops.ones((3, 3))
    with caplog.at_level(logging.INFO, "arraynet"):
        for _ in range(3 * graphs.OFTEN):
            f(x)
    assert runner(f).recordings == 0
    assert why in runner(f).reason
    assert len(caplog.records) == logged


def test_large_arrays_are_not(counter, graphs, monkeypatch):
    step, v, run = counter
    held = v.value
    monkeypatch.setattr(graphs, "SMALL", held.size * 4)
    for _ in range(3 * graphs.OFTEN):
        step()
    assert run.recordings == 1


def test_what_cannot_be_recorded_after_all_goes_on_and_is_logged_once(graphs, monkeypatch, caplog):
    def refuse(stream, body):
        body()
        raise graphs.UnrecordableError("no")

    monkeypatch.setattr(graphs, "record", refuse)
    v = Variable(0.0)
    f = jit(lambda x: ops.sum(ops.softmax(ops.matmul(x, x)) * ops.exp(x) + ops.sum(x)) * 0 + v.assign_add(1.0))
    with caplog.at_level(logging.INFO, "arraynet"):
        for k in range(3 * graphs.OFTEN):
            assert float(f(ops.ones((3, 3)))) == k + 1
    assert [r.getMessage() for r in caplog.records] == [
        "A program is launched kernel by kernel: UnrecordableError: no."
    ]


def test_memory_goes_with_the_function(cupy, graphs):
    def use():
        f = jit(lambda x: ops.sum(ops.softmax(ops.matmul(x, x)) * ops.exp(x) + ops.sum(x), axis=0))
        x = ops.ones((64, 64))
        for _ in range(2 * graphs.OFTEN):
            f(x)
        assert runner(f).recordings == 1
        assert runner(f)._graph.pool.used_bytes() > 0
        return runner(f)._graph.pool

    pool = use()  # while it was in use it held something
    gc.collect()
    assert pool.used_bytes() == 0
