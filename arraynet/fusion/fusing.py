"""Which primitives become one loop: grouping, what it may reorder, and what it may write over.

A backend turns a group into a compiled loop or a GPU kernel, `arraynet.tiles` into ufuncs on one tile after the
other; the grouping is decided here once for all of them.
"""

import math
from collections import Counter
from collections.abc import Collection
from typing import Any

from arraynet.fusion.group import ROW_REDUCTIONS, Group, reduced, wraps
from arraynet.program.layout import FOREVER, VIEWS, roots
from arraynet.program.program import Program
from arraynet.program.trace import Instruction, Value

__all__ = ["fuse"]


def fuse(
    program: Program,
    primitives: Collection[str],
    compiled: Any,
    in_place: bool = False,
    smallest: int = 2,
    apart: bool = False,
) -> None:
    """Replace groups of instructions by calls of what `compiled` makes of them.

    Parameters
    ----------
    program : Program
        Changed in place.
    primitives : collection of str
        What a loop can compute, element by element, and which of `ROW_REDUCTIONS`.
    compiled : callable
        ``compiled(group)`` returns a function of the group's inputs and outs, or None to leave it alone.
    in_place : bool
        Whether groups write updates over the Variables' old values, see `Group.over`.
    smallest : int
        How many instructions make a group. With 1, reductions and single numbers are groups, too, for a backend
        that computes neighbouring groups in one call.
    apart : bool
        Whether what has nothing to do with each other is in groups of its own: the updates of two layers, which are
        the same loop then, for a backend to compile once. Without it they are one group, for one launch.
    """
    slots: list[Instruction | Group] = []
    place: dict[int, int] = {}  # where a Value is made, by its index
    for instruction in _early_first(program):
        at = _joined(slots, place, instruction, primitives, smallest)
        place |= {v.index: at for v in instruction.outs}
    slots = [part for slot in slots for part in (_apart(slot) if apart else [slot])]
    _make_late(program, slots)
    needed = _needed(program, slots)
    root = roots(program)
    last_slot = _last_slots(root, needed)
    old = {id(variable): value for variable, value in program.variables}
    over = {new.index: old[id(variable)] for variable, new in reversed(program.updates) if id(variable) in old}
    for at, slot in enumerate(slots):
        if isinstance(slot, Group):
            _bounded(slot, needed)
            if in_place and slot.one_pass:
                _overwriting(slot, over, root, last_slot, at)
    program.instructions = [made for slot in slots for made in _made(slot, compiled, smallest)]


def _early_first(program: Program) -> list[Instruction]:
    """Instructions, casts and views of the call's own arrays in front: labels must be ready for a loss's loop."""
    ready = {v.index for v in program.inputs} | set(program.constants)
    early, later = [], []
    for instruction in program.instructions:
        moves = instruction.name in VIEWS or instruction.name == "astype"
        if moves and all(v.index in ready for v in instruction.inputs()):
            ready.update(v.index for v in instruction.outs)
            early.append(instruction)
        else:
            later.append(instruction)
    return early + later


def _joined(
    slots: list[Instruction | Group],
    place: dict[int, int],
    instruction: Instruction,
    primitives: Collection[str],
    smallest: int,
) -> int:
    """Put an instruction into the latest group that it fits into, or behind everything; return where."""
    shape, inputs = _shape(instruction, primitives, smallest), instruction.inputs()
    if shape is not None:
        reduces = instruction.name in ROW_REDUCTIONS
        first = max(place.get(v.index, 0) for v in inputs)
        for at in range(len(slots) - 1, first - 1, -1):
            slot = slots[at]
            if not isinstance(slot, Group) or (reduces and shape != slot.shape):
                continue  # over a column, the loop would count each number once for every column of the group
            if shape in (slot.shape, (*slot.shape[:-1], 1)) and _fits(slot, instruction, inputs):
                slot.add(instruction)
                return at
        group = Group(shape)
        if (smallest == 1 or not reduces) and _fits(group, instruction, inputs):
            group.add(instruction)
            slots.append(group)
            return len(slots) - 1
    slots.append(instruction)
    return len(slots) - 1


def _shape(instruction: Instruction, primitives: Collection[str], smallest: int) -> tuple[int, ...] | None:
    """The shape that a loop for an instruction runs over; None if it is no matter for a loop, or no work for one."""
    if instruction.name not in primitives or wraps(instruction):
        return None
    if instruction.name in ROW_REDUCTIONS:
        shape = instruction.inputs()[0].shape if reduced(instruction) else None
    else:
        shape = instruction.outs[0].shape
    return shape if shape is not None and math.prod(shape) >= min(smallest, 2) else None


def _fits(group: Group, instruction: Instruction, inputs: list[Value]) -> bool:
    """Tell whether a group can compute an instruction of what is made by then, and has to do with it."""
    related = not group.instructions or any(v.index in group.known for v in inputs)
    if not related and not (instruction.outs[0].shape == group.shape and group.pointwise):  # that is harmless company
        return False  # the same shape by chance: the update of weights and the loss of a batch
    for value in inputs:
        maker = group.made.get(value.index)
        if maker is None and not group.role(value):
            return False
        if maker is not None and maker.name in ROW_REDUCTIONS:
            alike = reduced(maker) == "columns" and group.role(value) == "column"
            if not alike or instruction.name in ROW_REDUCTIONS:
                return False
    return True


def _make_late(program: Program, slots: list[Instruction | Group]) -> None:
    """Move what one later group alone needs into that group, if all that it is made of is there by then anyway.

    The derivative of an activation is such: computing it again of the activation's output costs less than
    writing it to memory in the forward pass and reading it in the backward pass.
    """
    used = _needed(program, slots)
    for at, slot in enumerate(slots):
        if not isinstance(slot, Group):
            continue
        for k in range(len(slot.instructions))[::-1]:
            places = {place for i in slot.instructions[k : k + 1] for place in used.get(i.outs[0].index, ())}
            later = slots[max(places)] if len(places) == 1 and max(places) > at else None
            if not isinstance(later, Group) or later.shape != slot.shape:
                continue
            moved = slot.own(k, {v.index for i in slot.instructions for v in i.outs if used.get(v.index) == {at}})
            made = {v.index for i in moved for v in i.outs}
            given = [v for i in moved for v in i.inputs() if v.shape and v.index not in made]
            if moved and all(max(used[v.index] - {at}, default=-1) > at for v in given):
                slot.instructions = [i for i in slot.instructions if all(i is not m for m in moved)]
                later.instructions[:0] = moved
                here = {v.index for i in slot.instructions for v in i.inputs()}
                for index in {v.index for i in moved for v in i.inputs()}:
                    used[index] = (used[index] if index in here else used[index] - {at}) | places


def _apart(slot: Instruction | Group) -> list[Instruction | Group]:
    """The parts of a group that no Value connects, neither one that is made in it nor one of its shape that is read."""
    if isinstance(slot, Instruction) or math.prod(slot.shape) < 2:
        return [slot]
    part: dict[int, tuple[set[int], list[int]]] = {}  # of a Value: all Values of its part, and where instructions stand
    for at, instruction in enumerate(slot.instructions):
        inputs = instruction.inputs()
        known = {v.index for v in instruction.outs} | {v.index for v in inputs if v.shape == slot.shape}
        met = {id(found): found for found in map(part.get, known.union(v.index for v in inputs)) if found}
        *others, most = sorted(met.values(), key=lambda found: len(found[0])) or [(set(), [])]
        for values, places in [*others, (known, [at])]:
            most[0].update(values)
            most[1].extend(places)
            part.update(dict.fromkeys(values, most))
    parts = sorted({id(found): found[1] for found in part.values()}.values(), key=max)
    return [Group.of(slot.shape, [slot.instructions[k] for k in sorted(places)]) for places in parts]


def _needed(program: Program, slots: list[Instruction | Group]) -> dict[int, set[int]]:
    """In which slots each Value is used, by index; -1 stands for the program's results."""
    used: dict[int, set[int]] = {}
    for at, slot in enumerate(slots):
        for instruction in slot.instructions if isinstance(slot, Group) else (slot,):
            for value in instruction.inputs():
                used.setdefault(value.index, set()).add(at)
    for value in program.results():
        used.setdefault(value.index, set()).add(-1)
    return used


def _last_slots(root: dict[int, int], used: dict[int, set[int]]) -> dict[int, int]:
    """The last slot that reads a Value, directly or through a view; results are read behind all slots."""
    last: dict[int, int] = {}
    for index, places in used.items():
        latest = FOREVER if -1 in places else max(places)
        last[root[index]] = max(latest, last.get(root[index], -1))
    return last


def _bounded(group: Group, used: dict[int, set[int]]) -> None:
    """Find what a group reads from outside, and what is used there."""
    inside = {v.index for made in group.instructions for v in made.outs}
    read = {v.index: v for made in group.instructions for v in made.inputs()}
    group.inputs = [v for index, v in read.items() if index not in inside]
    made = [v for instruction in group.instructions for v in instruction.outs]
    group.outs = [v for v in made if len(used.get(v.index, ())) > (v.index in read)]


def _overwriting(group: Group, over: dict[int, Value], root: dict[int, int], last: dict[int, int], at: int) -> None:
    """Let a Variable's new value be written over the old one, if this group is the last to read that."""
    pairs: dict[int, tuple[Value, Value]] = {}  # by the old value's index
    inputs = {v.index for v in group.inputs}
    reads = Counter(root[index] for index in inputs)
    for new in group.outs:
        value = over.get(new.index)
        if value is None or last.get(value.index) != at or value.index not in inputs:
            continue
        if reads[root[value.index]] > 1:
            continue  # read through a view, elsewhere than it is written
        if (value.shape, value.dtype) == (new.shape, new.dtype) == (group.shape, new.dtype):
            pairs[value.index] = new, value
    group.over = [value for _, value in pairs.values()]
    first = {new.index: new for new, _ in pairs.values()}
    group.outs = [*first.values(), *(v for v in group.outs if v.index not in first)]
    group.inputs = [v for v in group.inputs if v.index not in pairs]


def _made(slot: Instruction | Group, compiled: Any, smallest: int) -> list[Instruction]:
    """The instructions that a slot comes to."""
    if isinstance(slot, Instruction):
        return [slot]
    function = compiled(slot) if slot.instructions and len(slot.instructions) >= smallest else None
    if function is None:
        return slot.instructions
    name = "group" if slot.pointwise else "group.reduce"
    over = {"over": tuple(slot.over)} if slot.over else {}
    inside = tuple(map(repr, slot.instructions))
    return [Instruction(name, function, tuple(slot.inputs), over, tuple(slot.outs), several=True, inside=inside)]
