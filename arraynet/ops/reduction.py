"""Reductions along axes: `axis` is None (all), an int, or a tuple of ints; `keepdims` keeps them as 1."""

import math
from typing import Any

import numpy as np

from arraynet.backend import dtype_of
from arraynet.dispatch import op
from arraynet.operands import operands
from arraynet.ops.comparison import equal, isclose, truth
from arraynet.ops.elementwise import multiply, sqrt, subtract, true_divide
from arraynet.ops.exponential import exp
from arraynet.ops.shape import broadcast_to, checked_axes, checked_axis, reshape, transpose
from arraynet.ops.taking import where

__all__ = ["all", "allclose", "amax", "amin", "any", "average", "count_nonzero", "logsumexp", "max", "mean", "min",
           "ptp", "std", "sum", "var"]  # fmt: skip


def axes_of(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """Return the axes that `axis` names, counted from the front; an axis out of range is a ValueError."""
    return tuple(range(len(shape))) if axis is None else checked_axes(axis, len(shape))


def kept_shape(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """Return a shape with the reduced axes as 1."""
    gone = axes_of(shape, axis)
    return tuple(1 if k in gone else n for k, n in enumerate(shape))


def expanded(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """Return the gradient of a reduction's result with the reduced axes back, as 1."""
    return g if keepdims else reshape(g, kept_shape(x.shape, axis))


def count(shape: tuple[int, ...], axis: Any) -> int:
    """Return how many elements a reduction puts together."""
    return math.prod(shape[a] for a in axes_of(shape, axis))


def single(axis: Any) -> bool:
    """Return whether `axis` is one axis by its number; a row of several has NumPy's `__index__`, too."""
    return axis is not None and np.ndim(axis) == 0


def merged(x: Any, axis: Any) -> tuple[Any, int]:
    """Return `x` with the named axes as one, and which it is: for what works along a single axis."""
    gone = axes_of(x.shape, axis)
    if single(axis):
        return x, gone[0]
    rest = tuple(k for k in range(x.ndim) if k not in gone)
    moved = transpose(x, axes=rest + gone)
    return reshape(moved, (*moved.shape[: len(rest)], count(x.shape, axis))), len(rest)


def checked(x: Any, axis: Any) -> Any:
    """Return `axis` for a primitive to reduce by, after a look at whether the array has it."""
    simple = axis is None or (type(axis) is int and -x.ndim <= axis < x.ndim)
    return axis if simple else axes_of(x.shape, axis)


def sum_dtype(dtype: np.dtype) -> str:
    """Return the dtype that a sum has: that of its terms, but 32 bits at least for integers and booleans."""
    if dtype.kind == "f" or dtype.itemsize >= 4:
        return dtype.name
    return "uint32" if dtype.kind == "u" else "int32"


@op(promote="number")
def sum(xp: Any, x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the sum along axes; booleans and small integers are summed in 32 bits."""
    return xp.sum(x, axis=checked(x, axis), dtype=getattr(xp, sum_dtype(dtype_of(x))), keepdims=keepdims)


sum.defvjp(x=lambda g, x, axis, keepdims: broadcast_to(expanded(g, x, axis, keepdims), x.shape))


@op(promote="float")
def mean(xp: Any, x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the arithmetic mean along axes; integers give floatx."""
    return xp.mean(x, axis=checked(x, axis), keepdims=keepdims)


mean.defvjp(
    x=lambda g, x, axis, keepdims: broadcast_to(
        true_divide(expanded(g, x, axis, keepdims), count(x.shape, axis)), x.shape
    )
)


def extremum(xp: Any, name: str, x: Any, axis: Any, keepdims: bool, initial: Any) -> Any:
    """Return the max or min along axes, or `initial` where that is more so; without elements that alone."""
    best = getattr(xp, name)
    axes = axes_of(x.shape, axis)
    if initial is None:
        return best(x, axis=axes, keepdims=keepdims)
    initial = _held(initial, dtype_of(x))
    if not count(x.shape, axis):
        kept = xp.full(kept_shape(x.shape, axis), initial, dtype=x.dtype)
        return kept if keepdims else xp.squeeze(kept, axis=axes)
    return getattr(xp, name + "imum")(best(x, axis=axes, keepdims=keepdims), initial)


def _held(initial: Any, kind: np.dtype) -> float:
    """A number of a dtype; of integers, infinity is the last one that there is."""
    if kind.kind == "f":
        return float(initial)
    low, high = int(np.iinfo(kind).min), int(np.iinfo(kind).max)
    if initial in (-math.inf, math.inf):
        return high if initial > 0 else low
    if not low <= initial <= high or int(initial) != initial:
        raise ValueError(f"initial must be a number that {kind} holds, received {initial!r}; or cast x to floats.")
    return int(initial)


@op(promote="number")
def max(xp: Any, x: Any, /, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """Return the largest element along axes; several of them share the gradient equally.

    `initial` is a number of their dtype that takes part, as well; with it, axes of length 0 can be reduced.
    """
    return extremum(xp, "max", x, axis, keepdims, initial)


@op(promote="number")
def min(xp: Any, x: Any, /, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """Return the smallest element along axes; several of them share the gradient equally.

    `initial` is a number of their dtype that takes part, as well; with it, axes of length 0 can be reduced.
    """
    return extremum(xp, "min", x, axis, keepdims, initial)


@op
def tie_shares(xp: Any, x: Any, y: Any, /, axis: Any = None) -> Any:
    """Return 1/k where `x` equals the reduced `y`, with k elements that do, else 0; NaN where `y` is."""
    hit = xp.astype(x == y, x.dtype)
    return xp.where(y == y, hit / xp.maximum(xp.sum(hit, axis=checked(x, axis), keepdims=True), 1), y)


def grad_extremum(g: Any, y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    g, y = expanded(g, x, axis, keepdims), expanded(y, x, axis, keepdims)
    return multiply(g, tie_shares(x, y, axis=axis))


max.defvjp(x=grad_extremum)
min.defvjp(x=grad_extremum)


def largest(x: Any, axis: Any, keepdims: bool = False) -> Any:
    """Return the largest of numbers that are 0 or more, 0 of none."""
    return max(x, axis, keepdims, None if count(x.shape, axis) else 0.0)


def amax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the largest element along axes; see `max`."""
    return max(x, axis, keepdims)


def amin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the smallest element along axes; see `min`."""
    return min(x, axis, keepdims)


def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the largest minus the smallest element along axes."""
    return subtract(max(x, axis, keepdims), min(x, axis, keepdims))


@op(promote="float")
def var(xp: Any, x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the mean squared deviation from the mean along axes (divided by n, not by n - 1).

    Two passes over the data: the mean of squares minus the squared mean would lose all digits.
    """
    axes = checked(x, axis)
    deviation = x - xp.mean(x, axis=axes, keepdims=True)
    return xp.mean(deviation * deviation, axis=axes, keepdims=keepdims)


var.defvjp(
    x=lambda g, x, axis, keepdims: (
        expanded(g, x, axis, keepdims) * (x - mean(x, axis, keepdims=True)) * (2 / (count(x.shape, axis) or 1))
    )
)


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the standard deviation along axes, the square root of `var`."""
    return sqrt(var(x, axis, keepdims))


@op(promote="float")
def logsumexp(xp: Any, x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """Return ``log(sum(exp(x)))`` along axes without overflow."""
    axes = axes_of(x.shape, axis)
    top = 0.0
    if count(x.shape, axes):  # of nothing there is no largest
        top = xp.max(x, axis=axes, keepdims=True)
        top = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    y = top + xp.log(xp.sum(xp.exp(x - top), axis=axes, keepdims=True))
    return y if keepdims else xp.squeeze(y, axis=axes)


def grad_logsumexp(g: Any, y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    y = expanded(y, x, axis, keepdims)
    shares = exp(where(equal(x, y), 0.0, x - y))  # infinities have no difference; as exact as `y`, so the sum is not 1
    return expanded(g, x, axis, keepdims) * (shares / sum(shares, axis=axis, keepdims=True))


logsumexp.defvjp(x=grad_logsumexp)


@op(promote=None)
def any(xp: Any, x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """Return whether some element along axes is true; any number but 0 is."""
    return xp.any(truth(xp, x), axis=checked(x, axis), keepdims=keepdims)


@op(promote=None)
def all(xp: Any, x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """Return whether every element along axes is true; any number but 0 is."""
    return xp.all(truth(xp, x), axis=checked(x, axis), keepdims=keepdims)


def allclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Return whether all elements are close; see `isclose`."""
    return all(isclose(x1, x2, rtol, atol, equal_nan))


@op(promote=None)
def count_nonzero(xp: Any, x: Any, /, axis: Any = None) -> Any:
    """Return how many elements along axes are not 0, as int32."""
    return xp.sum(xp.astype(truth(xp, x), xp.int32), axis=checked(x, axis), dtype=xp.int32)


def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """Return the mean along axes, weighted by `weights`: of the shape of `x`, or one for each place of one axis."""
    if weights is None:
        return mean(x, axis)
    x, weights = operands(x, weights)
    if weights.shape != x.shape:
        place = checked_axis(axis, x.ndim) if single(axis) else None
        if place is None or weights.shape != (x.shape[place],):
            raise ValueError(
                f"average: weights have shape {weights.shape}; they need the shape of x, {x.shape}, or, with an int "
                f"as axis (received {axis!r}), as many elements as that axis."
            )
        weights = reshape(weights, tuple(n if k == place else 1 for k, n in enumerate(x.shape)))
    weights = broadcast_to(weights, x.shape)
    return true_divide(sum(x * weights, axis), sum(weights, axis))
