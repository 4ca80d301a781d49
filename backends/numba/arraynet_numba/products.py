"""Training on a handful of rows, where memory is the limit: each number of the weights is used a few times.

BLAS first packs its matrices for the work to come, which here takes longer than the work, and shares them among
its threads, while an optimizer's loop needs all of them on one. So a program computes the weights' gradient, a sum
of few terms, within the loop of their update, row by row, and it never goes through memory; and the forward
product of the same weights, of few rows, by a loop as well, so that they stay where they are. All other products
are BLAS'.
"""

from collections import Counter
from typing import Any

import numba
import numpy as np

from arraynet.program import Instruction
from arraynet.program.layout import roots
from arraynet_numba.settings import matmul_by

__all__ = ["FEW", "SUMS", "copy_rows", "few_rows", "few_terms", "has_few_rows", "of_few_terms"]

FEW = 8  # rows of a batch; with 12, BLAS is faster
LARGE = 2**17  # elements of the weights; smaller ones are in every cache anyway
WIDE = 64  # columns, so that the inner loops are vectors
LONG = 4096  # terms of one running sum; of more, the sums that BLAS makes in parts are closer
TAKEN = 4  # rows of a matrix at a time
SUMS = '{"contract", "nsz", "reassoc"}'  # the leave that a loop of nothing but sums may have


def has_few_rows(instruction: Any) -> bool:
    """Tell whether `few_rows` computes an instruction; for one row or two BLAS has a way of its own."""
    if not _plain(instruction):
        return False
    x, weights = (v.example for v in instruction.args)
    few = 2 < len(x) <= FEW and len(weights) <= LONG
    return few and _large(weights) and x.flags.c_contiguous and weights.flags.c_contiguous


def of_few_terms(program: Any) -> dict[int, Instruction]:
    """Return the products of few terms that one instruction alone reads, by the Value that they make.

    Those of a Variable's value are none of them: it may have been written over by the time that they are needed.
    """
    root = roots(program)
    changing = {root[v.index] for _, v in program.variables}
    read = Counter(v.index for i in program.instructions for v in {v.index: v for v in i.inputs()}.values())
    read.update(v.index for v in program.results())
    return {
        i.outs[0].index: i
        for i in program.instructions
        if _has_few_terms(i) and read[i.outs[0].index] == 1 and all(root[v.index] not in changing for v in i.args)
    }


def _has_few_terms(instruction: Any) -> bool:
    if not _plain(instruction):
        return False
    x, g = (v.example for v in instruction.args)
    few = 0 < x.shape[1] <= FEW and x.flags.f_contiguous and g.flags.c_contiguous
    return few and _large(instruction.outs[0].example)


def _plain(instruction: Any) -> bool:
    if instruction.name != "matmul" or matmul_by() != "auto":
        return False
    examples = [v.example for v in (*instruction.args, *instruction.outs)]
    plain = all(type(x) is np.ndarray and x.ndim == 2 for x in examples)
    return plain and {str(x.dtype) for x in examples} in ({"float32"}, {"float64"})


def _large(matrix: Any) -> bool:
    return bool(matrix.size >= LARGE and matrix.shape[1] >= WIDE)


@numba.njit(error_model="numpy")
def few_terms(x, g):
    """The factors of a sum of few products as those of a sum of eight: what is missing is zero."""
    terms = g.shape[0]
    if terms == FEW:
        return x, g
    columns, rows = np.zeros((FEW, x.shape[0]), x.dtype), np.zeros((FEW, g.shape[1]), g.dtype)
    copy_rows(x.T, columns)
    copy_rows(g, rows)
    return columns.T, rows


@numba.njit(error_model="numpy")
def copy_rows(x, y):
    """Write into `y` as many rows of `x` as both have; an assignment to a slice would compile for seconds."""
    for i in range(min(x.shape[0], y.shape[0])):
        for j in range(x.shape[1]):
            y[i, j] = x[i, j]


def few_rows() -> str:
    """The text of a product of at most eight rows and a matrix, of which four rows are read at a time."""
    rows, taken = range(FEW), range(TAKEN)
    lines = [
        "def loop(x0, x1, y2):",
        "    wide_vectors()",
        "    x, y, rows, terms = x0, y2, x0.shape[0], x0.shape[1]",
        f"    if rows < {FEW}:  # takes as long, since reading the matrix does",
        f"        x, y = np.zeros(({FEW}, terms), x0.dtype), np.empty(({FEW}, x1.shape[1]), x0.dtype)",
        "        copy_rows(x0, x)",
        "    y[:] = 0",
        *(f"    y_{r} = y[{r}]" for r in rows),
        f"    whole = terms - terms % {TAKEN}",
        f"    for i in range(0, whole, {TAKEN}):",
        *_added(rows, taken),
        "    for i in range(whole, terms):",
        *_added(rows, range(1)),
        f"    if rows < {FEW}:",
        "        copy_rows(y, y2)",
    ]
    return "\n".join(lines) + "\n"


def _added(rows: range, taken: range) -> list[str]:
    """Add to each row of the result what so many rows of the matrix bring."""
    sums = [" + ".join(f"x_{r}_{t} * w_{t}[j]" for t in taken) for r in rows]
    return [
        *(f"        w_{t} = x1[i + {t}]" for t in taken),
        *(f"        x_{r}_{t} = x[{r}, i + {t}]" for r in rows for t in taken),
        "        for j in range(x1.shape[1]):",
        *(f"            y_{r}[j] += {total}" for r, total in zip(rows, sums, strict=True)),
    ]
