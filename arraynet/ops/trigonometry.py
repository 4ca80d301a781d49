"""Circular and hyperbolic functions and their inverses, angles in radians, each beside its derivative."""

import math
from typing import Any

from arraynet.dispatch import op
from arraynet.ops.elementwise import absolute, divide_no_nan, multiply
from arraynet.ops.taking import where

__all__ = ["arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cos", "cosh", "deg2rad",
           "rad2deg", "sin", "sinc", "sinh", "tan", "tanh"]  # fmt: skip


@op(promote="float")
def sin(xp: Any, x: Any, /) -> Any:
    """Return the sine of `x` in radians."""
    return xp.sin(x)


@op(promote="float")
def cos(xp: Any, x: Any, /) -> Any:
    """Return the cosine of `x` in radians."""
    return xp.cos(x)


sin.defvjp(x=lambda g, x: g * cos(x))
cos.defvjp(x=lambda g, x: -g * sin(x))


@op(promote="float")
def tan(xp: Any, x: Any, /) -> Any:
    """Return the tangent of `x` in radians."""
    return xp.tan(x)


tan.defvjp(x=lambda g, y: g * (1 + y * y))


@op(promote="float")
def sinh(xp: Any, x: Any, /) -> Any:
    """Return the hyperbolic sine."""
    return xp.sinh(x)


@op(promote="float")
def cosh(xp: Any, x: Any, /) -> Any:
    """Return the hyperbolic cosine."""
    return xp.cosh(x)


sinh.defvjp(x=lambda g, x: g * cosh(x))
cosh.defvjp(x=lambda g, x: g * sinh(x))


@op(promote="float")
def tanh(xp: Any, x: Any, /) -> Any:
    """Return the hyperbolic tangent, ``(exp(x) - exp(-x)) / (exp(x) + exp(-x))``, between -1 and 1."""
    return xp.tanh(x)


tanh.defvjp(x=lambda g, y: g * (1 - y * y))


@op(promote="float")
def arcsin(xp: Any, x: Any, /) -> Any:
    """Return the angle in -pi/2..pi/2 whose sine is `x`; NaN outside -1..1."""
    return xp.asin(x)


@op(promote="float")
def arccos(xp: Any, x: Any, /) -> Any:
    """Return the angle in 0..pi whose cosine is `x`; NaN outside -1..1."""
    return xp.acos(x)


arcsin.defvjp(x=lambda g, x: g / ((1 - x) * (1 + x)) ** 0.5)
arccos.defvjp(x=lambda g, x: -g / ((1 - x) * (1 + x)) ** 0.5)


@op(promote="float")
def arctan(xp: Any, x: Any, /) -> Any:
    """Return the angle in -pi/2..pi/2 whose tangent is `x`."""
    return xp.atan(x)


arctan.defvjp(x=lambda g, x: g / (1 + x * x))


@op(promote="float")
def arctan2(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return the angle in -pi..pi of the point with height `x1` and abscissa `x2`."""
    return xp.atan2(x1, x2)


arctan2.defvjp(x1=lambda g, x1, x2: g * x2 / (x1 * x1 + x2 * x2), x2=lambda g, x1, x2: -g * x1 / (x1 * x1 + x2 * x2))


@op(promote="float")
def arcsinh(xp: Any, x: Any, /) -> Any:
    """Return the number whose hyperbolic sine is `x`."""
    return xp.asinh(x)


arcsinh.defvjp(x=lambda g, x: g / (x * x + 1) ** 0.5)


@op(promote="float")
def arccosh(xp: Any, x: Any, /) -> Any:
    """Return the positive number whose hyperbolic cosine is `x`; NaN below 1."""
    return xp.acosh(x)


arccosh.defvjp(x=lambda g, x: g / ((x - 1) * (x + 1)) ** 0.5)


@op(promote="float")
def arctanh(xp: Any, x: Any, /) -> Any:
    """Return the number whose hyperbolic tangent is `x`; NaN outside -1..1."""
    return xp.atanh(x)


arctanh.defvjp(x=lambda g, x: g / ((1 - x) * (1 + x)))


@op(promote="float")
def sinc(xp: Any, x: Any, /) -> Any:
    """Return ``sin(pi x) / (pi x)``, which is 1 at 0."""
    angle = xp.where(x == 0, xp.ones_like(x), math.pi * x)
    return xp.where(x == 0, xp.ones_like(x), xp.sin(angle) / angle)


def grad_sinc(g: Any, x: Any, y: Any) -> Any:
    angle = math.pi * x
    near = absolute(angle) < 0.1  # the difference of two numbers near 1 has no digits there, nor a derivative at 0
    t = where(near, angle * angle, 0.0)
    series = angle * (t * (1 - t / 28 * (1 - t / 54)) / 10 - 1) / 3
    return g * math.pi * where(near, series, divide_no_nan(cos(angle) - y, angle))


sinc.defvjp(x=grad_sinc)


def deg2rad(x: Any) -> Any:
    """Return degrees as radians."""
    return multiply(x, math.pi / 180)


def rad2deg(x: Any) -> Any:
    """Return radians as degrees."""
    return multiply(x, 180 / math.pi)
