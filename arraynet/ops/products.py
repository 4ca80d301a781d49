"""Products of vectors, matrices and tensors; all of them end in one matrix product."""

import math
from collections.abc import Sequence
from typing import Any

from arraynet.backend import dtype_of
from arraynet.checks import plain_int
from arraynet.dispatch import op
from arraynet.operands import operands
from arraynet.ops.elementwise import multiply
from arraynet.ops.reduction import sum as reduce_sum
from arraynet.ops.reduction import sum_dtype
from arraynet.ops.shape import (
    checked_axes,
    checked_axis,
    expand_dims,
    moveaxis,
    ravel,
    reshape,
    squeeze,
    stack,
    transpose,
    zeros_like,
)
from arraynet.tensor import Tensor

__all__ = ["cross", "dot", "inner", "kron", "matmul", "outer", "tensordot", "vdot", "vecdot"]


@op(name="matmul", promote="number")
def _matmul(xp: Any, x1: Any, x2: Any, /) -> Any:
    dtype = dtype_of(x1)
    if dtype.itemsize < 4 and dtype.kind != "f":  # it is a sum, and sums have 32 bits
        wide = getattr(xp, sum_dtype(dtype))
        x1, x2 = xp.astype(x1, wide), xp.astype(x2, wide)
    return xp.multiply(x1, x2) if x1.shape[-1] == 1 else xp.matmul(x1, x2)  # NumPy's product is slow at one term


def swapped(x: Any) -> Any:
    """Return a matrix, or a stack of them, transposed."""
    return transpose(x, axes=(*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


_matmul.defvjp(x1=lambda g, x2: _matmul(g, swapped(x2)), x2=lambda g, x1: _matmul(swapped(x1), g))


def matmul(x1: Any, x2: Any) -> Any:
    """Return the matrix product; vectors count as a row on the left and as a column on the right.

    Stacks of matrices broadcast against each other along their leading axes.
    """
    x1, x2 = operands(x1, x2)
    if not x1.ndim or not x2.ndim or x1.shape[-1] != x2.shape[max(x2.ndim - 2, 0)]:
        raise ValueError(
            f"matmul: the last axis of x1 must be as long as the last but one (or only) axis of x2, received shapes "
            f"{x1.shape} and {x2.shape}."
        )
    if x1.ndim > 2 and x2.ndim == 2:  # one large product instead of many
        rows = reshape(x1, (math.prod(x1.shape[:-1]), x1.shape[-1]))
        return reshape(_matmul(rows, x2), (*x1.shape[:-1], x2.shape[1]))
    row, column = x1.ndim == 1, x2.ndim == 1
    y = _matmul(expand_dims(x1, 0) if row else x1, expand_dims(x2, 1) if column else x2)
    return squeeze(y, axis=(-2,) * row + (-1,) * column) if row or column else y


def dot(x1: Any, x2: Any) -> Any:
    """Return the sum over the last axis of `x1` and the last but one (or only) axis of `x2`.

    Scalars multiply. Unlike `matmul`, stacks do not broadcast: the result has all the other axes of `x1`,
    then those of `x2`, so (a, b, c, d) and (d, e) give (a, b, c, e).
    """
    x1, x2 = operands(x1, x2)
    if not x1.ndim or not x2.ndim:
        return multiply(x1, x2)
    return tensordot(x1, x2, axes=((x1.ndim - 1,), (max(x2.ndim - 2, 0),)))


def tensordot(x1: Any, x2: Any, axes: int | Sequence[Any] = 2) -> Any:
    """Return the sum of products over pairs of axes.

    Parameters
    ----------
    x1, x2 : Tensor
        The factors.
    axes : int or pair of ints or of sequences of int
        How many of the last axes of `x1` meet the first of `x2`, in order; or which of each.

    Returns
    -------
    Tensor
        With the other axes of `x1`, then those of `x2`.

    Raises
    ------
    ValueError
        Axes that meet differ in number or in length.
    """
    x1, x2 = operands(x1, x2)
    one, two = _met(axes, x1.ndim, x2.ndim)
    shapes = [x1.shape[a] for a in one], [x2.shape[a] for a in two]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"tensordot: axes {one} of shape {x1.shape} and axes {two} of shape {x2.shape} must have the same "
            f"lengths, received {shapes[0]} and {shapes[1]}."
        )
    free1, free2 = _others(x1, one), _others(x2, two)
    y = _matmul(_as_matrix(x1, free1, one), _as_matrix(x2, two, free2))
    return reshape(y, (*(x1.shape[a] for a in free1), *(x2.shape[a] for a in free2)))


def _met(axes: int | Sequence[Any], ndim1: int, ndim2: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of either factor that are summed over, counted from the front."""
    axes = plain_int(axes)
    if isinstance(axes, int):
        if not 0 <= axes <= min(ndim1, ndim2):
            raise ValueError(f"tensordot: axes={axes} must lie between 0 and both ranks, {ndim1} and {ndim2}.")
        return tuple(range(ndim1 - axes, ndim1)), tuple(range(axes))
    if getattr(axes, "__len__", int)() != 2:
        raise ValueError(f"tensordot: axes is an int or a pair, the axes of x1 and those of x2, received {axes!r}.")
    one, two = axes
    return checked_axes(one, ndim1), checked_axes(two, ndim2)


def _others(x: Tensor, axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a for a in range(x.ndim) if a not in axes)


def _as_matrix(x: Tensor, rows: tuple[int, ...], columns: tuple[int, ...]) -> Any:
    """A tensor with some axes as the rows of a matrix, the others as its columns."""
    order = (*rows, *columns)
    x = x if order == tuple(range(x.ndim)) else transpose(x, axes=order)
    shape = math.prod(x.shape[: len(rows)]), math.prod(x.shape[len(rows) :])
    return x if x.shape == shape else reshape(x, shape)


def inner(x1: Any, x2: Any) -> Any:
    """Return the sum of products over the last axes; scalars multiply."""
    x1, x2 = operands(x1, x2)
    return tensordot(x1, x2, axes=((-1,), (-1,))) if x1.ndim and x2.ndim else multiply(x1, x2)


def outer(x1: Any, x2: Any) -> Any:
    """Return the matrix of all products of an element of `x1` (rows) and one of `x2`, both flattened."""
    return multiply(expand_dims(ravel(x1), 1), ravel(x2))


def vdot(x1: Any, x2: Any) -> Any:
    """Return the sum of the products of corresponding elements, both flattened."""
    return matmul(ravel(x1), ravel(x2))


def vecdot(x1: Any, x2: Any, axis: int = -1) -> Any:
    """Return the sum of products along an axis of both, which otherwise broadcast."""
    x1, x2 = operands(x1, x2)
    if x1.shape[checked_axis(axis, x1.ndim)] != x2.shape[checked_axis(axis, x2.ndim)]:
        raise ValueError(
            f"vecdot: axis {axis} of x1 and x2 must have one length, received shapes {x1.shape} and {x2.shape}."
        )
    return reduce_sum(multiply(x1, x2), axis=axis)


def kron(x1: Any, x2: Any) -> Any:
    """Return the Kronecker product: `x2`, times each element of `x1`, in blocks."""
    x1, x2 = operands(x1, x2)
    ndim = max(x1.ndim, x2.ndim)
    one, two = ((1,) * (ndim - x.ndim) + x.shape for x in (x1, x2))
    blocks = reshape(x1, [n for pair in zip(one, (1,) * ndim, strict=True) for n in pair])
    block = reshape(x2, [n for pair in zip((1,) * ndim, two, strict=True) for n in pair])
    return reshape(multiply(blocks, block), [n * m for n, m in zip(one, two, strict=True)])


def cross(x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """Return the cross product of vectors of 2 or 3 components.

    Parameters
    ----------
    x1, x2 : Tensor
        Vectors along `axisa` and `axisb`; a missing third component counts as 0.
    axisc : int
        Where the result's components lie. Two vectors of 2 components have only the third, without an axis.
    axis : int, optional
        All three at once.

    Raises
    ------
    ValueError
        The vectors have other numbers of components.
    """
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    x1, x2 = operands(x1, x2)
    a, b = moveaxis(x1, axisa, -1), moveaxis(x2, axisb, -1)
    if a.shape[-1] not in (2, 3) or b.shape[-1] not in (2, 3):
        raise ValueError(
            f"cross: vectors need 2 or 3 components, received {a.shape[-1]} along axis {axisa} of x1 {x1.shape} "
            f"and {b.shape[-1]} along axis {axisb} of x2 {x2.shape}."
        )
    (a0, a1, a2), (b0, b1, b2) = _components(a), _components(b)
    third = a0 * b1 - a1 * b0
    if a.shape[-1] == b.shape[-1] == 2:
        return third
    return moveaxis(stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, third], axis=-1), -1, axisc)


def _components(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    first = x[..., 0]
    return first, x[..., 1], x[..., 2] if x.shape[-1] == 3 else zeros_like(first)
