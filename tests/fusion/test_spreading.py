"""What is broadcast is read where it lies: the numbers stay, and no view with strides of 0 splits a loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import arraynet
from arraynet import layers, ops
from arraynet.fusion import ROW_REDUCTIONS, spread
from arraynet.program import HostProgram, jit
from arraynet.program.host import UFUNCS

ELEMENTWISE = {*UFUNCS, "astype", "where"} - {"matmul"}
RNG = np.random.default_rng(0)
X, ROW, COLUMN = (RNG.normal(size=shape).astype("float32") for shape in [(4, 3), (3,), (4, 1)])


def replayed(f, *args):
    """A program of `f` after the pass, and its numbers beside those of eager mode."""
    with arraynet.use_backend("numpy"):
        fast = jit(f)
        fast(*args)
        (entry,) = fast._entries.values()
        program, expected = entry.program, f(*(ops.array(a) for a in args)).numpy()
        spread(program, ELEMENTWISE | ROW_REDUCTIONS)
        (found,), _ = HostProgram(program)(args, [], [], [])
        return program.primitives(), found, expected


@pytest.mark.parametrize(
    ("f", "args", "left"),
    [
        (lambda x, r: ops.broadcast_to(r, (4, 3)) * x, (X, ROW), {"multiply": 1}),
        (lambda x, r: (2 * ops.broadcast_to(r, (4, 3)) + 1) * x, (X, ROW), {"multiply": 2, "add": 1}),
        (lambda x, r: x - ops.expand_dims(r, 0), (X, ROW), {"subtract": 1}),
        (lambda x, r: x - ops.reshape(r, (1, 3)) / 2, (X, ROW), {"subtract": 1, "divide": 1}),
        (lambda x, c: x * ops.broadcast_to(c, (4, 3)), (X, COLUMN), {"multiply": 1}),
        (lambda x, c: ops.where(x > 0, ops.broadcast_to(c, (4, 3)), x), (X, COLUMN), {"greater": 1, "where": 1}),
        (lambda r, c: ops.broadcast_to(r, (4, 3)) + ops.broadcast_to(c, (4, 3)), (ROW, COLUMN), {"add": 1}),
    ],
)
def test_views_that_only_broadcast_are_not_there(f, args, left):
    primitives, found, expected = replayed(f, *args)
    assert primitives == left
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("f", "args", "view"),
    [
        (lambda r: 2 * ops.broadcast_to(r, (4, 3)), (ROW,), "broadcast_to"),  # a result is as large as it was
        (lambda r: ops.sum(ops.exp(ops.broadcast_to(r, (4, 3))), axis=1), (ROW,), "broadcast_to"),
        (lambda x, r: x * ops.expand_dims(r, 1), (RNG.normal(size=(3, 3)), RNG.normal(size=3)), "expand_dims"),
        (lambda x, r: ops.reshape(r, (3, 4)) * ops.reshape(x, (3, 4)), (X, X), "reshape"),
    ],
)
def test_views_that_something_else_reads_stay(f, args, view):
    primitives, found, expected = replayed(f, *args)
    assert view in primitives
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)


shapes = st.sampled_from([(), (3,), (1, 3), (4, 1), (1, 1), (4, 3)])
operations = st.tuples(shapes, st.sampled_from(["add", "multiply", "maximum"]), st.booleans())


@settings(max_examples=60, deadline=None)
@given(st.lists(operations, min_size=1, max_size=5))
def test_any_chain_keeps_its_numbers(steps):
    arrays = [RNG.normal(size=shape).astype("float32") for shape, _, _ in steps]

    def f(x, *others):
        for (_, name, whole), other in zip(steps, others, strict=True):
            other = ops.broadcast_to(other, (4, 3)) if whole else other
            x = getattr(ops, name)(ops.broadcast_to(x, (4, 3)), other)
        return ops.sum(x, axis=0) + x

    _, found, expected = replayed(f, ROW, *arrays)
    np.testing.assert_array_equal(found, expected)


def test_a_step_with_batch_normalisation_is_few_calls():
    pytest.importorskip("arraynet_numba", reason="the plugin arraynet-numba is not installed")

    with arraynet.use_backend("numba"):
        model = arraynet.Sequential([layers.Input((3,)), layers.Dense(5), layers.BatchNormalization(), layers.ReLU()])
        model.compile("sgd", "mse")
        model.fit(X, np.zeros((4, 5), "float32"), verbose=0)
        (program,) = model._step("train").programs
    names = [i.name for i in program.instructions]
    assert "broadcast_to" not in names
    assert names.count("group") == len([n for n in names if n not in ("squeeze", "reshape", "expand_dims")]) <= 2


@pytest.mark.parametrize("host", ["numpy", "numba"])
def test_a_reduction_reads_what_was_broadcast(host):
    if host not in arraynet.available_backends():
        pytest.skip(f"the backend {host} is not installed")
    with arraynet.use_backend(host):
        fast = jit(lambda r: ops.sum(ops.broadcast_to(r, (4, 3)) - 1.0, axis=-1) * 2)
        for _ in range(2):
            np.testing.assert_allclose(np.asarray(fast(ROW)), np.full(4, 2 * (ROW - 1).sum()), rtol=1e-5)
