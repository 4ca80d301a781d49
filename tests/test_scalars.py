"""Numbers beside floats become arrays of their dtype, of which maximum and minimum take a row, with the same bits."""

import numpy as np
import pytest

import arraynet
from arraynet import ops
from arraynet.program import jit


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bound", [0.0, -0.0, 1, float("nan"), float("inf")])
@pytest.mark.parametrize(
    ("shape", "row"),
    [((5, 64), (64,)), ((2, 3, 40), (40,)), ((1024, 256), None), ((64, 3), ()), ((64,), ()), ((1, 2**15), ())],
)  # None: large enough for tiles
def test_maximum_and_minimum_take_a_row(shape, row, bound, dtype):
    function = jit(lambda x: (ops.maximum(x, bound) * 2, ops.minimum(bound, x) + 1))
    values = np.random.default_rng(0).normal(size=shape).astype(dtype)
    values.flat[:5] = [0.0, -0.0, np.nan, np.inf, -np.inf]
    with arraynet.use_backend("numpy"):
        x = ops.convert_to_tensor(values)
        eager = function(x)
        captured = function(x)
    calls = {i.name: i for i in function.programs[0].instructions}
    if row is None:
        assert set(calls) == {"group"}
    else:
        assert [calls["maximum"].args[1].shape, calls["minimum"].args[0].shape] == [row, row]
        assert calls["multiply"].args[1].shape == calls["add"].args[1].shape == ()
    for y, expected in zip(captured, eager, strict=True):
        assert y.dtype == dtype
        np.testing.assert_array_equal(y.numpy().view(np.uint8), expected.numpy().view(np.uint8))
