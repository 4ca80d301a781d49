"""jit as its users see it: the same numbers, fewer calls, and no surprise when something changes."""

import gc
import logging
import threading
import weakref

import numpy as np
import pytest

import arraynet
from arraynet import Variable, losses, ops
from arraynet.dispatch import op
from arraynet.observers import Versioned, notify
from arraynet.operands import HostScalar
from arraynet.program import jit
from arraynet.testing.cases import CASES
from arraynet.testing.tolerances import tolerance
from arraynet.tree import flatten, map_structure


@op(promote=None)
def scaled_step(xp, w, g, /, rate):
    return w - rate * g


def entered(x):
    """A leaf of a case's arguments as a Tensor, if it is an array."""
    return ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x


def other(x):
    """Another Tensor like it: a capture must not keep what it computed."""
    return entered(np.array(np.flip(x)) if isinstance(x, np.ndarray) else x)


def closeness(name, backend):
    """The same primitives give the same bits; generated loops may round differently."""
    return {"rtol": 0, "atol": 0} if backend in ("numpy", "strict") else tolerance(name, "float32")


@pytest.mark.parametrize("case", [case for case in CASES if case.jit], ids=lambda case: case.id)
def test_captured_equals_eager(case, backend):
    inputs = map_structure(entered, case.arrays("float32"))
    eager = flatten(case.function()(*inputs))
    captured = jit(case.function())
    captured(*map_structure(other, case.arrays("float32")))
    replayed = flatten(captured(*inputs))
    assert captured.captures == 1
    assert not captured.reason
    for e, r in zip(eager, replayed, strict=True):
        assert e.dtype == r.dtype
        np.testing.assert_allclose(r.numpy(), e.numpy(), **closeness(case.name, backend))


@pytest.mark.parametrize("value", [None, 3, ops.ones(2)])
def test_what_is_no_function_is_refused(value):
    with pytest.raises(TypeError, match=r"jit captures a function, received .* @jit above the function"):
        jit(value)


def linear_model():
    rng = np.random.default_rng(3)
    return [Variable(rng.normal(size=(5, 3)).astype("float32")), Variable(np.zeros(3, "float32"))]


def training_step(weights):
    def step(x, y):
        with arraynet.GradientTape() as tape:
            loss = ops.mean(ops.square(ops.softmax(x @ weights[0] + weights[1]) - y))
        for w, g in zip(weights, tape.gradient(loss, weights), strict=True):
            w.assign(scaled_step(w, g, rate=0.5))
        return loss

    return step


def batch(rows=8):
    rng = np.random.default_rng(rows)
    return rng.normal(size=(rows, 5)).astype("float32"), np.eye(3, dtype="float32")[rng.integers(0, 3, rows)]


def test_training_equals_eager(backend):
    eager, captured = linear_model(), linear_model()
    step, fast = training_step(eager), jit(training_step(captured))
    for _ in range(6):
        np.testing.assert_allclose(float(fast(*batch())), float(step(*batch())), **closeness("mean", backend))
    assert fast.captures == 1
    for a, b in zip(eager, captured, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), **closeness("mean", backend))


def test_a_step_allocates_nothing_and_writes_weights_in_place():
    fast = jit(training_step(linear_model()))
    fast(*batch())
    (entry,) = fast._entries.values()
    assert entry.run.allocations == 0
    assert entry.run.in_place == [True, True]


def test_a_program_keeps_no_array_of_the_capturing_run(backend):
    fast = jit(lambda x, unread: {"y": ops.tanh(x), "x": x})
    given = [np.ones((3, 4), "float32"), np.ones(2, "float32")]
    result = fast(*given)
    kept = [weakref.ref(array) for array in (*given, result["y"].array)]
    del given, result
    gc.collect()
    assert [ref() is None for ref in kept] == [True, True, True]


def test_a_container_is_made_anew_by_every_call():
    count = Variable(0.0)

    def step():
        count.assign_add(1.0)
        return {"values": []}

    fast = jit(step)
    for _ in range(3):
        logs = fast()
        assert logs == {"values": []}
        logs["values"].append(logs)
    assert fast.captures == 1
    assert float(count.numpy()) == 3


def test_a_partial_batch_is_a_second_program_and_no_more():
    fast = jit(training_step(linear_model()))
    for rows in (8, 8, 3, 8, 3):
        fast(*batch(rows))
    assert fast.captures == 2


@pytest.mark.parametrize("name", ["numpy", "numba"])
def test_large_variables_come_to_lie_at_a_cache_line_and_stay_there(name):
    if name not in arraynet.available_backends():
        pytest.skip(f"the backend {name} is not installed")
    with arraynet.use_backend(name):
        raw = np.zeros(4 * 5000 + 64, np.uint8)
        start = -raw.ctypes.data % 64 + 4
        w = Variable(raw[start : start + 4 * 5000].view(np.float32))
        step = jit(lambda: w.assign(w * 0.5 + 1))
        step()
        placed = set()
        for _ in range(4):
            step()
            placed.add(w._value.array.ctypes.data)
        assert len(placed) == 1
        assert placed.pop() % 64 == 0
        np.testing.assert_array_equal(w.numpy(), np.full(5000, 2 - 2**-4, np.float32))


def test_values_handed_out_survive_in_place_updates(backend):
    weights = linear_model()
    fast = jit(training_step(weights))
    fast(*batch()), fast(*batch())
    held = weights[0].value
    before = np.array(held.numpy())
    with arraynet.GradientTape(persistent=True) as tape:
        loss = ops.sum(ops.square(weights[0]))
    fast(*batch()), fast(*batch())
    np.testing.assert_array_equal(held.numpy(), before)
    np.testing.assert_allclose(tape.gradient(loss, weights[0]).numpy(), 2 * before, rtol=1e-6)
    assert not np.array_equal(weights[0].numpy(), before)


def test_outputs_alias_nothing(backend):
    v = Variable([1.0, 2.0])

    def f(x):
        v.assign(v + x)
        return v.value, x, ops.reshape(x, (2, 1)), x * 2

    fast = jit(f)
    one = [ops.array([float(k), 1.0]) for k in range(4)]
    results = [fast(x) for x in one]
    copies = [[np.array(r.numpy()) for r in out] for out in results]
    fast(ops.array([100.0, 100.0]))
    for out, copy in zip(results, copies, strict=True):
        for tensor, expected in zip(out, copy, strict=True):
            np.testing.assert_array_equal(tensor.numpy(), expected)
    np.testing.assert_array_equal([out[0].numpy()[0] for out in results], [1.0, 2.0, 4.0, 7.0])


def test_variables_swap_and_share(backend):
    a, b, c = Variable([1.0]), Variable([2.0]), Variable([0.0])

    def f():
        first, second = a.value, b.value
        a.assign(second)
        b.assign(first)
        c.assign(first)

    fast = jit(f)
    for _ in range(5):
        fast()
    assert (float(a[0]), float(b[0]), float(c[0])) == (2.0, 1.0, 1.0)


def test_asking_for_a_value_runs_eagerly_once_and_says_why(caplog):
    runs = []

    def f(x):
        runs.append(1)
        return x * 2 if float(ops.sum(x)) > 0 else x * 3

    fast = jit(f)
    with caplog.at_level(logging.INFO, "arraynet"):
        assert float(fast(ops.array(1.0))) == 2.0
        assert len(runs) == 1
        assert float(fast(ops.array(-1.0))) == -3.0
        fast(ops.ones((2, 2)))  # another signature, for the same reason
    assert len(caplog.records) == 1
    assert "value" in caplog.text


def test_a_changed_setting_is_captured_anew():
    class Scale(Versioned):
        def __init__(self):
            self.by = 2.0

        def __call__(self, x):
            notify("touched", self)
            return x * self.by

    scale = Scale()
    fast = jit(lambda x: scale(x))
    x = ops.array(1.0)
    assert float(fast(x)) == float(fast(x)) == 2.0
    scale.by = 5.0
    assert float(fast(x)) == float(fast(x)) == 5.0
    Scale().by = 7.0
    captures = fast.captures
    fast(x)
    assert fast.captures == captures, "another object's change is none of its business"


def test_trainable_is_part_of_the_signature():
    w = Variable(3.0)

    def f(x):
        with arraynet.GradientTape() as tape:
            y = w * x
        g = tape.gradient(y, w)
        return x * 0 if g is None else g

    fast = jit(f)
    x = ops.array(4.0)
    assert float(fast(x)) == float(fast(x)) == 4.0
    w.trainable = False
    assert float(fast(x)) == 0.0


def test_host_scalars_are_made_anew_at_every_replay(backend):
    w = Variable(0.0)
    rates = iter([2.0, 3.0, 4.0])

    def f(g):
        scalar = HostScalar(lambda: {"rate": next(rates)}, 1.0, "rate")
        w.assign(scaled_step(w, g, rate=scalar))

    fast = jit(f)
    for _ in range(4):
        fast(ops.array(1.0))
    assert float(w) == -10.0


def test_nested_functions_are_inlined_and_tapes_see_through():
    inner = jit(lambda x: ops.exp(x))
    outer = jit(lambda x: inner(x) + 1)
    x = ops.array(0.5)
    assert float(outer(x)) == float(outer(x))
    assert inner.captures == 0
    assert float(arraynet.grad(outer)(x)) == pytest.approx(np.exp(0.5))


def test_python_numbers_are_static_and_many_of_them_warn():
    fast = jit(lambda x, n: x * n)
    x = ops.array(1.0)
    for n in range(7):
        assert float(fast(x, n)) == n
    with pytest.warns(UserWarning, match="captured 8 times"):
        fast(x, 7)


def test_a_method_is_captured_for_each_object():
    class Scale:
        def __init__(self, by):
            self.by = by

        @jit
        def scaled(self, x):
            return self.by * x

    x = ops.array([1.0, 2.0])
    double, triple = Scale(2.0), Scale(3.0)
    for _ in range(2):
        assert [double.scaled(x).numpy().tolist(), triple.scaled(x=x).numpy().tolist()] == [[2, 4], [3, 6]]
    assert Scale.scaled.captures == double.scaled.captures == 2


def test_structures_go_in_and_out():
    fast = jit(lambda p: {"sum": p["a"] + p["b"][0], "name": "text"})
    arguments = {"a": ops.array(1.0), "b": [ops.array(2.0)]}
    fast(arguments)
    out = fast(arguments)
    assert float(out["sum"]) == 3.0
    assert out["name"] == "text"


def test_logits_cross_the_boundary():
    fast = jit(lambda x: ops.softmax(x))
    x = ops.array([[100.0, 0.0]])
    fast(x)
    y = fast(x)
    assert y.logits is not None
    np.testing.assert_array_equal(y.logits[0].numpy(), x.numpy())


def crossentropy(p, y):
    return losses.categorical_crossentropy(y, p)


def test_what_an_argument_remembers_counts(backend):
    """A probability that underflowed has a finite loss as long as it remembers its logits, captured or not."""
    y = np.array([[0.0, 1.0], [1.0, 0.0]], "float32")
    fast, first, last = jit(crossentropy), ops.array([[200.0, 0.0], [0.0, 0.0]]), ops.array([[0.0, 0.0], [0.0, 300.0]])
    for logits in (first, last, 2 * first):
        p = ops.softmax(logits)
        for given in (p, p.numpy(), ops.array(p.numpy())):
            np.testing.assert_array_equal(fast(given, y).numpy(), crossentropy(given, y).numpy())
    assert fast.captures == 3  # an array, a Tensor, and one that stays eager
    assert len(fast.programs) == 2
    assert "logits" in fast.reason


def test_what_an_argument_remembers_need_not_be_read(backend):
    fast = jit(lambda p: 2 * p)
    for k in range(3):
        p = ops.sigmoid(ops.array([0.5 * k, 1.0]))
        np.testing.assert_array_equal(fast(p).numpy(), 2 * p.numpy())
    assert fast.captures == len(fast.programs) == 1


def test_threads_share_a_program():
    fast = jit(lambda x: ops.sum(ops.exp(x) * 2))
    fast(ops.array(np.zeros(1000, "float32")))
    wrong = []

    def work(k):
        x = ops.array(np.full(1000, k, "float32"))
        expected = float(ops.sum(ops.exp(x) * 2))
        wrong.extend(1 for _ in range(200) if float(fast(x)) != expected)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_kernels_eager_turns_capture_off():
    arraynet.config.set_kernels("eager")
    fast = jit(lambda x: x + 1)
    fast(ops.array(1.0))
    assert fast.captures == 0


def test_the_same_leaves_in_another_structure_are_another_signature():
    f = jit(lambda x=1.0, y=2.0: x[0] - x[1] if isinstance(x, list) else ops.subtract(x, y))
    a, b = ops.array([5.0]), ops.array([3.0])
    for _ in range(2):
        assert f(a, b)[0] == 2 == f([a, b])[0]
        assert f(x=a)[0] == 3
        assert f(y=a, x=b)[0] == -2
        assert f(y=a)[0] == -4


def test_a_captured_function_tells_its_name_its_captures_and_why_it_is_eager():
    def halved(x):
        """Return a half."""
        return x / 2

    def careful(x):
        return x / 2 if ops.max(x) > 1 else x

    fast, slow = jit(halved), jit(careful)
    assert repr(fast) == "<jitted halved, captures: 0>"
    assert fast.__doc__ == "Return a half."
    for n in (2, 3):
        fast(np.ones(n))
        slow(np.ones(n))
    assert repr(fast) == "<jitted halved, captures: 2>"
    assert repr(slow) == f"<jitted careful, captures: 2, runs eagerly: {slow.reason}>"
    assert slow.reason
