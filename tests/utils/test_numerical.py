import numpy as np
import pytest

from arraynet import Tensor, ops
from arraynet.utils import normalize, to_categorical


def test_to_categorical_of_an_array_is_float64():
    rows = to_categorical(np.array([[1], [3]]), 4)
    assert rows.dtype == "float64"
    np.testing.assert_array_equal(rows, [[0, 1, 0, 0], [0, 0, 0, 1]])


@pytest.mark.parametrize("labels", [[0, 2], (0, 2), np.array([0, 2], "uint8"), np.array([0.0, 2.0])])
def test_to_categorical_counts_the_classes(labels):
    np.testing.assert_array_equal(to_categorical(labels), np.eye(3)[[0, 2]])


@pytest.mark.parametrize("shape", [(), (5,), (1,), (5, 1), (2, 3), (2, 3, 1), (0,)])
def test_to_categorical_adds_one_axis(shape):
    labels = np.arange(int(np.prod(shape))).reshape(shape) % 4
    kept = shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape
    rows = to_categorical(labels, 4)
    assert rows.shape == (*kept, 4)
    np.testing.assert_array_equal(rows.argmax(-1), labels.reshape(kept))


def test_to_categorical_of_a_tensor_is_a_tensor_of_floatx(backend):
    rows = to_categorical(ops.convert_to_tensor([[2], [0]], dtype="int32"), 3)
    assert isinstance(rows, Tensor)
    assert rows.dtype == "float32"
    assert rows.backend.name == backend
    np.testing.assert_array_equal(rows.numpy(), [[0, 0, 1], [1, 0, 0]])


@pytest.mark.parametrize("as_tensor", [False, True])
@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        ([-1, 2], None, "from -1 to 2"),
        ([-1], None, "from -1 to -1; they begin with 0"),
        ([0], 0, "num_classes must be a positive int"),
        ([0, 3], 3, "with 3 classes they must lie in 0 to 2"),
        ([0.5, 1.0], None, "whole numbers"),
    ],
)
def test_to_categorical_refuses_bad_labels(labels, classes, message, as_tensor):
    with pytest.raises(ValueError, match=message):
        to_categorical(ops.convert_to_tensor(labels) if as_tensor else labels, classes)


def test_to_categorical_needs_classes_where_there_are_no_labels():
    with pytest.raises(ValueError, match="pass num_classes"):
        to_categorical([])


@pytest.mark.parametrize("order", [1, 2])
def test_normalize(order):
    x = np.array([[3.0, -4.0], [0.0, 0.0]])
    np.testing.assert_allclose(np.linalg.norm(normalize(x, order=order), order, axis=-1), [1, 0])
    np.testing.assert_allclose(normalize(x, axis=0, order=order), [[1, -1], [0, 0]])


@pytest.mark.parametrize(("x", "axis"), [(5, -1), (np.float32(2.0), 0), ([1.0, 2.0], 1), ([1.0], "a"), (2.0, None)])
def test_normalize_says_that_vectors_lie_along_an_axis(x, axis):
    with pytest.raises(ValueError, match=r"normalize .*received shape \(.*\) and axis=") as caught:
        normalize(x, axis=axis)
    assert repr(axis) in str(caught.value)
