"""Which loops the compiled backend uses, and when: none that is slower than what NumPy or fusion does."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from arraynet.program import fusing
from arraynet_numba.kernels.table import FLOATS
from arraynet_numba.settings import matmul_by

__all__ = ["choose"]

# Element by element, NumPy is as good in one call, and captured programs generate their loops. NumPy compares
# with instructions that a loop which keeps NaN cannot use, transposes by a view and takes rows by copying memory.
NUMPY_IS_FASTER = frozenset(["relu", "add", "sigmoid_crossentropy", "max", "min", "transpose", "take"])
FROM = {  # elements; below, NumPy's calls cost less than the one that goes through Python and Numba
    "adagrad_step": 4096, "batch_normalization": 8192, "lion_step": 2048, "rmsprop_step": 1024, "sgd_step": 16384,
}  # fmt: skip
DECLINED = {"ftrl_step": lambda static: static["learning_rate_power"] != -0.5}  # NumPy's power is a vector instruction
THREADED = 2**18  # multiplications from which on BLAS uses threads
NEVER_FUSED = frozenset(["put_rows", "matmul"])  # no loop over rows and columns: the same call in a program


def choose(kernels: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Return the kernels that pay; those whose primitives fuse are for calls outside captured programs."""
    left_out = NUMPY_IS_FASTER if matmul_by() == "naive" else NUMPY_IS_FASTER | {"matmul"}
    paying = {name: kernel for name, kernel in kernels.items() if name not in left_out}
    found = {name: k if name in NEVER_FUSED else _alone(k, name) for name, k in paying.items()}
    return found | ({"matmul": _matmul} if matmul_by() == "auto" else {})


def _matmul(x1: Any, x2: Any) -> Any:
    """Leave a product that BLAS would use threads for to those that run captured programs.

    BLAS' own look for more work for a tenth of a second, during which both share the cores. And they round otherwise: a
    first training, whose first step comes before any program, would end in other bits than the same one after it.
    """
    if not x1.ndim == x2.ndim == 2 or x1.shape[1] != x2.shape[0] or x1.size * x2.shape[1] < THREADED:
        return NotImplemented
    if x1.dtype not in FLOATS:  # asked here, before Numba is imported
        return NotImplemented
    from arraynet_numba.products import multiplied  # waits until another thread has done so

    return multiplied(x1, x2)


_matmul.eager_only = True  # type: ignore[attr-defined]


def _alone(kernel: Callable[..., Any], name: str) -> Callable[..., Any]:
    least, declined = FROM.get(name, 0), DECLINED.get(name)

    @wraps(kernel)
    def run(*arrays: Any, **static: Any) -> Any:
        if arrays[0].size < least or fusing() or (declined and declined(static)):
            return NotImplemented
        return kernel(*arrays, **static)

    return run
