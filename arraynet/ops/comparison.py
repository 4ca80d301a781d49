"""Comparisons and logic: boolean results, and so no derivatives."""

from typing import Any

from arraynet.backend import dtype_of
from arraynet.dispatch import op

__all__ = ["equal", "greater", "greater_equal", "isclose", "isfinite", "isinf", "isnan", "isneginf",
           "isposinf", "less", "less_equal", "logical_and", "logical_not", "logical_or", "logical_xor",
           "not_equal"]  # fmt: skip


@op
def equal(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return where ``x1 == x2``."""
    return x1 == x2


@op
def not_equal(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return where ``x1 != x2``."""
    return x1 != x2


@op(promote="number")
def less(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return where ``x1 < x2``."""
    return x1 < x2


@op(promote="number")
def less_equal(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return where ``x1 <= x2``."""
    return x1 <= x2


@op(promote="number")
def greater(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return where ``x1 > x2``."""
    return x1 > x2


@op(promote="number")
def greater_equal(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return where ``x1 >= x2``."""
    return x1 >= x2


def paired(xp: Any, x1: Any, x2: Any) -> tuple[Any, Any]:
    """Return two operands of a form as arrays of one shape; a Python scalar among them has none."""
    zeros = xp.zeros_like(x1 + x2)
    return x1 + zeros, x2 + zeros


def truth(xp: Any, x: Any) -> Any:
    """Return where a form's array is not zero."""
    return x if dtype_of(x).kind == "b" else x != 0


@op(promote=None)
def logical_and(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return where both are true; any number but 0 is."""
    return xp.logical_and(truth(xp, x1), truth(xp, x2))


@op(promote=None)
def logical_or(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return where either is true; any number but 0 is."""
    return xp.logical_or(truth(xp, x1), truth(xp, x2))


@op(promote=None)
def logical_xor(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return where one of the two is true and the other is not; any number but 0 is true."""
    return xp.logical_xor(truth(xp, x1), truth(xp, x2))


@op(promote=None)
def logical_not(xp: Any, x: Any, /) -> Any:
    """Return where `x` is 0 or False."""
    return xp.logical_not(truth(xp, x))


@op(promote="float")
def isnan(xp: Any, x: Any, /) -> Any:
    """Return where `x` is not a number."""
    return xp.isnan(x)


@op(promote="float")
def isfinite(xp: Any, x: Any, /) -> Any:
    """Return where `x` is neither infinite nor NaN."""
    return xp.isfinite(x)


@op(promote="float")
def isinf(xp: Any, x: Any, /) -> Any:
    """Return where `x` is infinite."""
    return xp.isinf(x)


@op(promote="float")
def isposinf(xp: Any, x: Any, /) -> Any:
    """Return where `x` is plus infinity."""
    return x == xp.inf


@op(promote="float")
def isneginf(xp: Any, x: Any, /) -> Any:
    """Return where `x` is minus infinity."""
    return x == -xp.inf


@op(promote="float")
def isclose(xp: Any, x1: Any, x2: Any, /, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Return where ``|x1 - x2| <= atol + rtol * |x2|``; infinities are close to themselves only."""
    x1, x2 = paired(xp, x1, x2)
    near = xp.logical_and(xp.abs(x1 - x2) <= atol + rtol * xp.abs(x2), xp.isfinite(x2))
    same = xp.logical_or(x1 == x2, xp.logical_and(xp.isnan(x1), xp.isnan(x2))) if equal_nan else x1 == x2
    return xp.logical_or(near, same)
