"""The elementary functions once more, for generated loops: the same text, with leave to contract.

A product and a sum in one rounding are half as many instructions, and other bits than the interpreter's, which
the kernels promise and generated loops do not. No other leave is given: regrouped, the corrections in there
would vanish. So the text is loaded as a module of its own, and each of its functions compiled into its callers.
"""

import importlib.util
import sys
from inspect import isfunction

import numba

from arraynet_numba import functions

_spec = importlib.util.spec_from_file_location(f"{__name__}.functions", functions.__file__)
_module = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = _module  # Numba's cache looks for it there
_spec.loader.exec_module(_module)
for _name, _function in list(vars(_module).items()):
    if isfunction(_function):
        vars(_module)[_name] = numba.njit(_function, error_model="numpy", fastmath={"contract"}, forceinline=True)
globals().update({f"{_name}_{_bits}": vars(_module)[f"{_name}_{_bits}"]
                  for _name in functions.FUNCTIONS for _bits in (32, 64)})  # fmt: skip


@numba.njit(fastmath={"reassoc", "nsz"}, forceinline=True)
def added(total, x):
    """Add to a running sum, in any order: of all additions in a loop, those of sums alone may be regrouped."""
    return total + x
