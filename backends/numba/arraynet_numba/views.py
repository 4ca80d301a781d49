"""How tasks see what they are given: as it is, turned, or as rows that lie anywhere in a matrix.

A left factor is a matrix with two indices: which of its rows are multiplied, and which of its columns are their terms.
A batch in random order is then no copy, and its transpose, with which the gradient of weights begins, is none.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from arraynet.program import Rows
from arraynet_numba.microkernel import BLOCK

__all__ = ["INDICES", "ORDERED", "PAGE", "Use", "column_numbers", "factor", "flat", "left_factor"]
__all__ += ["matrix_turned", "no_rows", "row_numbers", "whole"]

PAGE = 4096  # bytes; terms that far apart are copied first
NOTHING = np.empty(0, np.int64)
_NUMBERS: dict[int, np.ndarray] = {}  # none is ever taken out, or replaced by another thread's


class Use(NamedTuple):
    """A Value that is given to a task, how the task sees it, and whether it may be `Rows` as far as the task goes."""

    value: Any
    view: Callable[[Any], np.ndarray] = np.asarray
    rows: bool = False


def factor(v: Any, transposed: bool) -> Use:
    """Return how a matrix, or its transpose, is seen that lies as it likes, but is all there."""
    return Use(v, matrix_turned if transposed else matrix)


def left_factor(x: Any, transposed: bool) -> list[Use]:
    """Return how `block_of_rows` sees a left factor, or a transpose: the matrix, its rows, its terms."""
    views = (matrix_turned, column_numbers, far_terms) if transposed else (matrix, row_numbers, near_terms)
    return [Use(x, view, rows=True) for view in views]


def flat(x: np.ndarray) -> np.ndarray:
    """See an array without gaps as one row."""
    return x.reshape(-1, copy=False)


def whole(x: np.ndarray | Rows) -> np.ndarray:
    """See what rows are taken from."""
    return x.source if isinstance(x, Rows) else x


def matrix(x: np.ndarray | Rows) -> np.ndarray:
    """See that as a matrix: all that a row holds, one after the other."""
    found = whole(x)
    return found if found.ndim == 2 else found.reshape(len(found), -1, copy=False)


def matrix_turned(x: np.ndarray | Rows) -> np.ndarray:
    """See the matrix' transpose."""
    return matrix(x).T


def no_rows(x: np.ndarray) -> np.ndarray:
    """See nothing of a matrix."""
    return x[:0]


def row_numbers(x: np.ndarray | Rows) -> np.ndarray:
    """See which rows of the matrix these are."""
    return x.order if isinstance(x, Rows) else _counted(x.shape[0])


def column_numbers(x: np.ndarray | Rows) -> np.ndarray:
    """See the numbers of its columns, which are all there."""
    return _counted(matrix(x).shape[1])


def far_terms(x: np.ndarray | Rows) -> np.ndarray:
    """See where the terms of its transpose are, if these are worth a copy: in another order, or pages apart."""
    if isinstance(x, Rows):
        return x.order
    x = matrix(x)
    far = x.strides[0] >= PAGE and x.strides[1] == x.itemsize and x.shape[1] >= BLOCK
    return _counted(x.shape[0]) if far else NOTHING


def near_terms(x: np.ndarray | Rows) -> np.ndarray:
    """See nothing: its columns are in order."""
    return NOTHING


def _counted(n: int) -> np.ndarray:
    """The numbers below n, which stay where they are for good, since tables hold their address."""
    bits = n.bit_length()
    return (_NUMBERS[bits] if bits in _NUMBERS else _NUMBERS.setdefault(bits, np.arange(2**bits)))[:n]


ORDERED = {row_numbers, far_terms}  # what moves with the order
INDICES = ORDERED | {column_numbers, near_terms}  # what does not move with the matrix
