"""Whole numbers: rounding and division with a remainder; rounding is constant between its steps."""

from typing import Any

from arraynet.backend import dtype_of
from arraynet.dispatch import op
from arraynet.ops.bounds import maximum
from arraynet.ops.comparison import paired
from arraynet.ops.elementwise import absolute
from arraynet.ops.shape import integer

__all__ = ["ceil", "floor", "floor_divide", "fmod", "gcd", "lcm", "mod", "round", "trunc"]


@op(promote="float")
def floor(xp: Any, x: Any, /) -> Any:
    """Return the largest whole number not above `x`; integers give floatx."""
    return xp.floor(x)


@op(promote="float")
def ceil(xp: Any, x: Any, /) -> Any:
    """Return the smallest whole number not below `x`; integers give floatx."""
    return xp.ceil(x)


@op(promote="number")
def trunc(xp: Any, x: Any, /) -> Any:
    """Return `x` without its digits behind the point."""
    return xp.trunc(x)


@op(promote="number")
def round(xp: Any, x: Any, /, decimals: int = 0) -> Any:
    """Return `x` rounded to a number of decimals, halves to the even neighbour; integers stay integers."""
    if not integer("decimals", decimals):
        return xp.round(x)
    scale = 10.0 ** abs(decimals)
    if dtype_of(x).kind != "f":
        return x if decimals > 0 else xp.astype(xp.round(xp.astype(x, xp.float64) / scale) * scale, x.dtype)
    return xp.round(x * scale) / scale if decimals > 0 else xp.round(x / scale) * scale


@op(promote="number")
def floor_divide(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return the largest whole number not above ``x1 / x2``; integers stay integers."""
    return xp.floor_divide(x1, x2)


@op(promote="number")
def mod(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return ``x1 - x2 * floor(x1 / x2)``, which has the sign of `x2`."""
    return xp.remainder(x1, x2)


mod.defvjp(x1=lambda g: g, x2=lambda g, x1, x2: -g * floor_divide(x1, x2))


@op(promote="number")
def fmod(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return ``x1 - x2 * trunc(x1 / x2)``, which has the sign of `x1`."""
    x1, x2 = paired(xp, x1, x2)
    return xp.sign(x1) * xp.remainder(xp.abs(x1), xp.abs(x2))


fmod.defvjp(x1=lambda g: g, x2=lambda g, x1, x2: -g * trunc(x1 / x2))


@op(promote="number")
def gcd(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return the greatest common divisor of integers; 0 for two zeros.

    Euclid's algorithm, as many steps as the dtype's worst case (Fibonacci numbers) takes, so that no step
    waits for a value.
    """
    a, b = paired(xp, x1, x2)
    if dtype_of(a).kind == "f":
        raise TypeError(f"common divisors are for integers, not for {dtype_of(a)}")
    a, b = xp.abs(a), xp.abs(b)
    for _ in range(12 * dtype_of(a).itemsize):
        done = b == 0
        rest = xp.remainder(a, xp.where(done, xp.ones_like(b), b))
        a, b = xp.where(done, a, b), xp.where(done, b, rest)
    return a


def lcm(x1: Any, x2: Any) -> Any:
    """Return the least common multiple of integers; 0 if either is 0."""
    return absolute(floor_divide(x1, maximum(gcd(x1, x2), 1)) * x2)
