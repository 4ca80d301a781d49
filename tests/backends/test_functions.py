"""The elementary functions of generated loops and of kernels: their last digits, and what is special."""

import math

import numpy as np
import pytest

import arraynet
from arraynet import ops
from arraynet.program import jit

pytest.importorskip("arraynet_numba", reason="the plugin arraynet-numba is not installed")

from arraynet_numba import functions
from arraynet_numba.compiling import compiled

WIDER = {"float32": np.float64, "float64": np.longdouble}
RANGES = {  # between what rounds to the least and to the largest result
    "exp": {"float32": (-104, 88.7), "float64": (-746, 709.7)},
    "expm1": {"float32": (-20, 88.7), "float64": (-40, 709.7)},
    "log": {"float32": (0, 3), "float64": (0, 3)},
    "log1p": {"float32": (-1, 3), "float64": (-1, 3)},
    "tanh": {"float32": (-10, 10), "float64": (-20, 20)},
    "erf": {"float32": (-5, 5), "float64": (-7, 7)},
}
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, -2.0, 1e-45, -1e-45, 1e-310, 1e30, 1000.0, -1000.0]
each = pytest.mark.parametrize("dtype", ["float32", "float64"])
each_function = pytest.mark.parametrize("name", functions.FUNCTIONS)


def oracle(name, x, dtype):
    if name == "erf":
        return np.array([math.erf(v) for v in x], WIDER[dtype])
    with np.errstate(all="ignore"):
        return getattr(np, name)(x.astype(WIDER[dtype]))


def samples(name, dtype, n):
    """Numbers side by side in the range where something happens, and of every magnitude in it."""
    low, high = RANGES[name][dtype]
    magnitudes = np.geomspace(np.finfo(dtype).smallest_subnormal * 8.0, max(high, -low), n, dtype=dtype)
    x = np.concatenate([np.linspace(low, high, n), magnitudes, -magnitudes]).astype(dtype)
    return x[(x > low) & (x < high)]


def looped(name, x):
    """What a generated loop computes."""
    with arraynet.use_backend("numba"):
        f = jit(lambda x: ops.negative(getattr(ops, name)(x)))
        f(x)
        assert f.programs[0].primitives() == {"group": 1}
        return -f(x).numpy()


def ulps(found, expected):
    """The distance in units in the last place of what is expected."""
    near = np.maximum(np.abs(expected.astype(found.dtype)), np.finfo(found.dtype).smallest_normal)
    return np.max(np.abs(found - expected) / np.spacing(near))


@each
@each_function
def test_loops_are_right_to_two_units_in_the_last_place(name, dtype):
    x = samples(name, dtype, 100_000)
    assert ulps(looped(name, x), oracle(name, x, dtype)) < 2


@each
@each_function
def test_the_interpreter_computes_the_same_digits(name, dtype):
    x, function = samples(name, dtype, 500), getattr(functions, name)
    found = np.array([function(v) for v in x])
    assert found.dtype == dtype
    assert ulps(found, oracle(name, x, dtype)) < 2


@each
@each_function
def test_what_is_special_stays_special(name, dtype):
    x = np.array(SPECIAL).astype(dtype)
    with np.errstate(all="ignore"):
        expected = oracle(name, x, dtype).astype(dtype)
        interpreted = np.array([getattr(functions, name)(v) for v in x])
    for found in (looped(name, x), interpreted):
        np.testing.assert_array_max_ulp(found, expected, 2)
        np.testing.assert_array_equal(np.signbit(found[x == 0]), np.signbit(expected[x == 0]))


@each
@each_function
def test_kernels_that_call_them_have_the_interpreters_bits(name, dtype):
    function = getattr(functions, name)

    def loop(x, y):
        for i in range(x.size):
            y[i] = function(x[i])

    x = np.concatenate([samples(name, dtype, 200), np.array(SPECIAL).astype(dtype)])
    results = np.empty_like(x), np.empty_like(x)
    with np.errstate(all="ignore"):
        for run, y in zip((loop, compiled(loop)), results, strict=True):
            run(x, y)
    np.testing.assert_array_equal(*results)
    np.testing.assert_array_equal(*(np.signbit(y[~np.isnan(y)]) for y in results))
