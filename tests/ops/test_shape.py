"""Shapes, joining and creation: what the table of cases cannot say, which is dtypes, views and errors."""

import numpy as np
import pytest

import arraynet as an
from arraynet import Variable, config, ops


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: ops.reshape(x, (5, -1)), r"12 elements of shape \(3, 4\) do not fit newshape=\(5, -1\)"),
        (lambda x: ops.reshape(x, (-1, -1)), "do not fit"),
        (lambda x: ops.reshape(x, (-2, -6)), "do not fit"),
        (lambda x: ops.reshape(ops.zeros((0, 3)), (0, -1)), "do not fit"),
        (lambda x: ops.transpose(x, (0, 2)), "axis=2 is out of range: an array of 2 axes has -2 to 1"),
        (lambda x: ops.transpose(x, (0, 0)), "twice"),
        (lambda x: ops.transpose(x, (0,)), "each of the 2 axes"),
        (lambda x: ops.moveaxis(x, (0, 1), 0), "of one length"),
        (lambda x: ops.swapaxes(x, 0, 2), "axis=2"),
        (lambda x: ops.expand_dims(x, 3), "axis=3"),
        (lambda x: ops.expand_dims(x, (0, 0)), "twice"),
        (lambda x: ops.squeeze(x, 0), "not of length 1"),
        (lambda x: ops.squeeze(x, 2), "axis=2"),
        (lambda x: ops.broadcast_to(x, (3, 5)), "broadcast_to"),
        (lambda x: ops.concatenate([]), "concatenate: expected a list"),
        (lambda x: ops.stack([]), "stack: expected a list"),
        (lambda x: ops.stack(3), "stack: expected a list"),
        (lambda x: ops.hstack(None), "expected a list of at least one array, received None"),
        (lambda x: ops.concatenate([x, ops.ones((2, 3))]), "concatenate"),
        (lambda x: ops.split(x, 2), "cannot be cut into 2 equal parts"),
        (lambda x: ops.split(x, 0), "cannot be cut into 0"),
        (lambda x: ops.split(x, 2, axis=5), "axis=5"),
        (lambda x: ops.array_split(x, 0), "at least one part"),
        (lambda x: ops.unstack(x, num=2), r"num=2, but axis 0 of shape \(3, 4\) has length 3"),
        (lambda x: ops.flip(x, 2), "axis=2"),
        (lambda x: ops.roll(x, 1, axis=2), "axis=2"),
        (lambda x: ops.rot90(x, axes=(0, 0)), "twice"),
        (lambda x: ops.rot90(x, axes=1), "two axes, received axes=1"),
        (lambda x: ops.repeat(x, 2, axis=2), "axis=2"),
        (lambda x: ops.repeat(x, [1, 2, 3, 4, 5]), r"repeats=\[1, 2, 3, 4, 5\] is neither"),
        (lambda x: ops.repeat(x, -1, axis=0), "repeats=-1 is neither"),
        (lambda x: ops.pad(x, 1, mode="mirror"), "'constant', 'edge', 'reflect'"),
        (lambda x: ops.pad(x, 1, mode="reflect", constant_values=1), "constant_values"),
        (lambda x: ops.pad(x, ((1, 1), (1, 1), (1, 1))), "no pair for each of 2 axes"),
        (lambda x: ops.pad(x, -1), "whole numbers from 0 on"),
        (lambda x: ops.meshgrid(x, indexing="yx"), "indexing"),
        (lambda x: ops.diagonal(x[0]), "two axes"),
        (lambda x: ops.diag(ops.ones((1, 1, 1))), "vector or a matrix"),
        (
            lambda x: ops.pad(x[:0], 1, mode="edge"),
            r"axis 0 of shape \(0, 4\) has no element .*'edge'.*pad_width=1",
        ),
        (lambda x: ops.linspace(0, 1, -1, dtype="int32"), "num must be 0 or more, received -1"),
        (lambda x: ops.linspace(0, 1, -1), "num must be 0 or more"),
        (lambda x: ops.arange(0, 5, 0), "arange: step .* received step=0"),
        (lambda x: ops.arange(0, 5, ops.array(0)), "arange: step"),
        (lambda x: ops.cast(x, "float31"), "float31"),
        (lambda x: ops.convert_to_tensor(x, sparse=True), "sparse"),
    ],
)
def test_errors_say_what_is_wrong(call, words, backend):
    with pytest.raises(ValueError, match=words):
        call(ops.ones((3, 4)))


def test_an_axis_is_an_integer(backend):
    with pytest.raises(TypeError):
        ops.flip(ops.ones(3), axis=0.0)
    for wrong in (None, (0, 1)):
        with pytest.raises(TypeError, match="axis must be an int, received"):
            ops.diff(ops.ones((2, 2)), axis=wrong)


def test_errors_are_the_same_for_code_that_is_in_no_module(backend):
    with pytest.raises(ValueError, match="axis"):
        exec("ops.flip([1.0], axis=2)", {"ops": ops})  # no __name__ among its globals


def test_shape_ndim_size_of_anything(backend):
    for x in (ops.ones((2, 3)), Variable(np.ones((2, 3))), np.ones((2, 3)), [[1, 2, 3], [4, 5, 6]]):
        assert ops.shape(x) == (2, 3)
        assert type(ops.shape(x)) is tuple
        assert (ops.ndim(x), ops.size(x)) == (2, 6)


def test_a_shape_may_be_an_int_a_list_or_a_tensor(backend):
    for shape in (6, [6], (np.int64(6),), ops.array([6]), np.array([6])):
        assert ops.zeros(shape).shape == (6,)
        assert ops.reshape(ops.ones((2, 3)), shape).shape == (6,)


def test_joining_tensors_host_arrays_and_numbers(backend):
    x = ops.ones((1, 2))
    joined = ops.concatenate([np.zeros((1, 2)), x, [[3, 4]], Variable([[5.0, 6.0]])])
    assert (joined.dtype, joined.backend.name) == ("float32", backend)
    assert joined.numpy().tolist() == [[0, 0], [1, 1], [3, 4], [5, 6]]
    assert ops.stack([1, ops.array(2.5), np.float64(3)]).numpy().tolist() == [1, 2.5, 3]
    assert ops.stack([1, 2]).dtype == "int32"
    assert ops.vstack([x, np.zeros(2)]).shape == (2, 2)
    assert ops.hstack([1.0, x[0, :1]]).shape == (2,)
    assert ops.concatenate(x).shape == (2,)
    assert ops.stack(ops.ones((3, 2)), axis=1).shape == (2, 3)


def test_joining_promotes(backend):
    for one, two, expected in [
        ("int32", "float32", "float32"),
        ("uint8", "int8", "int16"),
        ("bool", "int32", "int32"),
        ("float32", "float64", "float64"),
    ]:
        assert ops.concatenate([ops.zeros(1, one), ops.zeros(1, two)]).dtype == expected
        assert ops.stack([ops.zeros(1, one), ops.zeros(1, two)]).dtype == expected


@pytest.mark.parametrize(
    "view",
    [
        lambda x: ops.reshape(x, (4, 3)),
        lambda x: ops.transpose(x),
        lambda x: ops.expand_dims(x, 1),
        lambda x: ops.split(x, 3)[1],
        lambda x: ops.unstack(x)[1],
        lambda x: ops.flip(x, 0),
        lambda x: ops.broadcast_to(x, (2, 3, 4)),
    ],
)
def test_what_only_looks_different_is_a_view(view):
    x = ops.ones((3, 4))
    assert np.shares_memory(view(x).numpy(), x.numpy())


def test_nothing_to_do_returns_the_tensor_itself(backend):
    x = ops.ones((3, 4))
    assert ops.cast(x, "float32") is x
    assert ops.pad(x, 0) is x
    assert ops.copy(x) is not x


def test_split_returns_a_list(backend):
    assert type(ops.split(ops.ones(4), 2)) is list
    assert [part.shape for part in ops.split(ops.ones((0, 2)), 3)] == [(0, 2)] * 3
    assert [part.shape for part in ops.split(ops.ones(5), [-1])] == [(4,), (1,)]
    assert ops.unstack(ops.ones((0, 2))) == []


def test_arrays_to_join_may_come_from_a_generator(backend):
    assert ops.concatenate(ops.full(n, n) for n in (1, 2)).numpy().tolist() == [1, 2, 2]


def test_repeats_from_a_tensor(backend):
    assert ops.repeat(ops.array([5, 6]), ops.array([2, 1])).numpy().tolist() == [5, 5, 6]
    assert ops.repeat(ops.array([5, 6]), [2]).numpy().tolist() == [5, 5, 6, 6]


def test_pad_keeps_integers(backend):
    assert ops.pad(ops.ones(1, "int32"), 1).dtype == "int32"
    assert ops.pad(ops.ones(1, "uint8"), (1, 0), constant_values=7).numpy().tolist() == [7, 1]


def test_dtypes_of_ranges(backend):
    assert ops.arange(3).dtype == "int32"
    assert ops.arange(3.0).dtype == "float32"
    assert ops.arange(0, 3, np.int64(2)).dtype == "int32"
    assert ops.arange(3, dtype="int8").dtype == "int8"
    assert ops.arange(ops.array(3)).numpy().tolist() == [0, 1, 2]
    assert ops.linspace(0, 1, 3).dtype == "float32"
    assert ops.linspace(np.zeros(2), 1, 3).dtype == "float64"
    assert ops.linspace(0, 10, 3, dtype="int32").numpy().tolist() == [0, 5, 10]
    assert ops.logspace(0, 2, 3).numpy().tolist() == [1, 10, 100]
    config.set_floatx("float64")
    assert ops.arange(3.0).dtype == ops.linspace(0, 1).dtype == "float64"


def test_linspace_ends_exactly_and_may_be_empty(backend):
    x = ops.linspace(np.float32(0.1), np.float32(0.7), 7).numpy()
    assert (x[0], x[-1]) == (np.float32(0.1), np.float32(0.7))
    assert ops.linspace(0, 1, 0).shape == (0,)
    values, step = ops.linspace(0, 1, 5, retstep=True)
    assert (values.shape, float(step)) == ((5,), 0.25)


def test_linspace_of_whole_numbers_rounds_down(backend):
    for n in range(1, 120):  # in float32, 22 * (3 / 22) and others are less than they should be
        assert ops.linspace(0, n, n + 1, dtype="int32").numpy().tolist() == list(range(n + 1))
    assert ops.linspace(-3, 0.5, 8, dtype="int8").numpy().tolist() == [-3, -3, -2, -2, -1, -1, 0, 0]
    values, step = ops.linspace(ops.array([0, 5]), 1, 2, endpoint=False, retstep=True, dtype="int32", axis=-1)
    assert (values.numpy().tolist(), step.numpy().tolist(), step.dtype) == ([[0, 0], [5, 3]], [0.5, -2], "float32")


def test_logspace_keeps_the_dtype_of_its_ends(backend):
    for kind in set(ops.zeros(()).backend.dtypes) & {"float16", "float32", "float64"}:
        assert ops.logspace(ops.array(0, kind), 1, 3).dtype == kind


def test_dtypes_of_what_is_made(backend):
    for made in (ops.zeros(1), ops.ones(1), ops.full(1, 2), ops.eye(1), ops.tri(1), ops.empty(1), ops.identity(1)):
        assert made.dtype == "float32"
    for kind in ("int32", "bool", "float64"):
        for made in (ops.zeros(1, kind), ops.full(1, 1, kind), ops.eye(1, dtype=kind), ops.tri(1, dtype=kind)):
            assert made.dtype == kind
    x = ops.ones(2, "int32")
    assert ops.full_like(x, 1.5).numpy().tolist() == [1, 1]
    assert ops.zeros_like(x).dtype == ops.ones_like(x).dtype == ops.empty_like(x).dtype == "int32"
    assert ops.zeros_like(x, "float64").dtype == "float64"
    assert ops.full((2, 2), ops.array([1.0, 2.0])).numpy().tolist() == [[1, 2], [1, 2]]


def test_dtypes_of_what_is_converted(backend):
    assert ops.array([1.5]).dtype == "float32"
    assert ops.array([1]).dtype == "int32"
    assert ops.array([2**40]).dtype == "int64"
    assert ops.array(np.ones(1)).dtype == "float64"
    assert ops.array([True]).dtype == "bool"
    assert ops.array([ops.array(1.0), ops.array(2.0)]).numpy().tolist() == [1.0, 2.0]
    assert ops.convert_to_tensor([1], dtype="uint8").dtype == "uint8"
    assert ops.cast([1.7, -1.7], "int32").numpy().tolist() == [1, -1]


def test_what_a_tensor_is(backend):
    assert ops.is_tensor(ops.ones(1))
    assert not ops.is_tensor(Variable(1.0))
    assert not ops.is_tensor(np.ones(1))


def test_creation_is_on_the_current_backend(backend):
    for made in (ops.zeros(1), ops.full(1, 2), ops.arange(3), ops.linspace(0, 1, 3), ops.tri(2), ops.array([1])):
        assert made.backend.name == backend
    with an.use_backend("numpy"):
        assert ops.arange(3).backend.name == "numpy"


def test_diagonals_do_not_spread_what_is_not_finite(backend):
    assert ops.diag([np.inf, 1.0]).numpy().tolist() == [[np.inf, 0], [0, 1]]
    assert ops.tril([[1.0, np.nan], [1.0, 1.0]]).numpy().tolist() == [[1, 0], [1, 1]]
