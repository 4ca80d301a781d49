"""What a capture has to keep apart: views, callers' arrays, orders in memory. Each of these programs was wrong once."""

import pickle
from collections import Counter, defaultdict
from copy import copy, deepcopy
from dataclasses import dataclass
from threading import Thread

import numpy as np
import pytest

import arraynet
from arraynet import Variable, layers, ops, tree
from arraynet.dispatch import op
from arraynet.program import jit

X = np.arange(1, 17, dtype="float32").reshape(4, 4)


@pytest.fixture(params=["numpy", "numba"])
def host(request):
    with arraynet.use_backend(request.param):
        yield request.param


@pytest.mark.parametrize("turn", [lambda x: ops.flip(x * 2, axis=0), lambda x: ops.unstack(x * 2)[0]])
def test_outputs_that_numpy_makes_as_views_survive(turn, host):
    f = jit(turn)
    f(X)
    held = f(X)
    copy = np.array(held)
    f(X + 1)
    np.testing.assert_array_equal(held.numpy(), copy)


def test_a_buffer_lives_as_long_as_a_flipped_view_of_it(host):
    def f(x):
        y = ops.flip(x * 2, axis=0)
        return ops.exp(-x) * 3 + ops.sin(x) * ops.cos(x) - y

    g = jit(f)
    g(X)
    np.testing.assert_allclose(g(X).numpy(), f(X).numpy(), rtol=1e-5)


def test_an_update_in_place_beside_a_flip_of_the_old_value():
    w, v = (Variable(np.random.default_rng(0).normal(size=(600, 600)).astype("float32")) for _ in range(2))

    def step(w):
        return lambda x: w.assign(ops.exp(w * 0.1) * 0.5 + ops.flip(w, axis=0) * x - w * 0.3)

    x = np.ones((600, 600), "float32")
    fast, slow = jit(step(w)), step(v)
    for _ in range(3):
        fast(x), slow(x)
    np.testing.assert_array_equal(w.numpy(), v.numpy())


def test_other_layouts_at_a_replay(host):
    def f(x):
        return ops.exp(-x) * 2 + x, ops.sum(ops.exp(-x) * x, axis=0)

    g = jit(f)
    t = ops.array(X)
    for x in (
        t,
        ops.transpose(t),
        ops.broadcast_to(t[:1], (4, 4)),
        ops.array(np.repeat(X, 2, 1))[:, ::2],
        X.T,
        X[:, ::-1],
    ):
        for a, b in zip(g(x), f(x), strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5)


def test_an_array_in_another_order_has_the_same_bits_under_a_tape_and_as_a_tensor(backend):
    x = np.asfortranarray(np.random.default_rng(0).normal(size=(300, 70)), "float32")
    fast, total = jit(lambda x: ops.sum(x, axis=0)), ops.sum(x, axis=0).numpy()
    with arraynet.GradientTape():
        taped = fast(x), ops.sum(x, axis=0)
    for same in (*taped, ops.sum(ops.array(x), axis=0)):
        np.testing.assert_array_equal(same.numpy(), total)


def test_predicting_arrays_in_another_order(host):
    model = arraynet.Sequential([layers.Rescaling(2.0), layers.LayerNormalization(), layers.Dense(3)])
    x = np.random.default_rng(0).normal(size=(20, 6)).astype("float32")
    y = model.predict(x, verbose=0)
    for same in (np.asfortranarray(x), np.repeat(x, 2, 1)[:, ::2], x[:, ::-1][:, ::-1]):
        np.testing.assert_allclose(model.predict(same, verbose=0), y, rtol=1e-4, atol=1e-5)


def test_a_variable_made_within_starts_anew(host):
    def f(x):
        total = Variable(0.0)
        for _ in range(2):
            total.assign_add(x)
        return total.value

    g = jit(f)
    assert [float(g(ops.array(1.0))) for _ in range(3)] == [2.0, 2.0, 2.0]


def test_a_step_that_raises_leaves_what_eager_mode_leaves(host):
    w = Variable(1.0)

    def f(x):
        new = w * 2.0
        y = ops.cholesky(x)
        w.assign(new)
        return y

    g = jit(f)
    g(np.eye(2, dtype="float32"))
    g(np.eye(2, dtype="float32"))
    with pytest.raises(ValueError, match="cholesky"):
        g(-np.eye(2, dtype="float32"))
    assert float(w) == 4.0


@op
def own_transposed(xp, x, /):
    return x.T * 2


@op
def own_positive(xp, x, /):
    return +x


@op
def own_sum(xp, x, /):
    return xp.exp(-x) - xp.sum(x, 0)


@op
def own_device(xp, x, /):
    return xp.zeros(x.shape, dtype=x.dtype, device=x.device) + x


@op
def own_keyword(xp, x, /):
    return xp.clip(x, min=None, max=xp.mean(x))


@op
def own_table(xp, x, /):
    return X


@pytest.mark.parametrize("own", [own_transposed, own_positive, own_sum, own_device, own_keyword, own_table])
def test_ops_of_ones_own_are_captured_or_stay_eager(own, host):
    g = jit(lambda x: own(x))
    g(X + 1)
    np.testing.assert_allclose(g(X).numpy(), own(X).numpy(), rtol=1e-5)


def test_a_variable_that_was_given_an_array_in_another_order(host):
    w = Variable(X)
    f = jit(lambda x: ops.exp(-x) * w + ops.sum(w, axis=0))
    for value in (X, X.T, np.asfortranarray(X), X):
        w.assign(ops.transpose(ops.transpose(value)) if value is X else ops.transpose(ops.array(value.T)))
        for _ in range(2):
            np.testing.assert_allclose(f(X).numpy(), np.exp(-X) * value + value.sum(0), rtol=1e-5)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3)], ids=str)
def test_old_values_that_are_read_behind_their_update(shape, host):
    w, v = Variable(np.full(shape, 2, "float32")), Variable(np.full(shape, 5, "float32"))

    def f(x):
        old = w.value
        w.assign(old * 3.0 + x)
        v.assign(v * 0.9 + old * 0.1)
        return old * x - 1.0

    g, x, one, other = jit(f), np.full(shape, 0.5, "float32"), 2.0, 5.0
    for _ in range(4):
        np.testing.assert_allclose(g(ops.array(x)).numpy(), np.full(shape, one * 0.5 - 1), rtol=1e-6)
        one, other = one * 3 + 0.5, other * 0.9 + one * 0.1
        np.testing.assert_allclose([w.numpy(), v.numpy()], [np.full(shape, one), np.full(shape, other)], rtol=1e-6)


def test_one_tensor_in_several_roles_at_the_capture(host):
    t, u = ops.array(np.ones(4, "float32")), ops.array(np.full(4, 5, "float32"))
    w = Variable(t)
    twice, closed, variable = jit(lambda x, y: x - y), jit(lambda x: x - t), jit(lambda x: x - w)
    for _ in range(2):
        for x in (t, u):
            np.testing.assert_array_equal(twice(t, x).numpy(), (t - x).numpy())
            np.testing.assert_array_equal(closed(x).numpy(), (x - t).numpy())
            np.testing.assert_array_equal(variable(w.value if x is t else x).numpy(), (x - t).numpy())


def test_updates_lie_in_memory_as_eager_mode_lays_them():
    first = np.random.default_rng(0).normal(size=(65, 65)).astype("float32")
    found = []
    with arraynet.use_backend("numpy"):
        for captured in (True, False):
            w = Variable(first)
            w.assign(ops.transpose(w.value))

            def f(x, w=w):
                w.assign(ops.sin(w) * x)
                return ops.sum(w.value), ops.mean(w.value, axis=0)

            g = jit(f) if captured else f
            found.append([np.array(y) for _ in range(5) for y in g(ops.array(1.1))])
    for replayed, eager in zip(*found, strict=True):
        np.testing.assert_array_equal(replayed, eager)


def test_captures_for_ever_new_objects_are_warned_of():
    f = jit(lambda x, s: s(x))
    for _ in range(7):
        f(ops.array(1.0), lambda v: v)
    with pytest.warns(UserWarning, match="captured 8 times.*object"):
        f(ops.array(1.0), lambda v: v)


def test_what_a_captured_call_assigns_is_no_array_of_the_caller():
    v, x = Variable(np.zeros(3, "float32")), np.ones(3, "float32")
    fast = jit(lambda x: v.assign(x))
    for value in (1.0, 2.0):  # the call that captures, and one that replays
        x[:] = value
        fast(x)
        x[:] = 7
        np.testing.assert_array_equal(v.numpy(), np.full(3, value, "float32"))


@pytest.mark.parametrize("turn", [lambda x: x, ops.transpose, lambda x: [ops.reshape(x, (9,)), x[::-1]]])
def test_what_a_captured_call_returns_or_assigns_is_no_view_of_the_callers_array(turn, backend):
    v, x = Variable(np.zeros((3, 3), "float32")), np.zeros((3, 3), "float32")
    fast = jit(lambda x: (turn(x), v.assign(x[::-1])))
    for _ in range(3):  # the call that captures, and two that replay
        x[:] = 1
        made = tree.flatten(fast(x))
        x[:] = 7
        assert all((t.numpy() == 1).all() for t in [*made, v])


class Mapped(np.ndarray):
    pass


def test_what_a_captured_call_returns_or_assigns_is_no_view_of_a_memory_map(backend):
    v, x = Variable(np.zeros((3, 3), "float32")), np.zeros((3, 3), "float32").view(Mapped)
    fast = jit(lambda x: (ops.transpose(x), v.assign(x)))
    for _ in range(3):
        x[:] = 1
        made, _ = fast(x)
        x[:] = 7
        assert all((t.numpy() == 1).all() for t in (made, v))


def test_logits_that_a_captured_softmax_remembers_are_no_array_of_the_caller(backend):
    x, fast = np.array([[1, 2, 30]], "float32"), jit(ops.softmax)
    losses = []
    for _ in range(3):
        x[:] = [[1, 2, 30]]
        probabilities = fast(x)
        x[:] = 0
        losses.append(ops.categorical_crossentropy([[1.0, 0.0, 0.0]], probabilities).item())
    assert losses == [29.0] * 3


def test_a_variable_that_is_returned_is_the_variable(backend):
    v = Variable([1.0, 2.0])
    fast = jit(lambda x: {"v": v, "y": x * 2})
    for _ in range(3):
        assert fast(X)["v"] is v


def test_a_function_is_given_tensors_whether_it_is_captured_or_not(backend):
    fast = jit(lambda x, y: (ops.add(x, y), float(x.numpy().sum()) if asking else 0.0))
    x, y = np.ones(3, "float64"), ops.ones((3,), "float32")
    for asking in (False, True):  # captured, and eager from the first call on
        fast = jit(fast.function)
        with arraynet.GradientTape():
            taped = fast(x, y)
        results = [taped, *(fast(x, y) for _ in range(3))]
        assert {(str(total.dtype), asked) for total, asked in results} == {("float64", 3.0 * asking)}


def test_what_runs_eagerly_keeps_no_array_of_the_caller(backend):
    v, x = Variable(np.zeros(3, "float32")), np.zeros(3, "float32")
    fast = jit(lambda x: (x, v.assign(x), float(v[0])))
    for _ in range(3):
        x[:] = 1
        made, *_ = fast(x)
        x[:] = 7
        assert made.numpy().tolist() == v.numpy().tolist() == [1, 1, 1]


@pytest.mark.parametrize("asking", [False, True])
def test_what_is_kept_of_an_argument_at_the_capture_stays(asking, backend):
    kept, x = [], np.zeros((2, 3), "float32")
    fast = jit(lambda x: kept.extend([x, x.T, asking and float(x[0, 0]), x[:, 1]]))
    fast(x)
    x[:] = 7
    assert not any(np.any(t) for t in kept)


def test_what_is_kept_of_an_argument_stays_though_the_capture_fails(backend):
    kept, x = [], np.zeros((2, 3), "float32")
    with pytest.raises(IndexError):
        jit(lambda x: (kept.extend([x, x.T]), kept[2]))(x)
    x[:] = 1.0
    assert not any(np.any(t) for t in kept)


def test_a_masked_array_is_refused_by_every_call():
    fast = jit(lambda x: x * 2)
    fast(X), fast(X)
    with pytest.raises(TypeError, match="masked"):
        fast(np.ma.masked_array(X, X > 2))


class Holder:
    def __init__(self, held):
        self.held = held


@dataclass(slots=True)
class State:
    held: object


@pytest.mark.parametrize("kind", [Holder, State])
def test_a_tensor_within_an_object_is_computed_anew(kind):
    fast = jit(lambda x: (kind(x * 2), frozenset([x * 3])))
    for k in range(3):
        state, (tripled,) = fast(X + k)
        np.testing.assert_array_equal(state.held.numpy(), (X + k) * 2)
        np.testing.assert_array_equal(tripled.numpy(), (X + k) * 3)
    assert "Tensor within an object" in fast.reason


def test_dicts_of_every_class_go_in_and_out():
    fast = jit(lambda given: defaultdict(list, double=given["x"] * 2))
    for _ in range(3):
        made = fast(defaultdict(int, x=X))
        assert made["none"] == []
        np.testing.assert_array_equal(made["double"].numpy(), X * 2)
    counting = jit(lambda given, x: (Counter(given), x + given["a"]))
    for _ in range(3):
        counts, added = counting(Counter(a=2, b=1), X)
        assert counts == Counter(a=2, b=1)
        np.testing.assert_array_equal(added.numpy(), X + 2)


@pytest.mark.parametrize("copied", [copy, deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_a_copy_waits_for_the_step_that_another_thread_runs(copied):
    v, made = Variable(np.zeros(3, "float32")), []
    step = jit(lambda: v.assign(v + 1.0) is None)
    step(), step()
    thread = Thread(target=lambda: made.append(copied(v)))
    with step._lock:  # as a step holds it
        thread.start()
        thread.join(0.1)
        assert not made
    thread.join()
    step()
    assert (made[0].numpy()[0], v.numpy()[0]) == (2, 3)


def test_a_captured_function_can_be_copied():
    fast = jit(ops.exp)
    fast(ops.array(0.0)), fast(ops.array(0.0))
    for other in (deepcopy(fast), pickle.loads(pickle.dumps(fast))):
        assert (float(other(ops.array(0.0))), other.captures) == (1.0, 1)


class Squares:
    @jit
    def of(self, x):
        return x * x


@jit
def squared(x):
    return x * x


@pytest.mark.parametrize("decorated", [squared, Squares.of])
def test_a_decorated_function_goes_to_other_processes_by_its_name(decorated):
    assert pickle.loads(pickle.dumps(decorated)) is decorated
