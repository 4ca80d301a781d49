"""Operands that are broadcast are read where they lie, as a row of a loop over all rows.

The derivative of a mean is one row, copied to as many as there were; what is computed of that copy alone, is
computed of the row, and a loop is given the row. As a view with strides of 0 it would fit into no loop.
"""

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from arraynet.fusion.group import ROW_REDUCTIONS
from arraynet.program.passes import drop_dead
from arraynet.program.program import Program
from arraynet.program.trace import Instruction, Value

__all__ = ["new_value", "spread"]


def spread(program: Program, primitives: Collection[str]) -> None:
    """Give elementwise primitives what their operands were broadcast of; every number stays the same, bit for bit."""
    sources: dict[int, Value] = {}  # what a Value is broadcast of, by its index
    elementwise = frozenset(primitives) - ROW_REDUCTIONS
    program.instructions = [made for i in program.instructions for made in _spread(program, i, elementwise, sources)]
    drop_dead(program)


def _spread(
    program: Program, instruction: Instruction, elementwise: Collection[str], sources: dict[int, Value]
) -> Iterator[Instruction]:
    """Yield what replaces an instruction, and note what its result is broadcast of."""
    out, given = instruction.outs[0], instruction.inputs()
    if instruction.name in ("broadcast_to", "expand_dims", "reshape"):
        source = sources.get(given[0].index, given[0])
        if instruction.name == "broadcast_to" or _leads_with_ones(source, out):
            sources[out.index] = source
        yield instruction
    elif instruction.name in elementwise and any(v.index in sources for v in given):
        args = tuple(sources.get(a.index, a) if isinstance(a, Value) else a for a in instruction.args)
        shape = np.broadcast_shapes(*(a.shape for a in args if isinstance(a, Value) and a.shape is not None))
        made = out if shape == out.shape else new_value(program, np.empty(shape, out.dtype))
        yield Instruction(instruction.name, instruction.function, args, instruction.kwargs, (made,))
        if made is not out:
            sources[out.index] = made
            # a view with strides of 0, which no loop can be given
            out.example = np.broadcast_to(np.asarray(made.example), out.example.shape)
            yield Instruction("broadcast_to", program.backend.xp.broadcast_to, (made, out.shape), {}, (out,))
    else:
        yield instruction


def _leads_with_ones(source: Value, out: Value) -> bool:
    """Tell whether a shape is another one behind axes of length 1, which broadcasting puts there itself."""
    shape, found = source.shape or (), out.shape or ()
    return (1,) * (len(found) - len(shape)) + shape == found


def new_value(program: Program, example: Any) -> Value:
    """Return a Value that a program does not have yet."""
    program.count += 1
    return Value(program.count - 1, example)
