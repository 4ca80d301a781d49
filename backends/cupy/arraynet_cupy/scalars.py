"""Work on single numbers, such as running sums of metrics: as few launches as can be.

The core leaves it alone, since on a CPU it costs nothing; on a GPU each sum of two numbers is a launch.
"""

from typing import Any

from arraynet.program import Instruction
from arraynet_cupy.expressions import ELEMENTWISE, supported
from arraynet_cupy.groups import Pointwise

__all__ = ["gather"]

REDUCTIONS = ("sum", "mean", "max", "min")  # of one number: the number


def gather(program: Any) -> None:
    """Replace elementwise primitives of shape () by groups of them, in place."""
    slots: list[Any] = []
    place: dict[int, int] = {}  # where a Value is made, by its index
    for instruction in program.instructions:
        scalar = _scalar(instruction)
        ready = max((place.get(v.index, -1) for v in instruction.inputs()), default=-1)
        at = next((k for k in range(max(ready, 0), len(slots)) if isinstance(slots[k], list)), None) if scalar else None
        if at is None:
            at = len(slots)
            slots.append([] if scalar else instruction)
        if scalar:
            slots[at].append((scalar, instruction))
        place |= {v.index: at for v in instruction.outs}
    program.instructions = [made for slot in slots for made in _made(slot, slots, program)]


def _scalar(instruction: Any) -> Instruction | None:
    """An instruction on single numbers as an elementwise one; None for any other."""
    arrays = [v for v in (*instruction.inputs(), *instruction.outs) if v.shape is not None]
    if len(arrays) < 2 or any(v.shape != () for v in arrays):
        return None
    if instruction.name in REDUCTIONS:
        alike = len({v.dtype for v in arrays}) == 1
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
    work = Pointwise((), [i for i, _ in slot], outs)
    return [Instruction("group", work, tuple(work.inputs), {}, tuple(outs), several=True)]


def _all(slot: Any) -> list[Any]:
    return [original for _, original in slot] if isinstance(slot, list) else [slot]
