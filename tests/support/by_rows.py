"""A backend whose loops are Python: each computes one row after the other, of NumPy's functions, bit for bit."""

from functools import partial

import numpy as np

from arraynet.backend import NumPyBackend
from arraynet.fusion import ROW_REDUCTIONS, fuse, reduced, spread
from arraynet.program import HostProgram
from arraynet.program.host import UFUNCS
from arraynet.program.trace import substitute

PRIMITIVES = ROW_REDUCTIONS | {*UFUNCS, "where", "astype"} - {"matmul"}


class ByRows(NumPyBackend):
    """What becomes groups here is what becomes loops on Numba and kernels on CuPy."""

    name = "by_rows"

    def __init__(self, **options):
        super().__init__()
        self.options, self.groups = options, []

    def compile_program(self, program):
        spread(program, PRIMITIVES)
        fuse(program, PRIMITIVES, self.compiled, in_place=True, **self.options)
        return HostProgram(program)

    def compiled(self, group):
        self.groups.append(group)
        return partial(loop, group)


def loop(group, *given):
    """Compute a group: a row is written before the next one is read; totals are taken of all rows at the end."""
    values = [*group.inputs, *group.outs]
    arrays = dict(zip((v.index for v in values), given, strict=True))
    arrays |= {old.index: arrays[new.index] for new, old in zip(group.outs, group.over, strict=False)}
    totals = {i.outs[0].index: i for i in group.instructions if i.name in ROW_REDUCTIONS and reduced(i) != "columns"}
    whole = {index: np.empty(group.shape, i.inputs()[0].dtype) for index, i in totals.items()}
    rows = group.shape[0] if len(group.shape) > 1 else 1
    for r in range(rows):

        def part(v, r=r):
            cut = len(group.shape) > 1 and group.role(v) in ("full", "column")
            return arrays[v.index][r : r + 1] if cut else arrays[v.index]

        known = {v.index: np.array(part(v)) if v.shape is not None else part(v) for v in (*group.inputs, *group.over)}
        for i in group.instructions:
            args, kwargs = substitute((i.args, i.kwargs), lambda v: known[v.index])  # noqa: B023
            if i.outs[0].index in totals:
                whole[i.outs[0].index][r : r + 1 if len(group.shape) > 1 else None] = args[0]
            else:
                known[i.outs[0].index] = i.function(*args, **kwargs)
        for v in group.outs:
            if v.index not in totals:
                part(v)[...] = known[v.index]
    for v in group.outs:
        if v.index in totals:
            i = totals[v.index]
            arrays[v.index][...] = i.function(whole[v.index], *i.args[1:], **i.kwargs)
