"""Reductions that leave NaN out: each fills the gaps with what its ordinary form does not notice."""

import math
from collections.abc import Callable
from typing import Any

from arraynet.operands import operands
from arraynet.ops.bounds import filled
from arraynet.ops.comparison import isnan, logical_not
from arraynet.ops.cumulative import cumprod, cumsum, prod
from arraynet.ops.elementwise import sqrt, square, true_divide
from arraynet.ops.ordering import argmax, argmin
from arraynet.ops.reduction import all, max, min, sum
from arraynet.ops.taking import where

__all__ = ["nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax", "nanmean", "nanmin", "nanprod", "nanstd",
           "nansum", "nanvar"]  # fmt: skip


def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the sum along axes, NaN as 0."""
    return sum(filled(x, 0), axis, keepdims)


def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the product along axes, NaN as 1."""
    return prod(filled(x, 1), axis, keepdims)


def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return the running sums along an axis, NaN as 0; see `cumsum`."""
    return cumsum(filled(x, 0), axis, dtype)


def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return the running products along an axis, NaN as 1; see `cumprod`."""
    return cumprod(filled(x, 1), axis, dtype)


def best_of_rest(reduce: Callable[..., Any], worst: float, none: float, x: Any, axis: Any, keepdims: bool) -> Any:
    """Return a reduction with NaN as the worst possible element, `none` where all are NaN."""
    (x,) = operands(x)
    if x.dtype.kind != "f":
        return reduce(x, axis, keepdims=keepdims)
    y = reduce(filled(x, worst), axis, keepdims=keepdims)
    return where(all(isnan(x), axis, keepdims=keepdims), none, y)


def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the largest element along axes that is not NaN; NaN where there is none."""
    return best_of_rest(max, -math.inf, math.nan, x, axis, keepdims)


def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the smallest element along axes that is not NaN; NaN where there is none."""
    return best_of_rest(min, math.inf, math.nan, x, axis, keepdims)


def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the index of the largest element that is not NaN, the first of equals; -1 where there is none."""
    return best_of_rest(argmax, -math.inf, -1, x, axis, keepdims)


def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the index of the smallest element that is not NaN, the first of equals; -1 where there is none."""
    return best_of_rest(argmin, math.inf, -1, x, axis, keepdims)


def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the mean along axes of the elements that are not NaN; NaN where there is none."""
    return true_divide(nansum(x, axis, keepdims), sum(logical_not(isnan(x)), axis, keepdims))


def nanvar(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the variance along axes of the elements that are not NaN; NaN where there is none."""
    known = logical_not(isnan(x))
    deviation = (filled(x, 0) - nanmean(x, axis, keepdims=True)) * known
    return true_divide(sum(square(deviation), axis, keepdims), sum(known, axis, keepdims))


def nanstd(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the standard deviation along axes of the elements that are not NaN; NaN where there is none."""
    return sqrt(nanvar(x, axis, keepdims))
