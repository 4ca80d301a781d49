"""Exponentials and logarithms, each beside its derivative.

Where a plain formula would lose digits or overflow (near zero, for large arguments) it is not used.
"""

import math
from typing import Any

from arraynet.dispatch import op
from arraynet.dtypes import promote_float
from arraynet.operands import operands
from arraynet.ops.activations import sigmoid
from arraynet.ops.comparison import equal, isinf
from arraynet.ops.elementwise import multiply, subtract
from arraynet.ops.shape import cast
from arraynet.ops.taking import where

__all__ = ["exp", "exp2", "expm1", "ldexp", "log", "log1p", "log2", "log10", "logaddexp", "logaddexp2"]

LN2, LN10 = math.log(2), math.log(10)


@op(promote="float")
def exp(xp: Any, x: Any, /) -> Any:
    """Return e to the power `x`."""
    return xp.exp(x)


exp.defvjp(x=lambda g, y: g * y)


@op(promote="float")
def exp2(xp: Any, x: Any, /) -> Any:
    """Return 2 to the power `x`."""
    return xp.pow(2.0, x)


exp2.defvjp(x=lambda g, y: g * y * LN2)


@op(promote="float")
def expm1(xp: Any, x: Any, /) -> Any:
    """Return ``exp(x) - 1``, with all digits near 0."""
    return xp.expm1(x)


expm1.defvjp(x=lambda g, y: g * (y + 1))


@op(promote="float")
def log(xp: Any, x: Any, /) -> Any:
    """Return the natural logarithm; -inf at 0, NaN below."""
    return xp.log(x)


log.defvjp(x=lambda g, x: g / x)


@op(promote="float")
def log1p(xp: Any, x: Any, /) -> Any:
    """Return ``log(1 + x)``, with all digits near 0."""
    return xp.log1p(x)


log1p.defvjp(x=lambda g, x: g / (1 + x))


@op(promote="float")
def log2(xp: Any, x: Any, /) -> Any:
    """Return the logarithm to base 2."""
    return xp.log2(x)


log2.defvjp(x=lambda g, x: g / (x * LN2))


@op(promote="float")
def log10(xp: Any, x: Any, /) -> Any:
    """Return the logarithm to base 10."""
    return xp.log10(x)


log10.defvjp(x=lambda g, x: g / (x * LN10))


@op(promote="float")
def logaddexp(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return ``log(exp(x1) + exp(x2))`` without overflow."""
    return xp.logaddexp(x1, x2)


def ahead(x1: Any, x2: Any) -> Any:
    """Return ``x1 - x2``, and 0 for equal infinities, which have no difference."""
    return where(isinf(x1) & equal(x1, x2), 0.0, subtract(x1, x2))


logaddexp.defvjp(x1=lambda g, x1, x2: g * sigmoid(ahead(x1, x2)), x2=lambda g, x1, x2: g * sigmoid(ahead(x2, x1)))


@op(promote="float")
def logaddexp2(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return ``log2(2**x1 + 2**x2)`` without overflow."""
    return xp.logaddexp(x1 * LN2, x2 * LN2) / LN2


logaddexp2.defvjp(
    x1=lambda g, x1, x2: g * sigmoid(ahead(x1, x2) * LN2), x2=lambda g, x1, x2: g * sigmoid(ahead(x2, x1) * LN2)
)


def ldexp(x1: Any, x2: Any) -> Any:
    """Return ``x1 * 2**x2`` for integers `x2`; the result has the dtype of `x1`, floatx for integers."""
    x1, x2 = operands(x1, x2)
    if x2.dtype.kind not in "iu":
        raise TypeError(f"ldexp: x2 holds exponents, which are integers; received dtype {x2.dtype}.")
    return multiply(x1, exp2(cast(x2, promote_float(x1.dtype))))
