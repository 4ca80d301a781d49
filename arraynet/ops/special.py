"""Error functions, which are the normal distribution's integral and its inverse, and a Bessel function."""

import math
from typing import Any

from arraynet.backend import dtype_of
from arraynet.dispatch import op
from arraynet.erf import erf_tail
from arraynet.normals import CENTRE, FAR, TAIL, rational
from arraynet.ops.exponential import exp

__all__ = ["erf", "erfc", "erfinv", "i0"]

SLOPE = 2 / math.sqrt(math.pi)  # of erf at 0


def widened(xp: Any, x: Any) -> Any:
    """Return `x`, float16 as float32: the polynomials below would overflow it."""
    return xp.astype(x, xp.float32) if dtype_of(x).itemsize == 2 else x


def narrowed(xp: Any, y: Any, x: Any) -> Any:
    """Return `y` in the dtype of `x`, as it is if it has that."""
    return y if y.dtype == x.dtype else xp.astype(y, x.dtype)


@op(promote="float")
def erf(xp: Any, x: Any, /) -> Any:
    """Return the error function, ``2 / sqrt(pi)`` times the integral of ``exp(-t * t)`` from 0 to `x`."""
    return narrowed(xp, xp.erf(widened(xp, x)), x)


@op(promote="float")
def erfc(xp: Any, x: Any, /) -> Any:
    """Return ``1 - erf(x)``, with all digits for large `x`."""
    wide = widened(xp, x)
    y = xp.where(wide < 0.5, 1 - xp.erf(wide), erf_tail(xp, wide))
    return narrowed(xp, y, x)


@op(promote="float")
def erfinv(xp: Any, x: Any, /) -> Any:
    """Return the number whose error function is `x`: infinite at -1 and 1, NaN beyond.

    Source: M. J. Wichura, Algorithm AS 241: the percentage points of the normal distribution, Applied Statistics 37
    (1988).
    """
    q = widened(xp, x) / 2
    size = xp.abs(q)
    r = xp.sqrt(-xp.log(0.5 - size))
    tail = xp.where(r <= 5, rational(r - 1.6, *TAIL), rational(r - 5, *FAR))
    outer = xp.sign(q) * xp.where(size == 0.5, xp.full_like(r, xp.inf), tail)
    y = xp.where(size <= 0.425, q * rational(0.180625 - q * q, *CENTRE), outer) / math.sqrt(2)
    return narrowed(xp, y, x)


erf.defvjp(x=lambda g, x: g * SLOPE * exp(-x * x))
erfc.defvjp(x=lambda g, x: -g * SLOPE * exp(-x * x))
erfinv.defvjp(x=lambda g, y: g / SLOPE * exp(y * y))


FAR_OUT = 40.0  # where 32 nodes still give all digits, and 18 terms already do
ANGLES = [(k + 0.5) * math.pi / 32 for k in range(32)]


@op(promote="float", name="bessel")
def _bessel(xp: Any, x: Any, /, order: int) -> Any:
    """Modified Bessel function: its integral over half a circle, and its asymptotic series for large `x`."""
    wide = widened(xp, x)
    near, far = xp.clip(wide, -FAR_OUT, FAR_OUT), xp.maximum(xp.abs(wide), FAR_OUT)
    integral = sum(math.cos(order * angle) * xp.exp(near * math.cos(angle)) for angle in ANGLES) / len(ANGLES)
    term = series = xp.ones_like(far)
    for k in range(1, 19):
        term = term * ((2 * k - 1) ** 2 - 4 * order * order) / (8 * k * far)
        series = series + term
    large = xp.exp(far) * series / xp.sqrt(2 * math.pi * far)
    large = large * xp.sign(wide) if order % 2 else large
    return narrowed(xp, xp.where(xp.abs(wide) <= FAR_OUT, integral, large), x)


_bessel.defvjp(x=lambda g, x, order: g * (_bessel(x, abs(order - 1)) + _bessel(x, order + 1)) / 2)


def i0(x: Any) -> Any:
    """Return the modified Bessel function of the first kind of order 0."""
    return _bessel(x, 0)
