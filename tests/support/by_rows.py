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
    """Compute a group row by row, each in as many passes as its reductions need, each with its stores at the end.

    Totals are taken of all rows when these are done.
    """
    arrays = dict(zip((v.index for v in (*group.inputs, *group.outs)), given, strict=True))
    arrays |= {old.index: arrays[new.index] for new, old in zip(group.outs, group.over, strict=False)}
    reductions = {i.outs[0].index: i for i in group.instructions if i.name in ROW_REDUCTIONS}
    totals = {index: i for index, i in reductions.items() if reduced(i) != "columns"}
    whole = {index: np.empty(group.shape, i.inputs()[0].dtype) for index, i in totals.items()}
    rows = [slice(r, r + 1) for r in range(group.shape[0])] if len(group.shape) > 1 else [...]
    for row in rows:
        known = {
            v.index: arrays[v.index][row] if group.role(v) in ("full", "column") else arrays[v.index]
            for v in (*group.inputs, *group.outs, *group.over)
        }
        made, stored = dict(known), {}
        for i in group.instructions:
            if any(v.index in reductions for v in i.inputs()):
                stored = store(known, stored)
            (out,), (args, kwargs) = i.outs, substitute((i.args, i.kwargs), lambda v: made[v.index])  # noqa: B023
            if out.index in totals:
                whole[out.index][row] = args[0]
            else:
                made[out.index] = i.function(*args, **kwargs)
                stored |= {out.index: made[out.index]} if out in group.outs else {}
        store(known, stored)
    for v in group.outs:
        if v.index in totals:
            i = totals[v.index]
            arrays[v.index][...] = i.function(whole[v.index], *i.args[1:], **i.kwargs)


def store(places, values):
    """Write what is to be kept where it is to be; nothing is left to do."""
    for index, value in values.items():
        places[index][...] = value
    return {}
