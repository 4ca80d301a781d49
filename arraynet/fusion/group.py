"""What one loop computes: instructions over rows and columns.

A group runs over one shape, seen as rows and columns: all axes but the last, and the last. An operand is
the whole of it, one row, one column, or a single number.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from arraynet.program.trace import Instruction, Value

__all__ = ["ROW_REDUCTIONS", "Group", "reduced", "wraps"]

ROW_REDUCTIONS = frozenset(["sum", "max", "min", "mean", "argmax"])
SHORT = 256  # columns; argmax of longer rows is better left to a library that compares many at once


@dataclass
class Group:
    """Instructions that one loop computes.

    Attributes
    ----------
    rows, columns : int
        What it runs over.
    instructions : list of Instruction
        In order; reductions along the last axis, along all others, or of everything may occur.
    inputs, outs : list of Value
        What it reads from outside, and what is needed outside.
    over : list of Value
        Inputs that the first of `outs`, in this order, are written over. They are no longer among `inputs`:
        a loop that is given one array twice is not vectorised.
    """

    shape: tuple[int, ...]
    instructions: list[Instruction] = field(default_factory=list)
    inputs: list[Value] = field(default_factory=list)
    outs: list[Value] = field(default_factory=list)
    over: list[Value] = field(default_factory=list)
    made: dict[int, Instruction] = field(default_factory=dict)  # what makes a Value, by its index, as far as added
    known: set[int] = field(default_factory=set)  # indices of Values that are made, or read whole
    pointwise: bool = True  # whether it holds no reductions

    @classmethod
    def of(cls, shape: tuple[int, ...], instructions: Iterable[Instruction]) -> "Group":
        """Return a group of instructions."""
        group = cls(shape)
        for instruction in instructions:
            group.add(instruction)
        return group

    def add(self, instruction: Instruction) -> None:
        """Take an instruction in, behind the others."""
        self.instructions.append(instruction)
        self.pointwise &= instruction.name not in ROW_REDUCTIONS
        self.made |= {v.index: instruction for v in instruction.outs}
        self.known.update(v.index for v in instruction.outs)
        self.known.update(v.index for v in instruction.inputs() if v.shape == self.shape)

    @property
    def one_pass(self) -> bool:
        """Whether nothing waits for a reduction, so that results may be written over what it reads."""
        reduced = {v.index for i in self.instructions if i.name in ROW_REDUCTIONS for v in i.outs}
        return not any(v.index in reduced for i in self.instructions for v in i.inputs())

    def own(self, k: int, inner: set[int]) -> list[Instruction]:
        """Return an instruction, and before it what serves it alone; `inner` are the Values that stay in here.

        Nothing, if that is not there, or if some of it waits for a reduction.
        """
        found = self.instructions[k : k + 1]
        for other in self.instructions[:k][::-1]:
            readers = [i for i in self.instructions if any(v is other.outs[0] for v in i.inputs())]
            if other.outs[0].index in inner and readers and all(any(r is f for f in found) for r in readers):
                found.insert(0, other)
        return [] if any(i.name in ROW_REDUCTIONS for i in found) else found

    @property
    def rows(self) -> int:
        """The product of all axes but the last."""
        return math.prod(self.shape[:-1])

    @property
    def columns(self) -> int:
        """The length of the last axis; 1 for a single number."""
        return self.shape[-1] if self.shape else 1

    def role(self, value: Value) -> str:
        """Return how an operand lies: "full", "row", "column", "scalar" (also a number of the host) or ""."""
        shape = value.shape or ()
        if shape == self.shape and shape:
            return "full"
        if math.prod(shape) == 1:
            return "scalar"
        if math.prod(shape) == self.columns == shape[-1]:
            return "row"
        return "column" if shape == (*self.shape[:-1], 1) else ""


def reduced(instruction: Instruction) -> str:
    """Return what a reduction of floats goes along: "columns" (the last axis), "rows" (all others), "all", or ""."""
    x = instruction.inputs()[0]
    if x.dtype is None or x.dtype.kind != "f":
        return ""
    if instruction.name == "argmax" and (x.shape or (SHORT + 1,))[-1] > SHORT:
        return ""
    axis = instruction.kwargs.get("axis", *instruction.args[1:2])
    ndim = len(x.shape or ())
    axes = range(ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    found = {a % max(ndim, 1) for a in axes}
    if found == set(range(ndim)):
        return "all" if instruction.name in ("sum", "mean") else ""
    if found == {ndim - 1}:
        return "columns"
    return "rows" if found == set(range(ndim - 1)) and instruction.name in ("sum", "mean") else ""


def wraps(instruction: Instruction) -> bool:
    """Tell whether a loop would wrap a whole number around that ops compare as it is: an operand's dtype lacks it."""
    numbers = [a for a in instruction.args if isinstance(a, int)]
    kinds = [v.dtype for v in instruction.inputs() if numbers and v.dtype is not None and v.dtype.kind in "iu"]
    return any(not np.iinfo(kind).min <= a <= np.iinfo(kind).max for kind in kinds for a in numbers)
