"""Passes over programs. Each leaves every result the same, bit for bit."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from arraynet.program.program import Program
from arraynet.program.trace import Instruction, Value, substitute

__all__ = ["drop_dead", "fold_constants", "fold_identities", "fold_uniform", "merge_identical", "optimise"]

LIKE = ("zeros_like", "ones_like", "full_like", "empty_like")  # these read no values of their input


def optimise(program: Program) -> Program:
    """Run all passes."""
    for run in (fold_constants, fold_uniform, fold_identities, merge_identical, drop_dead):
        run(program)
    return program


def fold_constants(program: Program) -> None:
    """Replace what depends on constants alone by its value, known from the capture."""
    kept = []
    for instruction in program.instructions:
        if instruction.name in LIKE or all(v.index in program.constants for v in instruction.inputs()):
            program.constants |= {v.index: v.example for v in instruction.outs}
        else:
            kept.append(instruction)
    program.instructions = kept


def fold_uniform(program: Program) -> None:
    """Replace a constant array of equal numbers by the number, where another operand has shape and dtype."""
    number = {index: found for index, array in program.constants.items() if (found := _uniform(array)) is not None}
    for instruction in program.instructions:
        if instruction.name in ("add", "subtract", "multiply", "divide", "maximum", "minimum", "where"):
            out = instruction.outs[0]
            alike = [v for v in instruction.inputs() if (v.shape, v.dtype) == (out.shape, out.dtype)]
            if any(v.index not in number for v in alike):
                instruction.args = tuple(
                    number[a.index] if isinstance(a, Value) and a.index in number else a for a in instruction.args
                )


def _uniform(array: Any) -> float | None:
    """The number that a floating array is full of."""
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or not array.size:
        return None
    first = array.flat[0]
    same = np.array_equal(array, np.broadcast_to(first, array.shape)) and not np.signbit(array).any()
    return float(first) if same else None


def _share(program: Program, known: Callable[[Instruction], Sequence[Value] | None], same: dict[int, Value]) -> None:
    """Drop instructions whose results other Values have: those in `same`, and what is `known` of each in turn."""
    kept = []
    for instruction in program.instructions:
        if any(v.index in same for v in instruction.inputs()):
            given = (instruction.args, instruction.kwargs)
            instruction.args, instruction.kwargs = substitute(given, lambda v: same.get(v.index, v))
        found = known(instruction)
        if found is None:
            kept.append(instruction)
        else:
            same.update((v.index, w) for v, w in zip(instruction.outs, found, strict=True))
    program.instructions = kept
    program.outputs = [same.get(v.index, v) for v in program.outputs]
    program.updates = [(variable, same.get(v.index, v)) for variable, v in program.updates]


def fold_identities(program: Program) -> None:
    """Drop products and quotients with the number one where shape, dtype and memory order stay the same."""
    _share(program, _unchanged, {})


def _unchanged(instruction: Instruction) -> list[Value] | None:
    """The argument that an instruction returns as it is."""
    if instruction.name not in ("multiply", "divide"):
        return None
    out, pair = instruction.outs[0], instruction.args
    for source, one in [pair, pair[::-1]][: 1 + (instruction.name == "multiply")]:
        if isinstance(source, Value) and _form(source) == _form(out) and _is_one(one):
            return [source]
    return None


def _form(v: Value) -> Any:
    """What a Value is besides its numbers; sums over another memory order have other bits."""
    return v.shape, v.dtype, getattr(v.example, "strides", None)


def _is_one(x: Any) -> bool:
    return isinstance(x, np.generic | int | float) and bool(x == 1)


def merge_identical(program: Program) -> None:
    """Compute what is written twice once, constants of the same bytes included."""
    seen: dict[Any, Instruction] = {}

    def known(instruction: Instruction) -> Sequence[Value] | None:
        key = _key(instruction)
        first = instruction if key is None else seen.setdefault(key, instruction)
        return None if first is instruction else first.outs

    _share(program, known, _same_constants(program))


def _same_constants(program: Program) -> dict[int, Value]:
    values = {v.index: v for instruction in program.instructions for v in instruction.inputs()}
    first: dict[Any, Value] = {}
    same: dict[int, Value] = {}
    for index, array in program.constants.items():
        if index in values and isinstance(array, np.ndarray | np.generic):
            key = (array.dtype, array.shape, array.strides, array.tobytes())
            if first.setdefault(key, values[index]) is not values[index]:
                same[index] = first[key]
    return same


def _key(instruction: Instruction) -> Any:
    """What two identical calls have in common; None where arguments cannot be compared."""
    key = (instruction.name, _frozen(instruction.args), _frozen(instruction.kwargs))
    try:
        hash(key)
    except TypeError:
        return None
    return key


def _frozen(x: Any) -> Any:
    if isinstance(x, Value):
        return ("value", x.index)
    if isinstance(x, list | tuple):
        return tuple(_frozen(i) for i in x)
    if isinstance(x, dict):
        return tuple((k, _frozen(v)) for k, v in sorted(x.items()))
    if isinstance(x, slice):
        return ("slice", x.start, x.stop, x.step)
    return (type(x), repr(x)) if isinstance(x, float) else (type(x), x)  # 0.0 and -0.0 are equal, not the same


def drop_dead(program: Program) -> None:
    """Drop what no output and no update needs."""
    needed = {v.index for v in program.results()}
    kept = []
    for instruction in reversed(program.instructions):
        if any(v.index in needed for v in instruction.outs):
            needed.update(v.index for v in instruction.inputs())
            kept.append(instruction)
    program.instructions = kept[::-1]
    program.constants = {i: c for i, c in program.constants.items() if i in needed}
