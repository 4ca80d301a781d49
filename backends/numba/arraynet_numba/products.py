"""Which matrix products of a program are loops, for threads to share or for an update to begin with.

BLAS writes the gradient of the weights to memory, on all cores, for an optimizer's loop to read on one. Here that
loop computes the gradient, a few rows at a time, which stay in the nearest cache; threads share it as they
share all other loops, and those of BLAS would leave no core to them. So it is all products or none of them.
"""

import math
from collections import Counter
from typing import Any

import numpy as np

from arraynet.fusion import new_value
from arraynet.program import Instruction
from arraynet_numba.entries import task
from arraynet_numba.microkernel import BLOCK, ROWS
from arraynet_numba.multiplication import panels_like
from arraynet_numba.settings import matmul_by
from arraynet_numba.tasks import Task, once
from arraynet_numba.team import LEAST
from arraynet_numba.views import PAGE, Use, column_numbers, factor, left_factor, matrix_turned, no_rows, row_numbers

__all__ = ["Product", "lone_products", "multiplied", "take_products"]

BROAD = 128  # columns that pay for a copy of a left factor whose terms are pages apart
FLOATS = ({"float32"}, {"float64"})
NEAR, SMALL = 2**20, 8192  # elements of a right factor in a loop: of a gradient's panels, and of any other's itself
LARGE = 512  # rows, terms and columns; beyond all three BLAS gains more than an update


class Product:
    """A matrix product to compile.

    Attributes
    ----------
    turned : list of bool
        Which of its factors are the transposes of what it is given.
    copied : list of bool
        Which of them are written down transposed first: a left one whose terms are pages apart, if columns are many,
        and a right one that is much smaller than the result.
    packed : bool
        Whether the transpose of the result is computed, from panels of the left factor: of any other right one turned.
    halved : bool
        Whether there are two results, which are still to be added.
    """

    alone = None  # no primitive that a library would compute better

    def __init__(self, turned: list[bool], x: Any, w: Any, y: Any) -> None:
        self.turned, self.dtype, self.terms = turned, y.dtype, x.shape[1]
        far = y.shape[0] * y.dtype.itemsize >= PAGE and y.shape[1] >= BROAD
        small = turned[1] and 4 * self.terms <= y.shape[0]
        self.packed = turned[1] and not small
        self.copied = [turned[0] and far and not self.packed, small]
        self.halved = not any(turned) and _in_halves(x.example, y.shape[1])

    def scratch(self, instruction: Any, _: int) -> list[np.ndarray]:
        """Return arrays like those that it works in: copies of factors, and panels."""
        copies = [matrix_turned(v.example) for v, copied in zip(instruction.args, self.copied, strict=True) if copied]
        x = instruction.args[0].example
        panels = [panels_like(x if self.turned[0] else x.T)] if self.packed else []
        return [np.empty(copy.shape, copy.dtype) for copy in copies] + panels

    def right(self, instruction: Any) -> np.ndarray:
        """Return an array like the right factor."""
        example: np.ndarray = instruction.args[1].example
        return example.T if self.turned[1] else example

    def factors(self, instruction: Any) -> list[Use]:
        """Return what `block_of_rows` is given: the left factor, where its rows and terms are, and the right one."""
        (x, w), (x_turned, w_turned) = instruction.args, self.turned
        return [*left_factor(x, x_turned), factor(w, w_turned)]

    def tasks(self, instruction: Any) -> list[Task]:
        """Return what computes it."""
        y, *copies = instruction.outs
        factors, found = [*zip(instruction.args, self.turned, strict=True)], list[Task]()
        for k in (k for k in range(2) if self.copied[k]):
            source, copy = instruction.args[k], copies[len(found)]
            found.append(task("transpose", self.dtype, [factor(source, False), Use(copy)], math.prod(source.shape)))
            factors[k] = copy, False
        (x, x_turned), (w, _) = factors
        if self.packed:
            panels = Use(copies[-1])
            found.append(task("pack_panels", self.dtype, [factor(x, not x_turned), panels], math.prod(x.shape)))
            given = [*left_factor(w, False), panels, Use(y)]
            return [*found, task("multiply_transposed", self.dtype, given, self.work(instruction))]
        left = [factor(x, True), Use(x, column_numbers)] if x_turned else left_factor(x, False)[:2]
        other = Use(copies[0]) if self.halved else Use(y, no_rows)
        return [*found, task("multiply", self.dtype, [*left, Use(w), Use(y), other], self.work(instruction))]

    def work(self, instruction: Any) -> int:
        """Say how much it is, in elements of a plain loop."""
        rows, columns = instruction.outs[0].shape
        return _work(rows, self.terms, columns)


def take_products(program: Any) -> bool:
    """Make a `Product` of each matrix product, if that is possible for all; tell whether BLAS is left none."""
    found = [i for i in program.instructions if i.name == "matmul"]
    sources = {i.outs[0].index: i.args[0] for i in program.instructions if _transposes(i)}
    whole = {i.outs[0].index: i.args[0] for i in program.instructions if _flattens(i)}
    sizes = [(*i.args[0].shape, i.outs[0].shape[-1]) for i in found]
    if matmul_by() != "auto" or not all(_plain(i, sources) for i in found) or _for_blas(sizes):
        return not found
    for instruction in found:
        turned = [v.index in sources for v in instruction.args]
        instruction.function = Product(turned, *instruction.args, *instruction.outs)
        x, w = (sources.get(v.index, v) for v in instruction.args)
        instruction.args = whole.get(x.index, x), w
    for views in (sources, whole):  # the former are of the latter
        read = {v.index for i in program.instructions for v in i.inputs()} | {v.index for v in program.results()}
        gone = views.keys() - read
        program.instructions = [i for i in program.instructions if i.outs[0].index not in gone]
    program.instructions = [made for i in program.instructions for made in _with_sum(program, i)]
    return True


def _with_sum(program: Any, instruction: Any) -> list[Instruction]:
    """What computes a product, and if that leaves two results, what adds them up: a loop that goes on with it."""
    if not getattr(instruction.function, "halved", False):
        return [instruction]
    outs = instruction.outs
    instruction.outs = tuple(new_value(program, np.empty_like(outs[0].example)) for _ in range(2))
    return [instruction, Instruction("add", program.backend.xp.add, instruction.outs, {}, outs)]


def _in_halves(x: np.ndarray, columns: int) -> bool:
    """Tell whether a product is the sum of two, over half of the terms each.

    Then each of two threads reads the rows of the right factor that it updates, if that is a layer's weights, and the
    other's part of the result, which is smaller: what another core has written is read ten times as slowly. Of a left
    factor in another order it cannot be told outside of programs whether it is turned, as in a gradient.
    """
    rows, terms = x.shape
    large = terms * columns > SMALL and _work(rows, terms, columns) >= LEAST
    return large and x.flags.c_contiguous and 2 * max(rows, ROWS) <= terms


def lone_products(program: Any) -> dict[int, Instruction]:
    """Return the products that a loop had better compute itself, if it alone reads them, by the Value that they make.

    They are read once, and their right factor is at hand for each block of rows.
    """
    read = Counter(v.index for i in program.instructions for v in {v.index: v for v in i.inputs()}.values())
    read.update(v.index for v in program.results())
    return {
        i.outs[0].index: i
        for i in program.instructions
        if isinstance(i.function, Product)
        and read[i.outs[0].index] == 1
        and _at_hand(i.function, i.function.right(i), i.outs[0].shape[0])
    }


def _at_hand(product: Product, right: np.ndarray, rows: int) -> bool:
    """Tell whether a right factor stays in a cache, and enough rows read the panels that it is copied into."""
    if not product.turned[0]:
        return right.size <= SMALL  # it is mostly the same at the next call
    return panels_like(right).size <= NEAR and rows * BLOCK >= product.terms


def multiplied(x: np.ndarray, w: np.ndarray) -> Any:
    """Return the product of two matrices outside of a program, or NotImplemented if BLAS is to compute it."""
    if {str(x.dtype), str(w.dtype)} not in FLOATS or _for_blas([(*x.shape, w.shape[1])]):
        return NotImplemented
    if w.flags.f_contiguous:
        return np.ascontiguousarray(_multiplied(w.T, np.ascontiguousarray(x.T), False).T)
    return _multiplied(x, np.ascontiguousarray(w), _in_halves(x, w.shape[1]))


def _multiplied(x: np.ndarray, w: np.ndarray, halved: bool) -> np.ndarray:
    rows, columns = x.shape[0], w.shape[1]
    y, other = np.empty((rows, columns), x.dtype), np.empty((rows * halved, columns), x.dtype)
    once(task("multiply", y.dtype, [x, row_numbers(x), w, y, other], _work(*x.shape, columns)))
    return np.add(y, other, out=y) if halved else y


def _work(rows: int, terms: int, columns: int) -> int:
    """Say how much a product is, in elements of a plain loop."""
    return rows * terms * columns // 32


def _for_blas(sizes: list[tuple[int, int, int]]) -> bool:
    """Tell whether BLAS is better at products: at large ones, and where most of the work is with one row or column."""
    of_vectors = sum(math.prod(size) * (1 if 1 in (size[0], size[2]) else -1) for size in sizes) > 0
    return of_vectors or any(min(size) > LARGE for size in sizes)


def _transposes(instruction: Any) -> bool:
    """Tell whether an instruction only exchanges rows and columns."""
    turned = instruction.name == "permute_dims" and instruction.args[1:] == ((1, 0),)
    return turned or instruction.name == "matrix_transpose"  # of more axes, of which there is no plain product


def _flattens(instruction: Any) -> bool:
    """Tell whether an instruction only makes rows of what lies in order anyway."""
    if instruction.name != "reshape" or not instruction.inputs():
        return False
    x = instruction.args[0]
    plain = type(x.example) is np.ndarray and x.example.ndim > 2 and x.example.flags.c_contiguous
    return plain and instruction.outs[0].shape[:1] == x.shape[:1]


def _plain(instruction: Any, sources: dict[int, Any]) -> bool:
    """Tell whether there is a loop for a product: of matrices, the right one without gaps."""
    x, w = instruction.args
    right, out = sources.get(w.index, w), instruction.outs[0]
    examples = [v.example for v in (x, w, out)]
    plain = all(type(a) is np.ndarray and a.ndim == 2 and a.size for a in examples)
    alike = {str(v.dtype) for v in (x, w, out)} in FLOATS
    return plain and alike and right.example.flags.c_contiguous and out.example.flags.c_contiguous
