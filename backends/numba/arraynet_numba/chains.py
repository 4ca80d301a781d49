"""Neighbouring loops in one call: all updates of a step, the numbers that its metrics add up.

Python takes a microsecond or two to call a loop, and as long again when the loops before have taken its
memory out of the caches. Between two matrix products nothing but loops need happen, so one compiled function
calls them all.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from arraynet.fusion import Group, fuse
from arraynet.program import Instruction, Value
from arraynet_numba.expressions import EXPRESSIONS, PRIMITIVES
from arraynet_numba.generated import IMPORTS, loaded, loaded_loop
from arraynet_numba.loops import arguments, compiled, coverable, flat
from arraynet_numba.products import SUMS, few_rows, has_few_rows, of_few_terms

__all__ = ["compile_loops"]

WIDEST = 100  # arguments; more of them make compiling slow, and the calls saved are few by then
PLAIN = (0, 1, -1, 2, 0.5)  # numbers that the compiler can make something of


def compile_loops(program: Any) -> None:
    """Replace what lies between the matrix products of a program by calls of compiled loops."""
    _lift_numbers(program)
    fuse(program, PRIMITIVES, lambda g: _Loop(g) if coverable(g) else None, in_place=True, smallest=1)
    _take_products(program)
    program.instructions = list(_chained(program.instructions))


class _Loop:
    """A loop to compile: a group, with the products that it computes itself."""

    def __init__(self, group: Group) -> None:
        self.group, self.products = group, dict[int, Any]()

    @property
    def alone(self) -> Any:
        """The one primitive that it stands for, if it does."""
        return None if self.products or self.group.instructions[1:] else self.group.instructions[0]

    def compiled(self) -> Any:
        return compiled(self.group, self.products)


class _FewRows:
    """A product to compile."""

    alone = None

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype

    def compiled(self) -> Any:
        return loaded_loop(self.dtype.name, SUMS, few_rows())


def _take_products(program: Any) -> None:
    """Compute the weights' gradient in the loop of their update, if it has few terms, and their product by a loop."""
    products, updated = of_few_terms(program), set[int]()
    for instruction in [i for i in program.instructions if isinstance(i.function, _Loop)]:
        loop = instruction.function
        mine = {v.index: products[v.index] for v in loop.group.inputs if v.index in products}
        if mine and flat(loop.group, mine):
            loop.products = mine
            instruction.args = tuple(arguments(loop.group, mine))
            updated |= {v.index for v in loop.group.over}
            program.instructions = [i for i in program.instructions if all(i is not p for p in mine.values())]
    for instruction in program.instructions:
        if has_few_rows(instruction) and instruction.args[1].index in updated:
            instruction.function = _FewRows(instruction.outs[0].dtype)


def _lift_numbers(program: Any) -> None:
    """Make arguments of the numbers that loops compute with: other numbers then need no other loop.

    Such numbers are hyper-parameters, and the number of samples in a batch, which the last of an epoch has fewer of.
    """
    lifted: dict[tuple[str, float], Value] = {}

    def lift(x: Any, dtype: np.dtype) -> Any:
        if type(x) not in (int, float) or x in PLAIN or not np.isfinite(x):
            return x
        key = (dtype.name, float(x))
        if key not in lifted:
            lifted[key] = Value(program.count, np.asarray(x, dtype))
            program.constants[program.count] = lifted[key].example
            program.count += 1
        return lifted[key]

    for instruction in program.instructions:
        if instruction.name in EXPRESSIONS and instruction.name != "astype":
            kinds = [v.dtype for v in instruction.inputs() if v.dtype is not None and v.dtype.kind != "b"]
            dtype = kinds[0] if kinds else instruction.outs[0].dtype
            if dtype.kind == "f":
                instruction.args = tuple(lift(x, dtype) for x in instruction.args)


def _chained(instructions: Iterable[Any]) -> Iterator[Any]:
    """Loops that nothing separates become one; what does not need them goes before them."""
    waiting: list[Any] = []
    made: set[int] = set()
    for instruction in instructions:
        loop = isinstance(instruction.function, _Loop | _FewRows)
        width = sum(len(i.args) + len(i.outs) for i in (*waiting, instruction))
        if waiting and (width > WIDEST if loop else any(v.index in made for v in instruction.inputs())):
            yield from _called(waiting)
            waiting, made = [], set()
        if loop:
            waiting.append(instruction)
            made.update(v.index for v in instruction.outs)
        else:
            yield instruction
    yield from _called(waiting)


def _called(waiting: list[Any]) -> list[Any]:
    """The call that computes loops; a single primitive is left to NumPy."""
    if not waiting:
        return []
    if len(waiting) == 1:
        (only,) = waiting
        if only.function.alone is not None:
            return [only.function.alone]
        return [replace(only, name="group", function=only.function.compiled(), several=True)]
    over = [pair for i in waiting for pair in zip(i.outs, i.kwargs.get("over", ()), strict=False)]
    written = [new for new, _ in over]
    outs = [*written, *(v for i in waiting for v in i.outs if all(v is not w for w in written))]
    inside = {v.index for v in outs}
    inputs = list({v.index: v for i in waiting for v in i.args if v.index not in inside}.values())
    place = {v.index: k for k, v in enumerate([*inputs, *outs])}
    calls = [(i.function.compiled(), [place[v.index] for v in (*i.args, *i.outs)]) for i in waiting]
    kwargs = {"over": tuple(old for _, old in over)} if over else {}
    return [Instruction("group", _caller(calls, len(place)), tuple(inputs), kwargs, tuple(outs), several=True)]


def _caller(calls: list[tuple[Any, list[int]]], count: int) -> Any:
    """Return a compiled function of `count` arguments that calls loops in turn, each with the arguments named."""
    loops = list(dict.fromkeys(loop for loop, _ in calls))
    imports = [f"from {loop.py_func.__module__} import loop as f{k}\n" for k, loop in enumerate(loops)]
    body = [f"    f{loops.index(loop)}({', '.join(f'x{k}' for k in given)})\n" for loop, given in calls]
    head = f"{IMPORTS}{''.join(imports)}\n\n@numba.njit(cache=True, nogil=True)\n"
    return loaded(f"{head}def loop({', '.join(f'x{k}' for k in range(count))}):\n    wide_vectors()\n{''.join(body)}")
