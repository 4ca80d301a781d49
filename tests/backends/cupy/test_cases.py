"""Level 1: the table of op cases on the real CuPy, values and gradients against the reference.

Each kernel takes a third of a second to compile, so that this is a choice of cases that meets every kind of
primitive, in float32. ``pytest --backend cupy`` runs all of them, and every other test that has a backend.
"""

import copy

import numpy as np
import pytest
from support import gpu

import arraynet
from arraynet import ops
from arraynet.testing import cases
from arraynet.testing.conformance import check_case
from arraynet.testing.primitives import check_doors, check_primitives

pytest.importorskip("arraynet_cupy", reason="the plugin arraynet-cupy is not installed")
CHOSEN = {
    "add-broadcast", "where", "take", "concatenate", "reshape", "transpose", "matmul", "sum", "mean", "max",
    "argmax", "softmax", "log_softmax", "sigmoid", "gelu", "erf", "layer_normalization", "batch_normalization",
    "categorical_crossentropy", "sparse_categorical_crossentropy", "cumsum", "segment_sum", "searchsorted", "sort",
}  # fmt: skip


@pytest.fixture
def single(on_cupy):
    """The backend, as if it had no float64."""
    twin = copy.copy(arraynet.plugins.load(on_cupy))
    twin.dtypes = twin.dtypes - {"float64"}
    return twin


def chosen():
    return [case for case in cases.CASES if case.id in CHOSEN]


def test_the_choice_exists():
    assert len(chosen()) == len(CHOSEN)


@pytest.mark.parametrize("case", chosen(), ids=lambda case: case.id)
def test_equals_the_reference(case, single):
    gpu.assert_none(check_case(case, single).problems)


def test_doors_and_primitives(on_cupy):
    found = arraynet.plugins.load(on_cupy)
    assert [*check_doors(found), *check_primitives(found)] == []


def test_axes_may_be_an_array(on_cupy):
    x = ops.ones((2, 3))
    for axes in ([0, 1], np.array([0, 1]), ops.array([0, 1])):
        np.testing.assert_allclose(ops.softmax(x, axis=axes).numpy(), np.full((2, 3), 1 / 6), rtol=1e-6)
