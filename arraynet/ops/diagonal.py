"""Diagonals and triangles of matrices."""

from typing import Any

import numpy as np

from arraynet.dispatch import op
from arraynet.operands import operands
from arraynet.ops.reduction import sum as reduce_sum
from arraynet.ops.shape import checked_axes, integer, moveaxis, ravel, reshape
from arraynet.ops.taking import put_rows, take_valid

__all__ = ["diag", "diagflat", "diagonal", "trace", "tril", "triu"]


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the diagonal of the matrices that two axes make, as the last axis; `offset` > 0 lies above."""
    (x,), offset = operands(x), integer("offset", offset)
    if x.ndim < 2:
        raise ValueError(f"diagonal: expected at least two axes, received shape {x.shape}.")
    x = moveaxis(x, checked_axes((axis1, axis2), x.ndim), (-2, -1))
    rows, columns = x.shape[-2:]
    row = np.arange(max(0, -offset), max(0, -offset, min(rows, columns - offset)))
    flat = reshape(x, (*x.shape[:-2], rows * columns))
    return take_valid(flat, row * columns + row + offset, axis=x.ndim - 2)


def diagflat(x: Any, k: int = 0) -> Any:
    """Return a square matrix with the elements of `x` on its k-th diagonal, zeros elsewhere."""
    x, k = ravel(x), integer("k", k)
    n, places = x.size + abs(k), np.arange(x.size)
    index = (places + max(0, -k)) * n + places + max(0, k)
    return reshape(put_rows(x, index, n=n * n, axis=0), (n, n))


def diag(x: Any, k: int = 0) -> Any:
    """Return the k-th diagonal of a matrix, or the matrix that has a vector there."""
    (x,) = operands(x)
    if x.ndim not in (1, 2):
        raise ValueError(f"diag: expected a vector or a matrix, received shape {x.shape}.")
    return diagflat(x, k) if x.ndim == 1 else diagonal(x, k)


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the sum of the diagonal of the matrices that two axes make."""
    return reduce_sum(diagonal(x, offset, axis1, axis2), axis=-1)


def _of_matrices(x: Any) -> Any:
    """`x`, if it has two axes or more: NumPy makes a matrix of a vector, other libraries do not."""
    if x.ndim < 2:
        raise ValueError(f"x needs two axes or more, it has shape {tuple(x.shape)}; diag makes a matrix of a vector")
    return x


@op(promote=None)
def tril(xp: Any, x: Any, /, k: int = 0) -> Any:
    """Return `x` with zeros above the k-th diagonal of the last two axes."""
    return xp.tril(_of_matrices(x), k=integer("k", k))


@op(promote=None)
def triu(xp: Any, x: Any, /, k: int = 0) -> Any:
    """Return `x` with zeros below the k-th diagonal of the last two axes."""
    return xp.triu(_of_matrices(x), k=integer("k", k))


tril.defvjp(x=lambda g, k: tril(g, k))
triu.defvjp(x=lambda g, k: triu(g, k))
