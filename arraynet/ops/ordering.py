"""Order: sorting, which is stable with the lower index first, and what is asked of sorted data."""

import math
from typing import Any

from arraynet.dispatch import op
from arraynet.operands import operands
from arraynet.ops.bounds import filled
from arraynet.ops.comparison import greater, less
from arraynet.ops.cumulative import along
from arraynet.ops.reduction import count_nonzero, kept_shape
from arraynet.ops.shape import expand_dims, integer, narrow, reshape
from arraynet.ops.taking import take_along_axis

__all__ = ["argmax", "argmin", "argpartition", "argsort", "in_top_k", "sort", "top_k"]


@op(promote="number", name="position")
def _position(xp: Any, x: Any, /, axis: int, smallest: bool) -> Any:
    return xp.astype((xp.argmin if smallest else xp.argmax)(x, axis=axis), xp.int32)


def position(x: Any, axis: Any, keepdims: bool, smallest: bool) -> Any:
    """Return where along an axis, or among all elements, the first largest or smallest is."""
    (x,) = operands(x)
    y = _position(*along(x, axis), smallest)
    return reshape(y, kept_shape(x.shape, axis)) if keepdims else y


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the index of the largest element along an axis, or among all in row order; the first of equals."""
    return position(x, axis, keepdims, smallest=False)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the index of the smallest element along an axis, or among all in row order; the first of equals."""
    return position(x, axis, keepdims, smallest=True)


@op(promote="number", name="order")
def _order(xp: Any, x: Any, /, axis: int, largest: bool) -> Any:
    if not largest:
        return xp.astype(xp.argsort(x, axis=axis, stable=True), xp.int32)
    turned = xp.argsort(xp.flip(x, axis=axis), axis=axis, stable=True)  # stable from behind, once more turned
    return xp.astype(x.shape[axis] - 1 - xp.flip(turned, axis=axis), xp.int32)


@op(promote=None)
def arranged(xp: Any, x: Any, order: Any, /, axis: int) -> Any:
    """Return `x` with the elements along an axis in another order: `order` is a permutation in every lane."""
    return xp.take_along_axis(x, xp.astype(order, xp.int64), axis=axis)


arranged.defvjp(x=lambda g, order, axis: arranged(g, _order(order, axis, False), axis))


def argsort(x: Any, axis: int | None = -1) -> Any:
    """Return the indices that sort along an axis, or the flat data with None; equals keep their order."""
    (x,) = operands(x)
    return _order(*along(x, axis if x.ndim else None), largest=False)  # of a number as NumPy's: [0]


def sort(x: Any, axis: int | None = -1) -> Any:
    """Return the elements in ascending order along an axis, or flat with None; NaN comes last."""
    x, axis = along(x, axis)
    return arranged(x, _order(x, axis, largest=False), axis)


def argpartition(x: Any, kth: int, axis: int | None = -1) -> Any:
    """Return indices in an order that puts no larger element before place `kth`, and no smaller one after it.

    The order within the two parts is not promised; here it is that of `argsort`.
    """
    x, axis = along(x, axis)
    if not -x.shape[axis] <= integer("kth", kth) < x.shape[axis]:
        raise ValueError(f"argpartition: kth={kth} is no place among {x.shape[axis]} elements (shape {x.shape}).")
    return _order(x, axis, largest=False)


def top_k(x: Any, k: int, sorted: bool = True) -> Any:
    """Return the `k` largest elements along the last axis, and their indices as int32.

    They come in descending order, equals with the lower index first, whatever `sorted` says.

    Raises
    ------
    ValueError
        `k` is larger than the last axis, or negative.
    """
    (x,) = operands(x)
    if not x.ndim or not 0 <= integer("k", k) <= x.shape[-1]:
        raise ValueError(f"top_k: k={k} elements are wanted along the last axis of shape {x.shape}.")
    axis = x.ndim - 1
    order = _order(x, axis, largest=True)
    return narrow(arranged(x, order, axis), axis, 0, k), narrow(order, axis, 0, k)


def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Return whether each target class is among the `k` best predictions of its row; ties count as in.

    Shapes: targets (n,), integers; predictions (n, classes).
    """
    targets, predictions = operands(targets, predictions)
    score = take_along_axis(predictions, expand_dims(targets, -1), axis=-1)
    ahead = count_nonzero(greater(predictions, filled(score, -math.inf)), axis=-1)
    return less(ahead, integer("k", k))
