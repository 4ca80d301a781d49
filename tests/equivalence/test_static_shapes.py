"""What can be captured needs no boolean mask and no shape that depends on values: the strict backend refuses both."""

import numpy as np
import pytest

import arraynet
from arraynet import ops
from arraynet.autodiff import vjp
from arraynet.testing.cases import CASES
from arraynet.tree import flatten, map_structure, unflatten

arraynet_strict = pytest.importorskip("arraynet_strict")


@pytest.fixture
def static():
    """The strict backend, with the two data-dependent features of the standard switched off."""
    with arraynet.use_backend("strict"), arraynet_strict.static_shapes():
        yield arraynet.plugins.load("strict")


@pytest.mark.parametrize("case", [case for case in CASES if case.jit], ids=lambda case: case.id)
def test_values_and_gradients_need_static_shapes_only(case, static):
    inputs = map_structure(
        lambda x: ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x, list(case.arrays("float32"))
    )
    leaves = flatten(inputs)
    moving = [k for k, x in enumerate(leaves) if isinstance(x, arraynet.Tensor) and x.dtype.kind == "f"]
    before = static.copies["out"]

    def f(*values):
        full = list(leaves)
        for k, value in zip(moving, values, strict=True):
            full[k] = value
        return flatten(case.function()(*unflatten(inputs, full)))

    if case.grad and moving:
        out, pull = vjp(f, *(leaves[k] for k in moving))
        pull([ops.ones_like(o) for o in out])
    else:
        f(*(leaves[k] for k in moving))
    assert static.copies["out"] == before, "it asked for a value"


def test_the_switch_is_on(static):
    x = ops.ones(3).array
    with pytest.raises(RuntimeError, match="boolean_indexing"):
        x[x > 0]
