"""Arithmetic, element by element, each function beside its derivative.

Booleans count as int32 in arithmetic: the array-API standard has none for them, and libraries differ.
"""

from typing import Any

from arraynet.backend import dtype_of
from arraynet.dispatch import op
from arraynet.ops.comparison import equal, greater, isfinite, isnan, less, logical_not, paired

__all__ = [
    "abs",
    "absolute",
    "add",
    "cbrt",
    "clip",
    "divide",
    "divide_no_nan",
    "fabs",
    "fmax",
    "fmin",
    "heaviside",
    "hypot",
    "identity_op",
    "maximum",
    "minimum",
    "multiply",
    "nan_to_num",
    "negative",
    "nextafter",
    "power",
    "reciprocal",
    "rsqrt",
    "sign",
    "signbit",
    "sqrt",
    "square",
    "subtract",
    "true_divide",
]  # fmt: skip


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
    """Return the cube root, negative for negative `x`."""
    return xp.sign(x) * xp.pow(xp.abs(x), 1 / 3)


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


@op(promote="number")
def maximum(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return the larger of two, NaN if either is; at a tie each takes half of the gradient."""
    return xp.maximum(x1, x2)


@op(promote="number")
def minimum(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return the smaller of two, NaN if either is; at a tie each takes half of the gradient."""
    return xp.minimum(x1, x2)


@op(promote="float")
def share(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return 1 where ``x1 > x2``, a half where they are equal, else 0: the derivative of `maximum`."""
    return (1 + xp.sign(x1 - x2)) / 2


maximum.defvjp(x1=lambda g, x1, x2: g * share(x1, x2), x2=lambda g, x1, x2: g * share(x2, x1))
minimum.defvjp(x1=lambda g, x1, x2: g * share(x2, x1), x2=lambda g, x1, x2: g * share(x1, x2))


@op(promote="number")
def clip(xp: Any, x: Any, x_min: Any, x_max: Any, /) -> Any:
    """Return `x` cut off below `x_min` and above `x_max`; the gradient passes inside and at the bounds.

    Either bound may be None.
    """
    x = x if x_min is None else xp.maximum(x, x_min)
    return x if x_max is None else xp.minimum(x, x_max)


@op(promote="number")
def within(xp: Any, x: Any, x_min: Any, x_max: Any, /) -> Any:
    """Return where `x` is not beyond a bound that is not None."""
    above = x == x if x_min is None else x >= x_min
    return xp.logical_and(above, x == x if x_max is None else x <= x_max)


clip.defvjp(
    x=lambda g, x, x_min, x_max: g * within(x, x_min, x_max),
    x_min=lambda g, x, x_min, x_max: g * less(x, x_min) * within(x_min, None, x_max),
    x_max=lambda g, x, x_min, x_max: g * greater(clip(x, x_min, None), x_max),
)


@op(promote="number")
def filled(xp: Any, x: Any, value: Any, /) -> Any:
    """Return `x` with `value` wherever it is NaN."""
    x, value = paired(xp, x, value)
    return xp.where(x == x, x, value)


filled.defvjp(x=lambda g, x: g * logical_not(isnan(x)), value=lambda g, x: g * isnan(x))


def fmax(x1: Any, x2: Any) -> Any:
    """Return the larger of two, the other where one is NaN."""
    return maximum(filled(x1, x2), filled(x2, x1))


def fmin(x1: Any, x2: Any) -> Any:
    """Return the smaller of two, the other where one is NaN."""
    return minimum(filled(x1, x2), filled(x2, x1))


@op(promote="float")
def hypot(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return ``sqrt(x1**2 + x2**2)`` without overflow; its derivative at the origin is 0."""
    return xp.hypot(x1, x2)


hypot.defvjp(x1=lambda g, y, x1: g * divide_no_nan(x1, y), x2=lambda g, y, x2: g * divide_no_nan(x2, y))


@op(promote="float")
def heaviside(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return 0 for negative `x1`, 1 for positive, `x2` at 0, NaN at NaN."""
    x1, x2 = paired(xp, x1, x2)
    return xp.where(x1 == 0, x2, (1 + xp.sign(x1)) / 2)


heaviside.defvjp(x2=lambda g, x1: g * equal(x1, 0))


@op(promote="number")
def signbit(xp: Any, x: Any, /) -> Any:
    """Return where the sign is minus, which -0.0 has too."""
    return xp.signbit(x) if dtype_of(x).kind == "f" else x < 0


@op(promote="float")
def nextafter(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return the float next to `x1` in the direction of `x2`."""
    return xp.nextafter(x1, x2)


@op
def nan_to_num(xp: Any, x: Any, /, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """Return `x` with NaN and infinities replaced, the latter by the dtype's extremes unless given."""
    if dtype_of(x).kind != "f":
        return x
    info = xp.finfo(x.dtype)
    x = xp.where(x == xp.inf, info.max if posinf is None else posinf, x)
    x = xp.where(x == -xp.inf, info.min if neginf is None else neginf, x)
    return xp.where(xp.isnan(x), nan, x)


nan_to_num.defvjp(x=lambda g, x: g * isfinite(x))
