"""Putting values at indices: every one is a `put_rows`, or a choice by index, so none assigns."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from arraynet import dtypes
from arraynet.backend import combined, dtype_of
from arraynet.dispatch import op
from arraynet.dtypes import host_array
from arraynet.operands import operands
from arraynet.ops.bounds import maximum, minimum
from arraynet.ops.elementwise import multiply, true_divide
from arraynet.ops.ordering import argsort
from arraynet.ops.reduction import max as reduce_max
from arraynet.ops.shape import (
    broadcast_to,
    cast,
    checked_axis,
    integer,
    narrow,
    new_shape,
    reshape,
    static_shape,
    widen,
)
from arraynet.ops.taking import counted, linear_index, put_rows, row_index, take_valid, valid_index, where, whole
from arraynet.ops.turning import roll
from arraynet.tensor import Tensor
from arraynet.variable import Variable

__all__ = ["multi_hot", "one_hot", "scatter", "scatter_update", "segment_max", "segment_min", "segment_sum"]


def _rows(indices: Any, shape: tuple[int, ...]) -> tuple[Any, int, tuple[int, ...]]:
    """Indices (..., k) of the first k axes as one linear index; the k axes' size; the shape of the others."""
    if not isinstance(indices, Tensor | Variable):
        indices = host_array(indices)
    if not indices.ndim or not 0 < indices.shape[-1] <= len(shape):
        raise ValueError(
            f"Indices of shape {tuple(indices.shape)} hold one index per axis along their last axis, "
            f"for an array of {len(shape)} axes."
        )
    k = indices.shape[-1]
    dims, rest = shape[:k], shape[k:]
    if not isinstance(indices, np.ndarray):
        return row_index(whole(indices), dims=dims), math.prod(dims), rest
    each = [valid_index(indices[..., axis], n, axis) for axis, n in enumerate(dims)]
    return linear_index(each, dims), math.prod(dims), rest


def _dropping(put: Callable[..., Any], values: Any, index: Any, n: int) -> Any:
    """Rows that `put` makes of values; those at index `n` go to one row more, which is left out."""
    return narrow(put(values, index, n=n + 1), 0, 0, n)


def scatter(indices: Any, values: Any, shape: Any) -> Any:
    """Return zeros of a shape with `values` added at `indices`, repeated ones included.

    Parameters
    ----------
    indices : Tensor of int, shape (..., k)
        An index into each of the first k axes. One out of range is an IndexError if it is known on the host; what a
        Tensor names outside is dropped.
    values : Tensor
        What is added there, of shape ``(..., *shape[k:])``.
    shape : tuple of int
        The result's.
    """
    shape = static_shape(shape)
    index, n, rest = _rows(indices, shape)
    values = broadcast_to(operands(values, index)[0], (*index.shape, *rest))
    return reshape(_dropping(partial(put_rows, axis=0), values, index, n), shape)


@op(promote=None)
def last_writer(xp: Any, indices: Any, /, n: int) -> Any:
    """Return, for each of `n` rows, the place of the last index that names it, and whether one does."""
    order = xp.argsort(indices, stable=True)
    keys, rows = xp.take(indices, order), xp.arange(n, dtype=indices.dtype)
    last = xp.maximum(xp.searchsorted(keys, rows, side="right") - 1, 0)
    return xp.take(order, last), xp.take(keys, last) == rows


EXTREMES = {"max": maximum, "min": minimum}


def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Any:
    """Return `inputs` with `updates` at `indices`; where an index is repeated, the last update wins.

    Parameters
    ----------
    inputs : Tensor
        Of any shape.
    indices : Tensor of int, shape (..., k)
        An index into each of the first k axes; out of range as for `scatter`.
    updates : Tensor
        What is put there, of shape ``(..., *inputs.shape[k:])``.
    reduction : {"add", "max", "min", "mul"}, optional
        Add to what is there, take the larger or smaller, or multiply, instead of replacing it.
    """
    if reduction not in (None, "add", "mul", *EXTREMES):
        raise ValueError(
            f"scatter_update: reduction must be None, 'add', 'max', 'min' or 'mul', received {reduction!r}."
        )
    x, _ = operands(inputs, updates)
    index, n, rest = _rows(indices, x.shape)
    updates = reshape(broadcast_to(operands(updates, x)[0], (*index.shape, *rest)), (index.size, *rest))
    index, rows = reshape(operands(index, x)[0], -1), reshape(x, (n, *rest))
    if reduction == "add":
        return reshape(rows + _dropping(partial(put_rows, axis=0), updates, index, n), x.shape)
    if reduction == "mul" and index.size:
        return reshape(rows * _products(updates, index, n), x.shape)
    if reduction in EXTREMES:
        put = _dropping(partial(put_extreme, largest=reduction == "max"), updates, index, n)
        return reshape(EXTREMES[reduction](rows, put), x.shape)
    if not index.size:
        return reshape(x, x.shape)  # of its own, where the inputs are the caller's array
    place, hit = last_writer(index, n=n)
    hit = reshape(hit, (n,) + (1,) * len(rest))
    return reshape(where(hit, take_valid(updates, place, axis=0), rows), x.shape)


def _products(values: Any, index: Any, n: int) -> Any:
    """For each of `n` rows, the product of the values at its index, 1 if none is there.

    The scan of `arraynet.backend.combined`, in ops: so its derivatives of every order are right where a value is 0.
    """
    order, column = argsort(index), (-1,) + (1,) * (values.ndim - 1)
    keys, found, step = take_valid(index, order, axis=0), take_valid(values, order, axis=0), 1
    while step < index.size:
        same = widen(keys[step:] == keys[:-step], axis=0, before=step, after=0)
        found = found * where(reshape(same, column), roll(found, step, axis=0), 1)
        step *= 2
    place, hit = last_writer(keys, n=n)
    return where(reshape(hit, column), take_valid(found, place, axis=0), 1)


def _by_segment(put: Callable[..., Any], data: Any, segment_ids: Any, num_segments: int | None) -> Any:
    """Rows put together by the number of their segment; those outside go to one segment more, which is left out."""
    data, ids = operands(data, segment_ids)
    if ids.ndim != 1 or data.shape[:1] != ids.shape:
        raise ValueError(f"segment_ids must name a segment for each row of data {data.shape}, received {ids.shape}.")
    if ids.dtype.kind not in "iu":
        raise ValueError(f"Segment ids are integers of one axis, received {ids.dtype} of shape {ids.shape}.")
    count = int(ids.numpy().max(initial=-1)) + 1 if num_segments is None else num_segments
    (n,) = new_shape(integer("num_segments", count))
    data, ids = cast(data, "int32") if data.dtype.kind == "b" else data, counted(ids)
    return _dropping(put, data, where((ids >= 0) & (ids < n), ids, n), n)


def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Return the sum of the rows of each segment; rows with an id outside are dropped.

    Parameters
    ----------
    data : Tensor, shape (n, ...)
        The rows.
    segment_ids : Tensor of int, shape (n,)
        Which segment each belongs to.
    num_segments : int, optional
        How many there are; without it the largest id is fetched.
    sorted : bool
        Whether the ids ascend; no difference is made.
    """
    return _by_segment(partial(put_rows, axis=0), data, segment_ids, num_segments)


@op(promote=None)
def put_extreme(xp: Any, values: Any, indices: Any, /, n: int, largest: bool) -> Any:
    """Return, for each of `n` rows, the largest (or smallest) of the values whose index names it.

    A row that none names gets the number that any value beats.
    """
    floor = xp.full((n, *values.shape[1:]), _beaten(dtype_of(values), largest), dtype=values.dtype)
    if not indices.shape[0]:
        return floor
    best, hit = combined(xp, indices, values, n, xp.maximum if largest else xp.minimum)
    return xp.where(hit, best, floor)


def _beaten(kind: np.dtype, largest: bool) -> float:
    """The lowest number of a dtype, or the highest."""
    if kind.kind == "f":
        return -math.inf if largest else math.inf
    return int(np.iinfo(kind).min if largest else np.iinfo(kind).max)


def _grad_put_extreme(g: Any, y: Any, values: Any, indices: Any, n: int) -> Any:
    hits = cast(values == take_valid(y, indices, axis=0), values.dtype.name)
    ties = take_valid(put_rows(hits, indices, n=n, axis=0), indices, axis=0)
    return multiply(take_valid(g, indices, axis=0), true_divide(hits, ties))


put_extreme.defvjp(values=_grad_put_extreme)


def segment_max(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Return the largest row entries of each segment, -inf (or the lowest integer) where it is empty.

    Arguments as `segment_sum`; equal largest entries share the gradient.
    """
    return _by_segment(partial(put_extreme, largest=True), data, segment_ids, num_segments)


def segment_min(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Return the smallest row entries of each segment, inf (or the highest integer) where it is empty.

    Arguments as `segment_sum`; equal smallest entries share the gradient.
    """
    return _by_segment(partial(put_extreme, largest=False), data, segment_ids, num_segments)


@op(promote=None, name="one_hot")
def _one_hot(xp: Any, x: Any, /, num_classes: int, axis: int, dtype: str) -> Any:
    classes = xp.arange(num_classes, dtype=x.dtype)
    after = x.ndim - axis
    return xp.astype(xp.expand_dims(x, axis=axis) == xp.reshape(classes, (-1,) + (1,) * after), getattr(xp, dtype))


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """Return 1 at each class number along a new axis and 0 elsewhere; numbers outside give only zeros.

    Parameters
    ----------
    x : Tensor of int
        Class numbers from 0 to ``num_classes - 1``.
    num_classes : int
        The new axis' length.
    axis : int
        Its position in the result.
    dtype : str, optional
        Floatx without it.
    sparse : bool
        Anything true is refused: sparse tensors are not supported.
    """
    if sparse:
        raise ValueError("one_hot: sparse tensors are not supported, received sparse=True.")
    x, (n,) = counted(x), new_shape(integer("num_classes", num_classes))
    return _one_hot(x, n, checked_axis(axis, x.ndim + 1), dtypes.standardize(dtype or "float"))


def multi_hot(
    inputs: Any, num_classes: int | None = None, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Any:
    """Return 1 for each class number among a row's, 0 for the others; arguments as `one_hot`.

    The numbers of a row stand along axis 1 of `inputs`, or axis 0 if it is the only one.
    """
    if num_classes is None:
        raise ValueError("multi_hot: num_classes is needed.")
    hot = one_hot(inputs, num_classes, axis=axis, dtype=dtype, sparse=sparse)
    return cast(reduce_max(hot, axis=1 if hot.ndim > 2 else 0), hot.dtype)
