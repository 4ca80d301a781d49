"""Counting and finding in sorted data: bins, histograms, membership, distinct values."""

import builtins
import math
from typing import Any

import numpy as np

from arraynet.checks import choice
from arraynet.dispatch import op
from arraynet.dtypes import promote_float
from arraynet.operands import operands
from arraynet.ops.bounds import minimum
from arraynet.ops.comparison import equal, greater, less, logical_not, not_equal
from arraynet.ops.cumulative import cumsum, diff
from arraynet.ops.joining import unstack
from arraynet.ops.ordering import argsort, sort
from arraynet.ops.reduction import any as any_true
from arraynet.ops.reduction import max
from arraynet.ops.scatter import segment_sum
from arraynet.ops.shape import (
    cast,
    concatenate,
    expand_dims,
    integer,
    moveaxis,
    new_shape,
    ones_like,
    ravel,
    reshape,
    zeros_like,
)
from arraynet.ops.taking import take, where
from arraynet.tensor import stacked

__all__ = ["bincount", "digitize", "histogram", "isin", "searchsorted", "unique"]


@op(promote="number", name="searchsorted")
def _searchsorted(xp: Any, sorted_sequence: Any, values: Any, /, side: str) -> Any:
    return xp.astype(xp.searchsorted(sorted_sequence, values, side=side), xp.int32)


def vector(name: str, argument: str, x: Any) -> Any:
    """Return `x` if it has one axis, else say what has not."""
    if x.ndim != 1:
        raise ValueError(f"{name}: {argument} must have one axis, received shape {x.shape}.")
    return x


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Return where in an ascending vector values belong, as int32: before equals with "left", behind with "right"."""
    choice("searchsorted: side", side, ("left", "right"))
    sorted_sequence, values = operands(sorted_sequence, values)
    return _searchsorted(vector("searchsorted", "sorted_sequence", sorted_sequence), values, side)


def digitize(x: Any, bins: Any) -> Any:
    """Return for each element how many edges of ascending `bins` do not exceed it; of descending ones, how many do."""
    x, bins = operands(x, bins)
    reached = searchsorted(sort(vector("digitize", "bins", bins)), x, side="right")
    if not bins.size:
        return reached
    return where(less(bins[-1], bins[0]), bins.size - reached, reached)


def histogram(x: Any, bins: Any = 10, range: Any = None) -> tuple[Any, Any]:
    """Return how many elements fall into each bin, and the bins' edges.

    Parameters
    ----------
    x : array
        All its elements are counted; those outside of the bins are not.
    bins : int or vector
        The number of bins of equal width, or their ascending edges. The last bin holds its upper edge.
    range : tuple of two floats, optional
        The outer edges; without it, the smallest and the largest element.

    Returns
    -------
    tuple
        Counts and edges, in the dtype of `x`, floatx for integers.
    """
    (x,) = operands(x)
    data = sort(ravel(cast(x, promote_float(x.dtype))))
    edges = equal_bins(data, int(bins), range) if isinstance(bins, int | np.integer) else given_edges(data, bins)
    inner = searchsorted(data, edges[:-1], side="left")
    return cast(diff(concatenate([inner, searchsorted(data, edges[-1:], side="right")])), data.dtype), edges


def given_edges(data: Any, bins: Any) -> Any:
    """Return edges in the dtype of data; those that the host knows may not fall."""
    bins = stacked(bins)
    edges = vector("histogram", "bins", operands(data, bins)[1])
    if isinstance(bins, list | tuple | np.ndarray) and (np.diff(np.asarray(bins, float)) < 0).any():
        raise ValueError(f"histogram: bins must be an int or edges in ascending order, received {bins!r}.")
    return ravel(cast(edges, data.dtype))  # of its own, where the bins are the caller's array


def equal_bins(data: Any, bins: int, limits: Any) -> Any:
    """Return the edges of bins of equal width over limits, or over sorted data; over one point, a width of 1."""
    pair = getattr(limits, "__len__", int)() == 2
    if bins < 1 or (limits is not None and not (pair and limits[0] <= limits[1])):
        raise ValueError(
            f"histogram: bins must be positive, received {bins}, and range an ascending pair, received {limits!r}."
        )
    if limits is None:
        limits = (data[:1], data[-1:]) if data.size else (0.0, 1.0)
    _, low, high = operands(data, *limits)
    half = where(equal(low, high), 0.5, 0.0)
    _, part = operands(data, np.arange(bins + 1) / bins)
    return cast((low - half) * (1 - part) + (high + half) * part, data.dtype)  # exact at both ends


def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    """Return where elements of `x1` are among those of `x2`, or with `invert` are not.

    `assume_unique` is there for Keras' sake and changes nothing.
    """
    x1, x2 = operands(x1, x2)
    if not x2.size:
        found = cast(zeros_like(x1), "bool")
    else:
        known = sort(x2, axis=None)
        found = equal(x1, take(known, minimum(searchsorted(known, x1), x2.size - 1), axis=0))
    return logical_not(found) if invert else found


def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Any:
    """Return how often each integer from 0 to the largest occurs in a vector, or the sum of its weights.

    The rows of a matrix, and of its weights, are counted each by itself. The result is at least `minlength`
    long; how long depends on the data, so a program does not capture it.
    Counts are int32, sums of weights have their dtype.
    """
    if sparse:
        raise ValueError("bincount: sparse tensors are not supported, received sparse=True.")
    (x,) = operands(x)
    if x.dtype.kind not in "iu":
        raise TypeError(f"bincount counts integers, received x of dtype {x.dtype}.")
    if x.ndim != 2:
        vector("bincount", "x", x)
    length = builtins.max(integer("minlength", minlength), int(max(x)) + 1 if x.size else 0)
    ones = cast(ones_like(x), "int32") if weights is None else operands(x, weights)[1]
    if ones.shape != x.shape:
        raise ValueError(f"bincount: weights need the shape of x, {x.shape}, received shape {ones.shape}.")
    if x.ndim == 1:
        return segment_sum(ones, x, num_segments=length)
    rows = operands(x, np.arange(x.shape[0], dtype="int32"))[1]
    place = where(x < 0, -1, x + length * expand_dims(rows, 1))
    return reshape(segment_sum(ravel(ones), ravel(place), num_segments=length * x.shape[0]), (x.shape[0], length))


def ascending(rows: Any) -> Any:
    """Return the order that sorts rows by their first column, equal ones by the next."""
    order = operands(rows, np.arange(rows.shape[0], dtype="int32"))[1]
    for column in reversed(unstack(rows, axis=1)):
        order = take(order, argsort(take(column, order, axis=0)), axis=0)
    return order


def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """Return the distinct elements in ascending order.

    Parameters
    ----------
    x : array
        It is flattened, unless an axis is given.
    sorted : bool
        For Keras' sake; the result is always sorted.
    return_index, return_inverse, return_counts : bool
        Whether to return, too, the place of each one's first occurrence, the place of every element among
        the distinct ones (in the shape of `x`, or along the axis), and how often each occurs; all int32.
    axis : None or int
        The axis whose parts are compared as wholes: 0 gives the distinct rows of a matrix, in the order of their first
        elements, then of the second ones.
    size : int, optional
        How many to return, which makes the shape known beforehand: the smallest of more, `fill_value` for less.
    fill_value : number, optional
        The smallest element without it.

    Returns
    -------
    Tensor, or tuple of Tensors if more than the elements is asked for
    """
    (x,) = operands(x)
    parts = ravel(x) if axis is None else moveaxis(x, axis, 0)
    n, columns = parts.shape[0], math.prod(parts.shape[1:])
    order = ascending(reshape(parts, (n, columns)))
    ordered = take(parts, order, axis=0)
    rows = reshape(ordered, (n, columns))
    first = concatenate([ones_like(order[:1], "bool"), any_true(not_equal(rows[1:], rows[:-1]), axis=1)])
    group = cumsum(first) - 1
    size = (int(group[-1]) + 1 if n else 0) if size is None else new_shape(integer("size", size))[0]
    starts = searchsorted(group, np.arange(size + 1, dtype="int32"))
    counts = diff(starts)
    there = greater(counts, 0)
    here = where(there, starts[:-1], 0)
    values = take(ordered, here, axis=0)
    if fill_value is not None:
        values = where(reshape(there, (size, *(1,) * (parts.ndim - 1))), values, fill_value)
    values = values if axis is None else moveaxis(values, 0, axis)
    more = [take(order, here, axis=0)] * return_index
    more += [reshape(take(group, argsort(order), axis=0), x.shape if axis is None else n)] * return_inverse + [
        counts
    ] * return_counts
    return (values, *more) if more else values
