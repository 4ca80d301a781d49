"""Names of dtypes."""

import numpy as np
import pytest

from arraynet import dtypes


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
