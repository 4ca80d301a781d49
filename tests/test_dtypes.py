"""Names of dtypes."""

import numpy as np
import pytest

from arraynet import dtypes, ops


@pytest.mark.parametrize(
    ("dtype", "name"),
    [("float", "float32"), (float, "float32"), ("int", "int32"), (int, "int32"), (np.float16, "float16")]
    + [(np.dtype(n), n) for n in ("float64", "int64", "bool", "uint8")],
)
def test_standardize(dtype, name):
    assert dtypes.standardize(dtype) == name


def test_unknown_dtypes_are_listed():
    with pytest.raises(ValueError, match=r"one of bool, .*received 'complex64'"):
        dtypes.standardize("complex64")


def test_a_float64_without_axes_is_an_array_and_not_a_weak_number(backend):
    x = ops.sum(ops.convert_to_tensor(np.asarray([1.0, 1.75])))  # a NumPy float64, which is a Python float too
    y = ops.sum(x * x)
    assert y.dtype == "float64"
    assert float(y) == 2.75**2
    assert (x + ops.convert_to_tensor(np.float32(0.25))).dtype == "float64"


@pytest.mark.skipif(np.dtype("longdouble").itemsize == 8, reason="a long double is a double here")
def test_what_is_wider_than_64_bits_is_refused(backend):
    with pytest.raises(TypeError, match="floats of at most 64 bits"):
        ops.exp(np.ones(3, "longdouble"))
