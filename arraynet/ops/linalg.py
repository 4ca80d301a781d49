"""Products of matrices and vectors."""

from typing import Any

from arraynet.dispatch import op, operands
from arraynet.ops.shape import expand_dims, squeeze, transpose

__all__ = ["matmul"]


@op(name="matmul")
def _matmul(xp: Any, x1: Any, x2: Any, /) -> Any:
    return xp.matmul(x1, x2)


def swapped(x: Any) -> Any:
    """Return a matrix, or a stack of them, transposed."""
    return transpose(x, axes=(*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


_matmul.defvjp(x1=lambda g, x2: _matmul(g, swapped(x2)), x2=lambda g, x1: _matmul(swapped(x1), g))


def matmul(x1: Any, x2: Any) -> Any:
    """Return the matrix product; vectors count as a row on the left and as a column on the right.

    Stacks of matrices broadcast against each other along their leading axes.
    """
    x1, x2 = operands(x1, x2)
    row, column = x1.ndim == 1, x2.ndim == 1
    y = _matmul(expand_dims(x1, 0) if row else x1, expand_dims(x2, 1) if column else x2)
    return squeeze(y, axis=(-2,) * row + (-1,) * column) if row or column else y
