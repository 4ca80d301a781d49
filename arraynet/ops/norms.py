"""Norms of vectors and matrices."""

import math
from typing import Any

import numpy as np

from arraynet.dispatch import op
from arraynet.ops.comparison import not_equal
from arraynet.ops.elementwise import absolute, divide_no_nan, power
from arraynet.ops.factorization import svdvals
from arraynet.ops.normalization import floating
from arraynet.ops.reduction import expanded, largest
from arraynet.ops.reduction import min as reduce_min
from arraynet.ops.reduction import sum as reduce_sum
from arraynet.ops.shape import cast, checked_axes, expand_dims, moveaxis
from arraynet.tensor import Tensor

__all__ = ["norm"]


@op(promote="float")
def euclidean(xp: Any, x: Any, /, axis: Any, keepdims: bool) -> Any:
    """Return the root of the sum of squares; its derivative at 0 is 0."""
    return xp.sqrt(xp.sum(x * x, axis=axis, keepdims=keepdims))


euclidean.defvjp(
    x=lambda g, x, y, axis, keepdims: divide_no_nan(expanded(g, x, axis, keepdims) * x, expanded(y, x, axis, keepdims))
)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the norm of vectors along one axis, or of matrices along two.

    Parameters
    ----------
    x : Tensor
        Vectors or matrices.
    ord : None, number, inf, -inf, "fro" or "nuc"
        For vectors: 1 and any other p, the p-th root of the sum of ``|x|**p``; 0, how many are not zero; inf
        and -inf, the largest and smallest absolute value; None is 2. For matrices: 1 and -1, the largest and
        smallest sum of a column; inf and -inf, of a row; 2 and -2, singular value; "nuc", their sum; "fro" and
        None, the root of the sum of squares.
    axis : int or pair of int, optional
        Without it `x` is one vector or one matrix; without `ord` too, of any shape, and the norm is that of
        all elements.
    keepdims : bool
        Whether the reduced axes stay, with length 1.

    Raises
    ------
    ValueError
        There is no such norm of a vector, or of a matrix.
    """
    if np.ndim(ord):
        raise ValueError(f"norm: ord is a number, 'fro', 'nuc' or None, received {ord!r}.")
    x = floating(x)
    axes = tuple(range(x.ndim)) if axis is None else checked_axes(axis, x.ndim)
    if axis is None and ord is None:
        return euclidean(x, axes, keepdims)
    if len(axes) == 1:
        return _vector_norm(x, ord, axes[0], keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes, keepdims)
    raise ValueError(f"norm: a norm is along one axis or two, received axis={axis} and shape {x.shape}.")


def _vector_norm(x: Tensor, ord: Any, axis: int, keepdims: bool) -> Any:
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    if isinstance(ord, str):
        raise ValueError(f"norm: vectors have no norm ord={ord!r}. Use a number, or a pair of axes for matrices.")
    if ord is None or ord == 2:
        return euclidean(x, **how)
    if ord == 0:
        return cast(reduce_sum(not_equal(x, 0), **how), x.dtype)
    if math.isinf(ord):
        return largest(absolute(x), **how) if ord > 0 else reduce_min(absolute(x), **how)
    if ord == 1:
        return reduce_sum(absolute(x), **how)
    return power(reduce_sum(power(absolute(x), ord), **how), 1 / ord)


def _matrix_norm(x: Tensor, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if ord in (None, "fro"):
        return euclidean(x, axes, keepdims)
    m = moveaxis(x, axes, (-2, -1))
    if ord in (1, -1, math.inf, -math.inf):
        values = reduce_sum(absolute(m), axis=-2 if abs(ord) == 1 else -1)
    elif ord in (2, -2, "nuc"):
        values = svdvals(m)
    else:
        raise ValueError(f"norm: matrices have norms 1, -1, 2, -2, inf, -inf, 'fro' and 'nuc', received ord={ord!r}.")
    reduce = reduce_sum if ord == "nuc" else largest if ord > 0 else reduce_min
    y = reduce(values, axis=-1)
    return expand_dims(y, sorted(axes)) if keepdims else y
