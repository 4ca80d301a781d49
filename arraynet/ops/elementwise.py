"""Arithmetic, element by element, each function beside its derivative.

Booleans count as int32 in arithmetic: the array-API standard has none for them, and libraries differ.
"""

from typing import Any

from arraynet.backend import dtype_of
from arraynet.dispatch import op
from arraynet.ops.comparison import paired

__all__ = ["abs", "absolute", "add", "cbrt", "divide", "divide_no_nan", "fabs", "hypot", "identity_op", "multiply",
           "negative", "power", "reciprocal", "rsqrt", "sign", "sqrt", "square", "subtract",
           "true_divide"]  # fmt: skip


@op(promote=None)
def identity_op(xp: Any, x: Any, /) -> Any:
    """Return `x` as a new Tensor."""
    return x


identity_op.defvjp(x=lambda g: g)


@op(promote="number")
def add(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return ``x1 + x2``."""
    return x1 + x2


add.defvjp(x1=lambda g: g, x2=lambda g: g)


@op(promote="number")
def subtract(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return ``x1 - x2``."""
    return x1 - x2


subtract.defvjp(x1=lambda g: g, x2=lambda g: -g)


@op(promote="number")
def multiply(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return ``x1 * x2``."""
    return x1 * x2


multiply.defvjp(x1=lambda g, x2: g * x2, x2=lambda g, x1: g * x1)


@op(promote="float")
def true_divide(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return ``x1 / x2``; integers and booleans give floatx."""
    return x1 / x2


true_divide.defvjp(x1=lambda g, x2: g / x2, x2=lambda g, y, x2: -g * y / x2)
divide = true_divide


@op(promote="float")
def divide_no_nan(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return ``x1 / x2``, and 0 wherever `x2` is 0."""
    x1, x2 = paired(xp, x1, x2)
    none = x2 == 0
    return xp.where(none, x2, x1 / xp.where(none, xp.ones_like(x2), x2))


divide_no_nan.defvjp(x1=lambda g, x2: divide_no_nan(g, x2), x2=lambda g, y, x2: divide_no_nan(-g * y, x2))


@op(promote="float")
def reciprocal(xp: Any, x: Any, /) -> Any:
    """Return ``1 / x``; integers give floatx."""
    return 1 / x


reciprocal.defvjp(x=lambda g, y: -g * y * y)


@op(promote="number")
def negative(xp: Any, x: Any, /) -> Any:
    """Return ``-x``."""
    return -x


negative.defvjp(x=lambda g: -g)


@op(promote="number")
def sign(xp: Any, x: Any, /) -> Any:
    """Return -1, 0 or 1."""
    return xp.sign(x)


@op(promote="number")
def absolute(xp: Any, x: Any, /) -> Any:
    """Return the absolute value; its derivative at 0 is 0."""
    return xp.abs(x)


absolute.defvjp(x=lambda g, x: g * sign(x))
abs = absolute


@op(promote="float")
def fabs(xp: Any, x: Any, /) -> Any:
    """Return the absolute value as a float; its derivative at 0 is 0."""
    return xp.abs(x)


fabs.defvjp(x=lambda g, x: g * sign(x))


@op(promote="float")
def sqrt(xp: Any, x: Any, /) -> Any:
    """Return the square root; NaN below 0."""
    return xp.sqrt(x)


sqrt.defvjp(x=lambda g, y: 0.5 * g / y)


@op(promote="float")
def rsqrt(xp: Any, x: Any, /) -> Any:
    """Return ``1 / sqrt(x)``."""
    return 1 / xp.sqrt(x)


rsqrt.defvjp(x=lambda g, y: -0.5 * g * y * y * y)


@op(promote="float")
def cbrt(xp: Any, x: Any, /) -> Any:
    """Return the cube root, negative for negative `x`, -0.0 among them."""
    return xp.copysign(xp.pow(xp.abs(x), 1 / 3), x)


cbrt.defvjp(x=lambda g, y: g / (3 * y * y))


@op(promote="number")
def square(xp: Any, x: Any, /) -> Any:
    """Return ``x * x``."""
    return x * x


square.defvjp(x=lambda g, x: 2 * g * x)


@op(promote="number")
def power(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return `x1` to the power `x2`; integers to a negative power are an error."""
    if isinstance(x2, int | float):
        if x2 < 0 and dtype_of(x1).kind != "f":
            raise ValueError("an integer has no integer negative power; make it a float first")
        if x2 in (2, 3):  # a general power costs thirty products
            return x1 * x1 if x2 == 2 else x1 * x1 * x1
    return xp.pow(x1, x2)


@op
def one_less(xp: Any, x: Any, /) -> Any:
    """Return ``x - 1``, but 0 for 0: the exponent in the derivative of a power, which 0 wipes out anyway."""
    return xp.where(x == 0, x, x - 1)


@op(promote="float")
def log_of_base(xp: Any, x: Any, /) -> Any:
    """Return ``log(x)``, but 0 at 0, where the power that it multiplies is 0."""
    return xp.log(xp.where(x == 0, xp.ones_like(x), x))


one_less.defvjp(x=lambda g: g)
log_of_base.defvjp(x=lambda g, x: divide_no_nan(g, x))
power.defvjp(
    x1=lambda g, x1, x2: g * x2 * power(x1, (x2 and x2 - 1) if isinstance(x2, int | float) else one_less(x2)),
    x2=lambda g, y, x1: g * y * log_of_base(x1),
)


@op(promote="float")
def hypot(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return ``sqrt(x1**2 + x2**2)`` without overflow; its derivative at the origin is 0."""
    return xp.hypot(x1, x2)


hypot.defvjp(x1=lambda g, y, x1: g * divide_no_nan(x1, y), x2=lambda g, y, x2: g * divide_no_nan(x2, y))
