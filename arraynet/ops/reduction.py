"""Reductions along axes: `axis` is None (all), an int, or a tuple of ints; `keepdims` keeps them as 1."""

from typing import Any

import numpy as np

from arraynet.backend import dtype_of
from arraynet.dispatch import op
from arraynet.dtypes import is_float
from arraynet.ops.elementwise import multiply, true_divide
from arraynet.ops.shape import broadcast_to, reshape

__all__ = ["max", "mean", "sum"]


def expanded(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """Return the gradient of a reduction's result with the reduced axes back, as 1."""
    return g if keepdims else reshape(g, kept_shape(x.shape, axis))


def kept_shape(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """Return a shape with the reduced axes as 1."""
    axes = range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    gone = {a % len(shape) for a in axes}
    return tuple(1 if k in gone else n for k, n in enumerate(shape))


def count(shape: tuple[int, ...], axis: Any) -> int:
    """Return how many elements a reduction puts together."""
    kept = kept_shape(shape, axis)
    return int(np.prod([n for n, k in zip(shape, kept, strict=True) if n != k], dtype=np.int64))


def sum_dtype(xp: Any, x: Any) -> Any:
    """Return the dtype that a sum of `x` has: its own, but 32 bits at least for integers and booleans."""
    kind = dtype_of(x)
    if is_float(kind) or kind.itemsize >= 4:
        return x.dtype
    return xp.uint32 if kind.kind == "u" else xp.int32


@op
def sum(xp: Any, x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the sum along axes; booleans and small integers are summed in 32 bits."""
    return xp.sum(x, axis=axis, dtype=sum_dtype(xp, x), keepdims=keepdims)


sum.defvjp(x=lambda g, x, axis, keepdims: broadcast_to(expanded(g, x, axis, keepdims), x.shape))


@op(promote="float")
def mean(xp: Any, x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the arithmetic mean along axes; integers give floatx."""
    return xp.mean(x, axis=axis, keepdims=keepdims)


mean.defvjp(
    x=lambda g, x, axis, keepdims: broadcast_to(
        true_divide(expanded(g, x, axis, keepdims), count(x.shape, axis)), x.shape
    )
)


@op
def max(xp: Any, x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the largest element along axes; several of them share the gradient equally."""
    return xp.max(x, axis=axis, keepdims=keepdims)


@op
def tie_shares(xp: Any, x: Any, y: Any, /, axis: Any = None) -> Any:
    """Return 1/k where `x` equals the reduced `y`, with k elements that do, else 0."""
    hit = xp.astype(x == y, x.dtype)
    return hit / xp.sum(hit, axis=axis, keepdims=True)


def grad_extremum(g: Any, y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    g, y = expanded(g, x, axis, keepdims), expanded(y, x, axis, keepdims)
    return multiply(g, tie_shares(x, y, axis=axis))


max.defvjp(x=grad_extremum)
