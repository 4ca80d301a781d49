"""The book's first lesson in speed: relu(x + y) of 20 x 100 numbers by NumPy, by loops, and by compiled loops."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.base import Benchmark


class Book(Benchmark):
    """The same two operations, without anything of arraynet's around them: NumPy's, or a backend's kernels."""

    params = [["numpy", "naive", "numba"], ["float32", "float64"]]
    param_names = ["backend", "dtype"]

    def make(self, dtype: str) -> Callable[[], Any]:
        rng, kernels = np.random.default_rng(0), self.backend.kernels
        x, y = rng.random((20, 100), dtype), rng.random((20, 100), dtype)
        if self.backend.name == "numpy":
            return lambda: np.maximum(x + y, 0)
        if not {"add", "relu"} <= kernels.keys():
            raise NotImplementedError(f"{self.backend.name} has no loops of its own for these")
        return lambda: kernels["relu"](kernels["add"](x, y))
