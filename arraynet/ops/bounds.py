"""Choosing between values: extremes, bounds, signs and gaps, each beside its derivative."""

from typing import Any

from arraynet.backend import dtype_of
from arraynet.dispatch import op
from arraynet.ops.comparison import equal, greater, isfinite, isnan, less, logical_not, paired

__all__ = ["clip", "fmax", "fmin", "heaviside", "maximum", "minimum", "nan_to_num", "nextafter", "signbit"]


@op(promote="number")
def maximum(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return the larger of two, NaN if either is; at a tie each takes half of the gradient."""
    return xp.maximum(x1, x2)


@op(promote="number")
def minimum(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return the smaller of two, NaN if either is; at a tie each takes half of the gradient."""
    return xp.minimum(x1, x2)


@op
def share(xp: Any, g: Any, x1: Any, x2: Any, /) -> Any:
    """Return `g` where ``x1 > x2``, half of it where they are equal, also at infinity, else 0."""
    return g * (xp.astype(x1 > x2, g.dtype) + xp.astype(x1 >= x2, g.dtype)) / 2


share.defvjp(g=lambda g, x1, x2: share(g, x1, x2))
maximum.defvjp(x1=lambda g, x1, x2: share(g, x1, x2), x2=lambda g, x1, x2: share(g, x2, x1))
minimum.defvjp(x1=lambda g, x1, x2: share(g, x2, x1), x2=lambda g, x1, x2: share(g, x1, x2))


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
