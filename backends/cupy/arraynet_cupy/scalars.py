"""Work on single numbers, such as running sums of metrics or the bias of one unit: as few launches as can be.

The core leaves it alone, since on a CPU it costs nothing; on a GPU each sum of two numbers is a launch.
"""

import math
from typing import Any

from arraynet.program import Instruction
from arraynet_cupy.expressions import ELEMENTWISE, supported
from arraynet_cupy.groups import Pointwise

__all__ = ["gather"]

REDUCTIONS = ("sum", "mean", "max", "min")  # of one number: the number


def gather(program: Any) -> None:
    """Replace elementwise primitives of shapes (), (1,), (1, 1), ... by a group for each shape, in place."""
    slots: list[Any] = []
    place: dict[int, int] = {}  # where a Value is made, by its index
    for instruction in program.instructions:
        scalar = _scalar(instruction)
        ready = max((place.get(v.index, -1) for v in instruction.inputs()), default=-1)
        at = next((k for k in range(max(ready, 0), len(slots)) if scalar and _alike(slots[k], scalar)), None)
        if at is None:
            at = len(slots)
            slots.append([] if scalar else instruction)
        if scalar:
            slots[at].append((scalar, instruction))
        place |= {v.index: at for v in instruction.outs}
    program.instructions = [made for slot in slots for made in _made(slot, slots, program)]


def _alike(slot: Any, scalar: Instruction) -> bool:
    return isinstance(slot, list) and slot[0][0].outs[0].shape == scalar.outs[0].shape


def _scalar(instruction: Any) -> Instruction | None:
    """An instruction on single numbers as an elementwise one; None for any other."""
    arrays = [v for v in (*instruction.inputs(), *instruction.outs) if v.shape is not None]
    shape = instruction.outs[0].shape
    if len(arrays) < 2 or shape is None or math.prod(shape) != 1 or {v.shape for v in arrays} - {(), shape}:
        return None
    if instruction.name in REDUCTIONS:
        alike = len({(v.dtype, v.shape) for v in arrays}) == 1
        return Instruction("positive", None, (arrays[0],), {}, instruction.outs) if alike else None
    return instruction if instruction.name in ELEMENTWISE and supported(instruction) else None


def _made(slot: Any, slots: list[Any], program: Any) -> list[Any]:
    if not isinstance(slot, list):
        return [slot]
    if len(slot) == 1:
        return [slot[0][1]]
    outside = {v.index for other in slots if other is not slot for i in _all(other) for v in i.inputs()}
    outside |= {v.index for v in program.results()}
    outs = [v for i, _ in slot for v in i.outs if v.index in outside]
    work = Pointwise(slot[0][0].outs[0].shape, [i for i, _ in slot], outs)
    return [Instruction("group", work, tuple(work.inputs), {}, tuple(outs), several=True)]


def _all(slot: Any) -> list[Any]:
    return [original for _, original in slot] if isinstance(slot, list) else [slot]
