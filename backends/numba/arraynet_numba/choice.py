"""Which loops the compiled backend uses, and when: none that is slower than what NumPy or fusion does."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import numpy as np

from arraynet.program import fusing
from arraynet_numba.settings import naive_matmul

__all__ = ["choose"]

# Element by element, NumPy is as good in one call, and captured programs generate their loops. NumPy compares
# with instructions that a loop which keeps NaN cannot use, transposes by a view and takes rows by copying memory.
NUMPY_IS_FASTER = frozenset(["relu", "add", "sigmoid_crossentropy", "max", "min", "transpose", "take"])
FROM = {"sgd_step": 8192, "batch_normalization": 4096, "lion_step": 256}  # elements; below, two NumPy calls cost less
NEVER_FUSED = frozenset(["put_rows", "matmul"])  # no loop over rows and columns: the same call in a program


def choose(kernels: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Return the kernels that pay; those whose primitives fuse are for calls outside captured programs."""
    left_out = NUMPY_IS_FASTER if naive_matmul() else NUMPY_IS_FASTER | {"matmul"}
    paying = {name: kernel for name, kernel in kernels.items() if name not in left_out}
    return {name: k if name in NEVER_FUSED else _alone(k, FROM.get(name, 0)) for name, k in paying.items()}


def _alone(kernel: Callable[..., Any], least: int) -> Callable[..., Any]:
    @wraps(kernel)
    def run(*arrays: Any, **static: Any) -> Any:
        if fusing() or (least and np.size(arrays[0]) < least):
            return NotImplemented
        return kernel(*arrays, **static)

    return run
