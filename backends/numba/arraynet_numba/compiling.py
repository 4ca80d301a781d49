"""From a plain Python loop to its compiled form, at its first call.

No fast-math flag is set: each of them (contracting a product and a sum into one rounding, regrouping
sums, replacing quotients, forgetting the sign of zero) changes bits, and these loops promise the bits
that the interpreter computes. The generated loops of captured programs promise less and use them.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from inspect import isfunction
from pathlib import Path
from threading import Lock
from typing import Any

from arraynet_numba import functions, vectors
from arraynet_numba.settings import cache_folder

__all__ = ["compiled", "version"]

LOCK = Lock()  # Numba's folder is one setting for the whole process


@cache
def compiled(loop: Callable[..., Any]) -> Any:
    """Return a loop compiled: for each combination of dtypes once, now or by an earlier process."""
    import numba

    with LOCK:
        _teach_helpers()
        before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(cache_folder() / f"kernels-{version()}")
        try:
            return numba.njit(error_model="numpy", nogil=True, cache=True)(loop)  # reads the folder now
        finally:
            numba.config.CACHE_DIR = before


@cache
def _teach_helpers() -> None:
    """Tell Numba that it may compile the helpers into the loops that call them."""
    from numba import types
    from numba.extending import overload, register_jitable

    for module in (functions, vectors):
        for function in vars(module).values():
            if isfunction(function) and function.__name__ not in functions.FUNCTIONS:
                register_jitable(error_model="numpy", forceinline=True)(function)
    for name in functions.FUNCTIONS:
        short, long = (getattr(functions, f"{name}_{bits}") for bits in (32, 64))
        overload(getattr(functions, name), jit_options={"error_model": "numpy", "forceinline": True})(
            _chosen(types.float32, short, long)
        )


def _chosen(float32: Any, short: Any, long: Any) -> Any:
    """What Numba asks for a function of one argument, of which there is one for each dtype."""
    return lambda x: short if x == float32 else long


@cache
def version() -> str:
    """Return a name for this state of the sources: Numba itself does not notice that a helper has changed."""
    files = [file for folder in ("", "kernels") for file in sorted((Path(__file__).parent / folder).glob("*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
