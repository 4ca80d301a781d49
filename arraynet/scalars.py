"""Python numbers in programs on host arrays become arrays, which a ufunc takes in half of the time.

A number has no dtype of its own beside an array, and NumPy finds that out at every call.
"""

import numpy as np

from arraynet.program import HOST_PASSES, Program
from arraynet.program.host import ELEMENTWISE

__all__ = ["give_dtypes"]

WIDE = range(32, 2**14)  # columns of which a row for each of them is worth its memory


def give_dtypes(program: Program) -> None:
    """Give each number beside arrays of one floating dtype that dtype, as NumPy would.

    Not where it takes the number's truth, nor where the call names another dtype.
    """
    for instruction in program.instructions:
        found = {v.dtype for v in instruction.inputs() if v.dtype is not None}
        dtype = found.pop() if len(found) == 1 else None
        plain = instruction.name in ELEMENTWISE and not instruction.name.startswith("logical_")
        if plain and not instruction.kwargs and dtype is not None and dtype.kind == "f":
            shape = _shape(instruction.name, instruction.outs[0].example.shape)
            with np.errstate(all="ignore"):
                args = [np.full(shape, x, dtype) if type(x) in (int, float) else x for x in instruction.args]
            instruction.args = tuple(args)


def _shape(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """No axes, or one row for two ufuncs, whose loops compare vectors of numbers with arrays only."""
    return shape[-1:] if name in ("maximum", "minimum") and len(shape) > 1 and shape[-1] in WIDE else ()


HOST_PASSES.append(give_dtypes)
