"""The book's first lesson in speed: relu(x + y) of 20 x 100 numbers by NumPy, by loops, and by compiled loops."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from arraynet import ops
from arraynet.operators import OPS
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


SHAPES = {"20 x 100": (20, 100), "128 x 512": (128, 512)}
RMSPROP = {"learning_rate": 0.001, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7, "centered": False}
ADAM = {"alpha": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
NATIVE: dict[str, tuple[str, dict[str, Any]]] = {  # what an op is given: x, a row, labels, or x four times
    "sum": ("x", {}),
    "mean": ("x", {"axis": 0}),
    "softmax": ("x", {}),
    "log_softmax": ("x", {}),
    "softmax_crossentropy": ("xx", {}),
    "sparse_softmax_crossentropy": ("xl", {}),
    "layer_normalization": ("xrr", {}),
    "batch_normalization": ("xrrrr", {}),
    "put_rows": ("xl", {"n": 512, "axis": 0}),
    "sgd_step": ("xx", {"learning_rate": 0.001, "momentum": 0.0, "nesterov": False}),
    "rmsprop_step": ("xxx", RMSPROP),
    "adam_step": ("xxxx", ADAM),
}


class Native(Benchmark):
    """Ops, one by one, for which a backend may have a kernel of its own: none may be slower than on NumPy."""

    params = [["numpy", "numba"], list(NATIVE), list(SHAPES)]
    param_names = ["backend", "op", "shape"]

    def make(self, name: str, shape: str) -> Callable[[], Any]:
        rng, (rows, columns) = np.random.default_rng(0), SHAPES[shape]
        given = {
            "x": ops.array(rng.random((rows, columns), "float32")),
            "r": ops.array(rng.random(columns, "float32")),
            "l": ops.array(rng.integers(0, columns, rows)),
        }
        letters, static = NATIVE[name]
        inputs = [given[letter] for letter in letters]
        return lambda: OPS[name](*inputs, **static)
