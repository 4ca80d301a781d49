"""Large arrays tile by tile: what NumPy computes in ten passes stays in the processor's cache from pass to pass.

An optimizer's step on 400,000 weights is ten ufuncs, each of which would read and write all of them in memory. A
group of such ufuncs computes some rows after the others instead, with the same numbers, bit for bit.
"""

from collections.abc import Callable
from functools import partial
from itertools import repeat
from typing import Any

from arraynet.backend import Backend
from arraynet.fusion import Group, fuse
from arraynet.program import HOST_PASSES, HostProgram, Program, Value
from arraynet.program.host import ELEMENTWISE
from arraynet.program.trace import Instruction, substitute

__all__ = ["tile"]

BYTES = 3 * 2**16  # of an array in a tile: four of them fit into the second cache of most processors
LEAST = 2**19  # what is smaller stays in the caches as it is


def tile(program: Program) -> None:
    """Replace groups of ufuncs over large arrays by loops over their tiles."""
    if sum(i.name in ELEMENTWISE and i.outs[0].example.nbytes >= LEAST for i in program.instructions) > 2:
        fuse(program, ELEMENTWISE, partial(_tiled, backend=program.backend), in_place=True, smallest=3, apart=True)


def _tiled(group: Group, backend: Backend) -> Callable[..., None] | None:
    """What computes a group of its inputs into its outs; None where tiles would be too few or too narrow."""
    size = group.outs[0].example.nbytes
    rows = group.shape[0] * BYTES // size
    if size < LEAST or not rows:
        return None
    slices = [slice(start, min(start + rows, group.shape[0])) for start in range(0, group.shape[0], rows)]
    slices.reverse()  # what was made last is in the caches, and what is read first next time shall be
    plans = {length: _plan(group, length, backend) for length in {s.stop - s.start for s in slices}}
    if not all(all(plan.in_place[: len(group.over)]) for plan in plans.values()):
        return None  # something reads an old value behind its update
    steps = [plans[s.stop - s.start]._run for s in slices]
    is_array = [v.shape is not None for v in group.inputs]
    cut = [group.role(v) in ("full", "column") for v in group.inputs if v.shape is not None]
    old = len(group.over)

    def run(*given: Any) -> None:
        numbers = [x for x, array in zip(given, is_array, strict=False) if not array]
        inputs = [x for x, array in zip(given, is_array, strict=False) if array]
        parts = [[x[s] for s in slices] if c else repeat(x) for x, c in zip(inputs, cut, strict=True)]
        outs = [[y[s] for s in slices] for y in given[len(is_array) :]]
        tiles = zip(*parts, strict=False) if parts else repeat(())
        for step, x, y in zip(steps, tiles, zip(*outs, strict=True), strict=False):
            step(x, y[:old], numbers, y)

    return run


def _plan(group: Group, rows: int, backend: Backend) -> HostProgram:
    """The group as a program of its own, on so many rows."""
    tiles: dict[int, Value] = {}

    def of(v: Value) -> Value:
        if v.index not in tiles:
            cut = group.role(v) in ("full", "column")
            tiles[v.index] = Value(v.index, v.example[:rows]) if cut else v
        return tiles[v.index]

    def tiled(i: Instruction) -> Instruction:
        args, kwargs = substitute((i.args, i.kwargs), of)
        return Instruction(i.name, i.function, args, kwargs, tuple(map(of, i.outs)))

    old = [of(v) for v in group.over]
    new = [of(v) for v in group.outs]
    return HostProgram(
        Program(
            backend=backend,
            inputs=[of(v) for v in group.inputs if v.shape is not None],
            variables=[(v, v) for v in old],
            hosts=[(list, {str(k): v}) for k, v in enumerate(group.inputs) if v.shape is None],
            instructions=list(map(tiled, group.instructions)),
            constants={},
            outputs=[],
            updates=list(zip([*old, *new[len(old) :]], new, strict=True)),
            count=1 + max(tiles),
        )
    )


HOST_PASSES.append(tile)
