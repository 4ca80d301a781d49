"""Neighbouring loops in one call: products, updates, what metrics add up, and mostly that is a whole step."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from arraynet.fusion import Group, fuse, new_value, spread
from arraynet.program import Instruction, Value
from arraynet.program.layout import roots
from arraynet_numba.entries import address_of, completed, task
from arraynet_numba.expressions import EXPRESSIONS, PRIMITIVES
from arraynet_numba.loops import arguments, compiled, coverable, shareable, totals
from arraynet_numba.microkernel import BLOCK, ROWS
from arraynet_numba.multiplication import panels_like
from arraynet_numba.products import Product, lone_products, take_products
from arraynet_numba.tasks import Calls, Task
from arraynet_numba.team import ALONE, Team, shared_team
from arraynet_numba.views import Use

__all__ = ["compile_loops", "readable_rows"]

MANY = 4 * ROWS  # rows; fewer are copied as fast
PLAIN = (0, 1, -1, 2, 0.5)  # numbers that the compiler can make something of


def compile_loops(program: Any) -> None:
    """Replace what lies between the matrix products of a program, and these as well, by calls of compiled loops."""
    _lift_numbers(program)
    spread(program, PRIMITIVES)
    team = shared_team() if take_products(program) else ALONE
    fuse(program, PRIMITIVES, lambda g: _Loop(g) if coverable(g) else None, in_place=True, smallest=1, apart=True)
    _begin_with_products(program)
    for instruction in program.instructions:
        if isinstance(instruction.function, _Loop | Product):
            scratch = instruction.function.scratch(instruction, team.members)
            instruction.outs += tuple(new_value(program, x) for x in scratch)
    kept = {v.index for _, v in (*program.variables, *program.updates)}
    program.instructions = [
        _called(i, kept, team) if isinstance(i, list) else i for i in _chained(program.instructions)
    ]


def readable_rows(program: Any) -> set[int]:
    """Tell which inputs may be `Rows`: those that products alone read, if they are many enough to read ahead."""
    needed = {v.index for v in program.results()}
    for i in program.instructions:
        needed |= {v.index for v in i.inputs()} - getattr(i.function, "row_values", set())
    large = (v.shape[:1] >= (MANY,) and math.prod(v.shape[1:]) >= BLOCK for v in program.inputs)
    return {n for n, (v, fit) in enumerate(zip(program.inputs, large, strict=True)) if fit and v.index not in needed}


class _Loop:
    """A loop to compile: a group, with the products that it computes itself."""

    def __init__(self, group: Group) -> None:
        self.group, self.products = group, dict[int, Any]()

    @property
    def alone(self) -> Any:
        """The one primitive that it stands for, if it does."""
        return None if self.products or self.group.instructions[1:] else self.group.instructions[0]

    def scratch(self, _: Any, members: int) -> list[np.ndarray]:
        """Return arrays like those that it works in: panels of products, and what each thread adds up of a total."""
        panels = [panels_like(product.function.right(product)) for product in self.products.values()]
        return panels + [np.empty((members, math.prod(total.shape))) for total in totals(self.group)]

    def tasks(self, instruction: Any) -> list[Task]:
        """Return what computes it, by all threads if they can share it, and completes its totals."""
        group, sums, found = self.group, totals(self.group), list[Task]()
        scratch = instruction.outs[len(group.outs) :]
        given: list[Any] = [Use(v) for v in group.inputs if v.index not in self.products]
        for product, panels in zip(self.products.values(), map(Use, scratch), strict=False):
            (*x, w), dtype = product.function.factors(product), product.function.dtype
            found.append(task("pack_panels", dtype, [w, panels], math.prod(w.value.shape)))
            given += [address_of("block_of_rows", dtype.name), *x, panels]
        partial = scratch[len(self.products) :]
        given += [Use(v) for v in group.outs if all(v is not total for total in sums)]
        found.append(Task(*compiled(group, self.products), [*given, *map(Use, partial)], self._work()))
        return found + [completed(p, total) for p, total in zip(partial, sums, strict=True)]

    def _work(self) -> int:
        """Say how much it is, in elements; 0 if threads cannot share it."""
        if not shareable(self.group):
            return 0
        return sum(p.function.work(p) for p in self.products.values()) or math.prod(self.group.shape)


def _begin_with_products(program: Any) -> None:
    """Compute products in the loops that alone read them, such as the gradient of weights in that of their update.

    Their factors must be what they were: no loop up to and with this one may have written over them.
    """
    root, products = roots(program), lone_products(program)
    over: set[int] = set()
    taken: list[Any] = []
    for instruction in program.instructions:
        over |= {root[v.index] for v in instruction.kwargs.get("over", ())}
        loop = instruction.function
        if isinstance(loop, _Loop) and shareable(loop.group):
            read = {v.index: products[v.index] for v in loop.group.inputs if v.index in products}
            loop.products = {
                index: p
                for index, p in read.items()
                if p.outs[0].shape == loop.group.shape and all(root[v.index] not in over for v in p.args)
            }
            instruction.args = tuple(arguments(loop.group, loop.products))
            taken += loop.products.values()
    gone = set(map(id, taken))
    program.instructions = [i for i in program.instructions if id(i) not in gone]


def _lift_numbers(program: Any) -> None:
    """Make arguments of the numbers that loops compute with: other numbers then need no other loop.

    Such numbers are hyper-parameters, and the number of samples in a batch, which the last of an epoch has fewer of.
    """
    lifted: dict[tuple[str, float], Value] = {}

    def lift(x: Any, dtype: np.dtype) -> Any:
        if type(x) not in (int, float) or x in PLAIN or not np.isfinite(x):
            return x
        key = (dtype.name, x)
        if key not in lifted:
            lifted[key] = new_value(program, np.asarray(x, dtype))
            program.constants[lifted[key].index] = lifted[key].example
        return lifted[key]

    for instruction in program.instructions:
        if instruction.name in EXPRESSIONS:
            kinds = [v.dtype for v in instruction.inputs() if v.dtype is not None and v.dtype.kind != "b"]
            dtype = kinds[0] if kinds else instruction.outs[0].dtype
            if dtype.kind == "f":
                instruction.args = tuple(lift(x, dtype) for x in instruction.args)


def _chained(instructions: Iterable[Any]) -> Iterator[Any]:
    """Yield lists of loops that nothing separates, and before them what does not need them."""
    waiting: list[Any] = []
    made: set[int] = set()
    for instruction in instructions:
        if isinstance(instruction.function, _Loop | Product):
            waiting.append(instruction)
            made.update(v.index for v in instruction.outs)
            continue
        if any(v.index in made for v in instruction.inputs()):
            yield waiting
            waiting, made = [], set()
        yield instruction
    if waiting:
        yield waiting


def _called(waiting: list[Any], kept: set[int], team: Team) -> Any:
    """The call that computes loops; a single primitive is left to NumPy."""
    if not waiting[1:] and waiting[0].function.alone is not None:
        return waiting[0].function.alone
    over = [pair for i in waiting for pair in zip(i.outs, i.kwargs.get("over", ()), strict=False)]
    outs = list({v.index: v for v in (*(new for new, _ in over), *(v for i in waiting for v in i.outs))}.values())
    written = {v.index for v in outs}
    inputs = list({v.index: v for i in waiting for v in i.args if v.index not in written}.values())
    kwargs = {"over": tuple(old for _, old in over)} if over else {}
    tasks = [task for i in waiting for task in i.function.tasks(i)]
    function = Calls(tasks, [*inputs, *outs], kept, team)
    inside = tuple(text for i in waiting for text in _told(i))
    return Instruction("group", function, tuple(inputs), kwargs, tuple(outs), several=True, inside=inside)


def _told(instruction: Any) -> tuple[str, ...]:
    """The instructions of a loop, with the products that it computes; or a product, without what it works in."""
    if isinstance(instruction.function, Product):
        return (repr(replace(instruction, outs=instruction.outs[: 1 + instruction.function.halved])),)
    return (*map(repr, instruction.function.products.values()), *instruction.inside)
