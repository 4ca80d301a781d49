"""Products: small integers, errors, empty operands."""

import numpy as np
import pytest

import arraynet
from arraynet import ops


@pytest.mark.parametrize(
    ("dtype", "result"), [("int8", "int32"), ("uint8", "uint32"), ("bool", "int32"), ("int64",) * 2]
)
def test_small_integers_are_multiplied_in_32_bits(dtype, result, backend):
    x = ops.cast(ops.full((2, 300), 1), dtype)
    y = ops.matmul(x, ops.transpose(x))
    assert y.dtype == result
    assert y.numpy().tolist() == [[300, 300], [300, 300]]


@pytest.mark.parametrize("product", [ops.matmul, ops.dot, ops.inner, ops.vdot])
def test_lengths_that_differ_are_refused(product, backend):
    with pytest.raises(ValueError, match=r"\(?2.*3|3.*2"):
        product(ops.ones(2), ops.ones(3))


@pytest.mark.parametrize(("shape", "axis"), [((1,), -1), ((3, 2), 1), ((2, 3), 2)])
def test_vecdot_pairs_elements(shape, axis, backend):
    with pytest.raises(ValueError, match=r"vecdot: axis|axis=2 is out of range"):
        ops.vecdot(ops.ones((2, 3)), ops.ones(shape), axis=axis)


def test_matmul_of_a_scalar_is_refused(backend):
    with pytest.raises(ValueError, match="matmul"):
        ops.matmul(ops.ones((2, 2)), 3.0)


def test_tensordot_takes_a_numpy_integer(backend):
    assert ops.tensordot(ops.ones((2, 3)), ops.ones((3, 4)), axes=np.int64(1)).shape == (2, 4)


def test_tensordot_explains_its_axes(backend):
    x = ops.ones((2, 3))
    with pytest.raises(ValueError, match=r"axes \(1,\) of shape \(2, 3\) and axes \(0,\).*received \[3\] and \[2\]"):
        ops.tensordot(x, x, axes=1)
    with pytest.raises(ValueError, match=r"axes=3 must lie between 0 and both ranks, 2 and 2"):
        ops.tensordot(x, x, axes=3)
    with pytest.raises(ValueError, match="axis=2 is out of range: an array of 2 axes has -2 to 1"):
        ops.tensordot(x, x, axes=([2], [0]))


def test_cross_needs_two_or_three_components(backend):
    with pytest.raises(ValueError, match=r"received 4 along axis -1 of x1 \(2, 4\) and 3"):
        ops.cross(ops.ones((2, 4)), ops.ones((2, 3)))


def test_a_batch_times_a_matrix_is_one_product(backend):
    """The weight's gradient is as large as the weight: nothing is broadcast and summed."""
    x, w = ops.ones((5, 6, 3)), ops.ones((3, 2))
    with arraynet.GradientTape() as tape:
        tape.watch(w)
        y = ops.matmul(x, w)
    assert y.shape == (5, 6, 2)
    assert tape.gradient(y, w).numpy().tolist() == [[30.0] * 2] * 3


def test_empty_products(backend):
    assert ops.matmul(ops.ones((2, 0)), ops.ones((0, 3))).numpy().tolist() == [[0] * 3] * 2
    assert ops.dot(ops.ones((0, 4, 2)), ops.ones((2, 3))).shape == (0, 4, 3)
    assert ops.tensordot(ops.ones((2, 0)), ops.ones((0, 3)), 1).shape == (2, 3)


def test_a_host_array_beside_a_tensor(backend):
    y = ops.dot(np.ones((2, 3)), ops.ones((3,)))
    assert y.dtype == "float32"  # the Tensor decides
    assert ops.dot([[1, 2]], [3, 4]).numpy().tolist() == [11]


@pytest.mark.parametrize(
    "shapes", [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 2))]
)
def test_the_operator_is_matmul_under_a_tape_too(shapes, backend):
    x, y = (arraynet.Variable(np.arange(1.0, 1 + np.prod(s)).reshape(s)) for s in shapes)
    with arraynet.GradientTape(persistent=True) as tape:
        by_operator, by_name = ops.sum(x @ y), ops.sum(ops.matmul(x, y))
    for a, b in zip(tape.gradient(by_operator, [x, y]), tape.gradient(by_name, [x, y]), strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(a), ops.convert_to_numpy(b))


def test_the_operator_refuses_what_matmul_refuses(backend):
    with pytest.raises(ValueError, match="last axis of x1 must be as long"):
        ops.ones((2, 3)) @ ops.ones((2, 3))
