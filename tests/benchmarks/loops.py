"""The book's first lesson in speed: relu(x + y) of 20 x 100 numbers by NumPy, by loops, and by compiled loops."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.base import Benchmark


def kernels(name: str) -> Mapping[str, Callable[..., Any]]:
    """Return the loops as Python runs them ("naive"), or compiled, where the plugin that has them is installed."""
    try:
        from arraynet_numba.compiling import compiled
        from arraynet_numba.kernels import bound
    except ImportError as error:
        raise NotImplementedError(str(error)) from error
    return bound(compiled if name == "numba" else lambda loop: loop)


class Book(Benchmark):
    """The same two operations, without anything of arraynet's around them."""

    params = [["numpy", "naive", "numba"], ["float32", "float64"]]
    param_names = ["backend", "dtype"]

    def make(self, dtype: str) -> Callable[[], Any]:
        rng = np.random.default_rng(0)
        x, y = rng.random((20, 100), dtype), rng.random((20, 100), dtype)
        if self.backend.name == "numpy":
            return lambda: np.maximum(x + y, 0)
        loops = kernels(self.backend.name)
        return lambda: loops["relu"](loops["add"](x, y))
