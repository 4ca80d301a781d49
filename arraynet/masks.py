"""Masks in programs on host arrays stay masks: a product casts them piece by piece, in the cache.

As an array of floats a mask takes a buffer of its own, and where that was just read by all cores, as BLAS does, writing
it costs ten times what the product does.
"""

from collections.abc import Container

import numpy as np

from arraynet.program import HOST_PASSES, Program
from arraynet.program.trace import Instruction, Value

__all__ = ["keep_masks"]


def keep_masks(program: Program) -> None:
    """Give masks to products as they are, if nothing else needs them as floats; the numbers are the same."""
    casts = (i for i in program.instructions if i.name == "astype" and i.inputs()[0].dtype == np.bool)
    cast = {i.outs[0].index: i for i in casts}
    for instruction in program.instructions:
        for v in instruction.inputs():
            if v.index in cast and not _multiplies(instruction, v, cast):
                del cast[v.index]
    for v in program.results():
        cast.pop(v.index, None)
    program.instructions = [i for i in program.instructions if i.outs[0].index not in cast]
    for instruction in program.instructions:
        instruction.args = tuple(
            cast[a.index].args[0] if isinstance(a, Value) and a.index in cast else a for a in instruction.args
        )


def _multiplies(i: Instruction, mask: Value, masks: Container[int]) -> bool:
    """Tell whether a product takes a mask beside numbers of the dtype that it was cast to."""
    others = [v for v in i.inputs() if v.index not in masks]
    return i.name == "multiply" and len(others) == 1 and others[0].dtype == mask.dtype


HOST_PASSES.append(keep_masks)
