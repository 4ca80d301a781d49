"""Medians and quantiles: sorted data, read between its places.

Places are computed in float64, so that a long axis does not blur them, and the reading is a weighted sum of
two neighbours, which is what is differentiated.
"""

import math
from typing import Any

import numpy as np

from arraynet.checks import choice
from arraynet.dtypes import host_array, promote_float
from arraynet.operands import operands
from arraynet.ops.bounds import maximum, minimum
from arraynet.ops.comparison import equal, greater, isnan, less
from arraynet.ops.cumulative import along
from arraynet.ops.elementwise import multiply, subtract, true_divide
from arraynet.ops.ordering import sort
from arraynet.ops.reduction import count_nonzero, kept_shape
from arraynet.ops.rounding import ceil, floor, round
from arraynet.ops.shape import cast, moveaxis, reshape
from arraynet.ops.taking import take_along_axis, where
from arraynet.tensor import Tensor, as_tensor
from arraynet.variable import Variable

__all__ = ["median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile"]


def read_between(lanes: Any, place: Any, method: str) -> Any:
    """Return what sorted data, axis 0, holds at places that may lie between two."""
    rounded = {"higher": ceil, "nearest": round}.get(method, floor)(place)
    low = cast(rounded, "int32")
    below = take_along_axis(lanes, low, axis=0)
    if method in ("lower", "higher", "nearest"):
        return below
    above = take_along_axis(lanes, minimum(low + 1, lanes.shape[0] - 1), axis=0)
    weight = subtract(place if method == "linear" else (rounded + ceil(place)) / 2, rounded)
    weight = cast(weight, lanes.dtype)
    return where(equal(weight, 0), below, below + (above - below) * weight)  # an infinity above has no say


def fractions(q: Any, scale: int, backend: Any) -> Tensor:
    """Return `q`, in units of 1/scale, as a Tensor of fractions; on the host they are checked."""
    if isinstance(q, Tensor | Variable):
        return true_divide(q, scale)  # type: ignore[no-any-return]
    host = np.asarray(host_array(q), "float64") / scale
    if host.ndim > 1 or not np.all((host >= 0) & (host <= 1)):
        raise ValueError(f"q is a number or a vector of numbers between 0 and {scale}, received q={q}.")
    return as_tensor(host, backend)


def read_quantiles(x: Any, q: Any, axis: Any, method: str, keepdims: bool, scale: int, skip_nan: bool) -> Any:
    """Return quantiles of `x`; a lane that holds NaN gives NaN, unless NaN is left out."""
    choice("method", method, ("linear", "lower", "higher", "midpoint", "nearest"))
    (x,) = operands(x)
    lanes, place = along(cast(x, promote_float(x.dtype)), axis)
    lanes = moveaxis(sort(lanes, place), place, 0)
    if not lanes.shape[0]:
        raise ValueError(f"Quantiles of no elements: x has shape {x.shape}, axis={axis}.")
    missing, q = count_nonzero(isnan(lanes), axis=0), fractions(q, scale, x.backend)
    last = lanes.shape[0] - 1 - missing * int(skip_nan)
    column = reshape(q, (-1,) + (1,) * (lanes.ndim - 1))
    y = read_between(lanes, multiply(column, maximum(last, 0)), method)
    y = where(less(last, 0) if skip_nan else greater(missing, 0), math.nan, y)
    return reshape(y, q.shape + (kept_shape(x.shape, axis) if keepdims else lanes.shape[1:]))


def quantile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """Return the values that a fraction `q` of the elements along axes do not exceed.

    Parameters
    ----------
    x : array
        Integers give floatx.
    q : float, or vector of floats
        Fractions between 0 and 1; a vector puts an axis of its length in front of the result.
    axis : None, int or tuple of int
        The axes to reduce.
    method : {"linear", "lower", "higher", "midpoint", "nearest"}
        How to read between two elements of the sorted data.
    keepdims : bool
        Whether to keep the reduced axes, as 1.
    """
    return read_quantiles(x, q, axis, method, keepdims, scale=1, skip_nan=False)


def percentile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """Return `quantile` for `q` in per cent."""
    return read_quantiles(x, q, axis, method, keepdims, scale=100, skip_nan=False)


def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the middle element along axes, or the mean of the middle two."""
    return quantile(x, 0.5, axis, keepdims=keepdims)


def nanquantile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """Return `quantile` of the elements that are not NaN; NaN where there are none."""
    return read_quantiles(x, q, axis, method, keepdims, scale=1, skip_nan=True)


def nanpercentile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """Return `percentile` of the elements that are not NaN; NaN where there are none."""
    return read_quantiles(x, q, axis, method, keepdims, scale=100, skip_nan=True)


def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return `median` of the elements that are not NaN; NaN where there are none."""
    return nanquantile(x, 0.5, axis, keepdims=keepdims)
