"""Every op, from one table: values, derivatives, dtypes."""

import numpy as np
import pytest

from arraynet import ops
from arraynet.testing.cases import CASES
from arraynet.testing.gradients import check_gradients
from arraynet.testing.tolerances import tolerance
from arraynet.tree import flatten, map_structure

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def entered(case, dtype):
    return map_structure(lambda x: ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x, case.arrays(dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@each_case
def test_forward(case, dtype, backend):
    out, expected = flatten(case.function()(*entered(case, dtype))), flatten(case.expected())
    assert len(out) == len(expected)
    for y, e in zip(out, expected, strict=True):
        assert y.shape == np.shape(e)
        np.testing.assert_allclose(y.numpy(), e, **tolerance(case.name, dtype))


def keeps_dtype(case):
    return "dtype" not in case.static and any(
        isinstance(x, np.ndarray) and x.dtype.kind == "f" for x in flatten(list(case.inputs))
    )


@pytest.mark.parametrize("case", list(filter(keeps_dtype, CASES)), ids=lambda case: case.id)
def test_floating_inputs_keep_their_dtype(case):
    for dtype in ("float16", "float32", "float64"):
        if case.name.startswith("linalg") and dtype == "float16":
            continue
        for y in flatten(case.function()(*entered(case, dtype))):
            assert y.dtype.kind != "f" or y.dtype == dtype


@pytest.mark.parametrize("case", [case for case in CASES if case.grad], ids=lambda case: case.id)
def test_derivatives(case, backend):
    check_gradients(case.function(), *case.inputs)
