"""A table of tasks: each sees the arrays of this call, wherever they are and however they lie, and nothing is kept."""

import gc
import weakref

import numpy as np
import pytest

import arraynet
from arraynet import layers, ops
from arraynet.program import jit
from arraynet.program.trace import Value

pytest.importorskip("arraynet_numba", reason="the plugin arraynet-numba is not installed")

import numba
from arraynet_numba.atomics import unpacked
from arraynet_numba.entries import completed, task
from arraynet_numba.tasks import Calls, Task
from arraynet_numba.team import LEAST, Team
from arraynet_numba.views import Use, flat, matrix_turned

KINDS = (("float64", 2, "A"), "float64", "int64", ("float64", 2, "C"))
MATRICES = (("float64", 2, "A"), ("float64", 2, "C"))
given, matrices = unpacked(KINDS), unpacked(MATRICES)


@numba.cfunc("int64(int64, int64, int64)")
def scaled(data, part, parts):
    x, factor, shift, y = given(data)
    for i in range(x.shape[0] * part // parts, x.shape[0] * (part + 1) // parts):
        for j in range(x.shape[1]):
            y[i, j] = factor * x[i, j] + shift
    return 1


@numba.cfunc("int64(int64, int64, int64)")
def added(data, part, parts):
    x, partial = matrices(data)
    partial[part] = 0
    for i in range(x.shape[0] * part // parts, x.shape[0] * (part + 1) // parts):
        for j in range(x.shape[1]):
            partial[part, j] += x[i, j]
    return 1


@pytest.fixture(params=[1, 2])
def team(request):
    team = Team(request.param)
    yield team
    team.stop()


def values(*examples):
    return [Value(k, x, host=isinstance(x, float)) for k, x in enumerate(examples)]


def calls(team, x, y, view=np.asarray, kept=()):
    """One that writes ``2 x + 3`` into y, as the first of three Values is seen."""
    v = values(x, 1.0, y)
    only = Task(scaled.address, KINDS, [Use(v[0], view), Use(v[1]), 3, Use(v[2])], LEAST)
    return Calls([only], v, set(kept), team)


def test_each_call_sees_its_own_arrays_and_numbers(team):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 5, 4))
    run = calls(team, x, y)
    for factor in (2, 0.5, np.float32(4)):
        for array in (x, x.copy(), np.asfortranarray(x), rng.normal(size=(10, 8))[::2, ::2], x):
            y = np.full_like(y, np.nan)
            run(array, factor, y)
            np.testing.assert_array_equal(y, factor * array + 3)


def test_an_array_may_be_seen_turned(team):
    x, y = np.arange(12.0).reshape(3, 4), np.zeros((4, 3))
    run = calls(team, x, y, matrix_turned)
    run(x, 1.0, y)
    np.testing.assert_array_equal(y, x.T + 3)


def test_what_stays_where_it_is_is_bound(team):
    x, y = np.ones((2, 3)), np.zeros((2, 3))
    run = calls(team, x, y).bind([None, None, y])
    run(x, 5.0)
    run(2 * x, 5.0)
    np.testing.assert_array_equal(y, 2 * 5 + 3)


@pytest.mark.parametrize("x", [np.ones((2, 3), "float32"), np.ones(6), np.ones((2, 3, 1))], ids=str)
def test_another_kind_of_array_is_refused(team, x):
    y = np.zeros((2, 3))
    with pytest.raises(TypeError, match="A loop was compiled for"):
        calls(team, np.ones((2, 3)), y)(x, 1.0, y)
    np.testing.assert_array_equal(y, 0)


def test_another_memory_order_is_refused_where_it_matters(team):
    x, y = np.ones((2, 3)), np.zeros((2, 3), order="F")
    with pytest.raises(TypeError, match="strides"):
        calls(team, x, y)(x, 1.0, y)


def test_only_variables_are_kept(team):
    x, y = np.ones((2, 3)), np.zeros((2, 3))
    run = calls(team, x, y, kept=[2])
    run(x, 1.0, y)
    passed, kept = weakref.ref(x), weakref.ref(y)
    del x, y
    gc.collect()
    assert passed() is None
    assert kept() is not None


@pytest.mark.parametrize("rows", [3, 5000])
def test_totals_are_completed_with_what_each_part_has_left(team, rows):
    """The parts of a task are 1 where it is small, and what others would have left was never written."""
    x, y = np.ones((rows, 2)), np.zeros((1, 2))
    partial, total = np.full((2, 2), 7.0), Value(2, y)
    v = values(x, partial)
    adding = Task(added.address, MATRICES, [Use(v[0]), Use(v[1])], x.size)
    Calls([adding, completed(v[1], total)], [*v, total], set(), team)(x, partial, y)
    np.testing.assert_array_equal(y, rows)


def test_a_transpose_is_whole_however_many_write_it(team):
    x, y = np.random.default_rng(0).normal(size=(130, 70)), np.zeros((70, 130))
    v = values(x, y)
    Calls([task("transpose", x.dtype, [Use(v[0]), Use(v[1])], x.size)], v, set(), team)(x, y)
    np.testing.assert_array_equal(y, x.T)


def test_training_keeps_no_batch():
    """What `fit` was given can go when it has returned."""
    rng = np.random.default_rng(0)
    with arraynet.use_backend("numba"):
        model = arraynet.Sequential([layers.Dense(5, activation="relu"), layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        x, y = rng.normal(size=(32, 6)).astype("float32"), rng.integers(0, 3, 32)
        for _ in range(4):  # slots are made, the step is captured, and replayed
            model.train_on_batch(x, y)
        assert model._step("train").programs
        seen = weakref.ref(x)
        del x
        gc.collect()
        assert seen() is None


def test_what_a_replay_made_can_go():
    def f(x):
        sums = ops.cumsum(x, axis=0)  # which is no loop
        return sums, ops.sum(ops.exp(sums) * 2 + 1)

    with arraynet.use_backend("numba"):
        fast = jit(f)
        for _ in range(3):
            sums, _ = fast(np.ones((5, 4), "float32"))
        assert "group" in str(fast.programs[0].pretty())
        seen = weakref.ref(sums.array)
        del sums
        gc.collect()
        assert seen() is None


def test_each_use_of_an_array_and_of_a_number_sees_it(team):
    x, y, z = np.arange(6.0).reshape(2, 3), np.zeros((2, 3)), np.zeros((2, 3))
    v = values(x, 1.0, y, z)
    both = [Task(scaled.address, KINDS, [Use(v[0]), Use(v[1]), k, Use(v[2 + k])], LEAST) for k in range(2)]
    run = Calls(both, v, set(), team)
    for array, factor in ((x, 2.0), (3 * x, 2.0), (x, 5.0)):
        run(array, factor, y, z)
        np.testing.assert_array_equal(y, factor * array)
        np.testing.assert_array_equal(z, factor * array + 1)


def test_a_refusal_leaves_no_address_behind(team):
    x, y, z = np.arange(6.0).reshape(2, 3), np.zeros((2, 3)), np.zeros((2, 3))
    v = values(x, 1.0, y, z)
    loops = [
        Task(scaled.address, KINDS, [Use(v[2]), Use(v[1]), 0, Use(v[3])], LEAST),
        Task(scaled.address, KINDS, [Use(v[0]), Use(v[1]), 0, Use(v[2])], LEAST),
    ]
    run = Calls(loops, v, {2}, team)
    run(x, 2.0, y, z)
    with pytest.raises(TypeError, match="strides"):
        run(x, 2.0, np.full((2, 3), 9.0, order="F"), z)
    run(x, 2.0, y, z)
    np.testing.assert_array_equal(y, 2 * x)
    np.testing.assert_array_equal(z, 4 * x)


def test_another_byte_order_and_gaps_are_refused(team):
    x, y = np.ones((2, 3)), np.zeros((2, 3))
    with pytest.raises(TypeError, match="A loop was compiled for"):
        calls(team, x, y)(x.astype(">f8"), 1.0, y)
    with pytest.raises(ValueError, match="copy"):
        flat(np.zeros((4, 6))[:, :3])
