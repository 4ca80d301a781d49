"""Choosing elements by index or condition.

Indices are made valid first: host indices out of range are an error here, those in a Tensor are clipped where something
is read, and name a row behind the last one, `row_index`, where something is put.
So the two ops that move data, `take` and its opposite `put_rows`, see only indices from 0 on.
"""

import math
import operator
from functools import reduce
from typing import Any

import numpy as np

from arraynet.backend import dtype_of
from arraynet.dispatch import op
from arraynet.dtypes import host_array, promote
from arraynet.observers import notify
from arraynet.operands import operands
from arraynet.ops.shape import broadcast_to, cast, checked_axis, ravel, reshape, static_shape
from arraynet.tensor import Tensor, as_tensor, stacked
from arraynet.variable import Variable

__all__ = ["nonzero", "select", "take", "take_along_axis", "unravel_index", "where"]


@op(promote=None)
def clipped_index(xp: Any, indices: Any, /, n: int) -> Any:
    """Return indices of an axis of length `n`, negative ones counted from its end, none outside."""
    i = xp.astype(indices, xp.int64)
    i = xp.where(i < 0, i + n, i)
    return xp.maximum(xp.minimum(i, n - 1), 0)


def whole(indices: Any) -> Any:
    """Return a Tensor or Variable of integers; another is a TypeError."""
    if indices.dtype.kind not in "iu":
        raise TypeError(f"Indices are integers, received a Tensor of dtype {indices.dtype}. Use ops.cast first.")
    return indices


def valid_index(indices: Any, n: int, axis: int) -> Any:
    """Return indices of an axis counted from 0: a host array that is checked, or a Tensor that is clipped."""
    indices = stacked(indices)
    if isinstance(indices, Tensor | Variable):
        return clipped_index(whole(indices), n=n)
    host = host_array(indices)
    if host.dtype.kind not in "iu" and host.size:
        raise TypeError(f"Indices are integers, received dtype {host.dtype}: {indices!r}.")
    host = host.astype(np.int64)
    wrong = host[(host < -n) | (host >= n)]
    if wrong.size:
        raise IndexError(f"index {wrong[0]} is out of range for axis {axis} of length {n}.")
    return np.where(host < 0, host + n, host)


def _horner(indices: Any, dims: tuple[int, ...]) -> Any:
    linear = indices[0]
    for index, n in zip(indices[1:], dims[1:], strict=True):
        linear = linear * n + index
    return linear


@op(promote=None, name="linear_index")
def _linear_index(xp: Any, *indices: Any, dims: tuple[int, ...]) -> Any:
    return _horner(indices, dims)


def linear_index(indices: list[Any], dims: tuple[int, ...]) -> Any:
    """Return one index into axes of lengths `dims` as one axis, from a valid index into each."""
    if len(indices) == 1:
        return indices[0]
    try:
        np.broadcast_shapes(*[i.shape for i in indices])
    except ValueError as error:
        shapes = ", ".join(str(i.shape) for i in indices)
        raise IndexError(f"Index arrays of shapes {shapes} do not broadcast to one shape.") from error
    if all(isinstance(i, np.ndarray) for i in indices):
        return _horner(indices, dims)
    return _linear_index(*indices, dims=dims)


@op(promote=None)
def row_index(xp: Any, indices: Any, /, dims: tuple[int, ...]) -> Any:
    """Return indices (..., k) into axes of lengths `dims` as one, ``prod(dims)`` where one of the k is outside."""
    each = [xp.astype(indices[..., axis], xp.int64) for axis in range(len(dims))]
    each = [xp.where(i < 0, i + n, i) for i, n in zip(each, dims, strict=True)]
    inside = reduce(operator.and_, ((i >= 0) & (i < n) for i, n in zip(each, dims, strict=True)))
    return xp.where(inside, _horner(each, dims), math.prod(dims))


@op(promote=None, name="take")
def take_valid(xp: Any, x: Any, indices: Any, /, axis: int) -> Any:
    """Return the elements along an axis at indices of any shape, from 0 on."""
    flat = xp.take(x, xp.reshape(indices, (-1,)), axis=axis)
    return xp.reshape(flat, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])) if indices.ndim != 1 else flat


@op(promote=None)
def put_rows(xp: Any, values: Any, indices: Any, /, n: int, axis: int) -> Any:
    """Return zeros of length `n` along an axis, with `values` added at indices: the opposite of `take`."""
    if values.dtype == xp.bool:  # the standard adds none
        return xp.astype(put_rows.form(xp, xp.astype(values, xp.int32), indices, n, axis), xp.bool)
    before, after = values.shape[:axis], values.shape[axis + indices.ndim :]
    rows = xp.moveaxis(xp.reshape(values, (*before, math.prod(indices.shape), *after)), axis, 0)
    zeros = xp.zeros((n, *before, *after), dtype=values.dtype)
    return xp.moveaxis(xp.index_add(zeros, xp.reshape(indices, (-1,)), rows), 0, axis)


take_valid.defvjp(x=lambda g, x, indices, axis: put_rows(g, indices, n=x.shape[axis], axis=axis))
put_rows.defvjp(values=lambda g, indices, axis: take_valid(g, indices, axis=axis))


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Return the elements along an axis at integer indices of any shape; without `axis`, of `ravel`.

    Negative indices count from the end. One out of range is an IndexError if it is known on the host;
    in a Tensor it is unspecified what it takes.
    """
    (x,) = operands(x) if not isinstance(indices, Tensor) else operands(x, indices)[:1]
    if axis is None:
        x, axis = ravel(x), 0
    axis = checked_axis(axis, x.ndim)
    return take_valid(x, valid_index(indices, x.shape[axis], axis), axis=axis)


@op(promote=None)
def index_along(xp: Any, indices: Any, /, shape: tuple[int, ...], axis: int) -> Any:
    """Return the index into `ravel` of an array of a shape, from one along an axis at every other place."""
    linear, stride = indices * math.prod(shape[axis + 1 :]), 1
    for k in reversed(range(len(shape))):
        if k != axis:
            places = xp.arange(shape[k], dtype=indices.dtype) * stride
            linear = linear + xp.reshape(places, tuple(-1 if i == k else 1 for i in range(len(shape))))
        stride *= shape[k]
    return linear


def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Return, at every place of the other axes, the elements along an axis at that place's indices.

    `x` and `indices` have as many axes and broadcast against each other but for `axis`; without it
    both are ravelled. Out of range: as `take`.
    """
    (x,) = operands(x) if not isinstance(indices, Tensor) else operands(x, indices)[:1]
    indices = indices if isinstance(indices, Tensor | Variable) else host_array(indices)
    if axis is None:
        x, axis, indices = ravel(x), 0, reshape(indices, -1) if isinstance(indices, Tensor) else np.ravel(indices)
    axis = checked_axis(axis, x.ndim)
    if len(indices.shape) != x.ndim:
        raise ValueError(f"take_along_axis: indices of shape {indices.shape} need as many axes as x, {x.shape}.")
    n, m = x.shape[axis], indices.shape[axis]
    others = np.broadcast_shapes(*[(*s[:axis], *s[axis + 1 :]) for s in (x.shape, indices.shape)])
    x = broadcast_to(x, (*others[:axis], n, *others[axis:]))
    linear = index_along(valid_index(indices, n, axis), shape=x.shape, axis=axis)
    return take_valid(ravel(x), broadcast_to(linear, (*others[:axis], m, *others[axis:])), axis=0)


def unravel_index(indices: Any, shape: Any) -> tuple[Any, ...]:
    """Return, for each axis of a shape, the index that belongs to an index into all elements in a row."""
    shape = static_shape(shape)
    index = valid_index(indices, math.prod(shape), 0)
    (flat,), kind = operands(index), indices.dtype.name if isinstance(indices, Tensor) else "int32"
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    return tuple(cast(flat // stride % n, kind) for stride, n in zip(strides, shape, strict=True))


def _check_held(x: Any, other: Any) -> None:
    """Refuse a Python integer that the dtype beside it lacks, as arithmetic does: NumPy's `where` wraps it."""
    kind = dtype_of(other)
    if kind.kind in "iu" and not np.iinfo(kind).min <= x <= np.iinfo(kind).max:
        raise ValueError(f"{x} is no number of {kind}; pass an array or Tensor of a wider dtype, or ops.cast the other")


@op(name="where", fixed=("condition",))
def _where(xp: Any, condition: Any, x1: Any, x2: Any, /) -> Any:
    if type(x1) is int:
        _check_held(x1, x2)
    elif type(x2) is int:
        _check_held(x2, x1)
    return xp.where(condition if condition.dtype == xp.bool else xp.astype(condition, xp.bool), x1, x2)


_where.defvjp(x1=lambda g, condition: _where(condition, g, 0), x2=lambda g, condition: _where(condition, 0, g))


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """Return `x1` where the condition is true, else `x2`; with the condition alone, `nonzero` of it."""
    if x1 is None and x2 is None:
        return nonzero(condition)
    if x1 is None or x2 is None:
        raise ValueError("where: x1 and x2 go together, received only one of them.")
    if np.isscalar(x1) and np.isscalar(x2):  # weak beside the condition, but the result needs a dtype
        kind = promote(*[type(np.asarray(x).item()) for x in (x1, x2)])
        (condition,) = operands(condition)
        x1 = as_tensor(x1, condition.backend, kind.name)
    if isinstance(condition, bool | int | float | np.generic):  # the first array decides on the backend
        condition = np.asarray(condition)
    return _where(condition, x1, x2)


@op(promote=None, name="nonzero")
def _nonzero(xp: Any, x: Any, /) -> Any:
    return tuple(xp.astype(i, xp.int32) for i in xp.nonzero(x))


def nonzero(x: Any) -> tuple[Any, ...]:
    """Return where `x` is not zero: for each axis the indices, int32, in the order of `ravel`."""
    (x,) = operands(x)
    notify("fetched", x)  # the shape depends on the values
    return _nonzero(x)  # type: ignore[no-any-return]


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Return at every place the choice of the first condition that is true there, else `default`."""
    if len(condlist) != len(choicelist) or not condlist:
        raise ValueError(
            f"select: each condition needs a choice, received {len(condlist)} conditions and {len(choicelist)} choices."
        )
    result = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        result = where(condition, choice, result)
    return result


def counted(x: Any) -> Any:
    """Return `x` as signed integers; labels may come as floats or bytes."""
    (x,) = operands(x)
    return x if x.dtype.name in ("int32", "int64") else cast(x, "int64" if x.dtype.itemsize == 8 else "int32")
