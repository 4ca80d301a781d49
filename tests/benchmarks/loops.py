"""The book's first lesson in speed: relu(x + y) of 20 x 100 numbers by NumPy, by loops, and by compiled loops."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from arraynet import jit, ops
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


SHAPES = {"4 x 16": (4, 16), "128 x 512": (128, 512), "1024 x 1024": (1024, 1024)}
RATE = {"learning_rate": 0.001}
SGD = {**RATE, "nesterov": False}
BETAS = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
RMSPROP = {**RATE, "rho": 0.9, "epsilon": 1e-7}
SCALES = {**RATE, "m_scale": 0.9, "v_scale": 1.2}
FTRL = {
    **RATE, "beta": 0.1, "l1_regularization_strength": 0.5, "l2_regularization_strength": 0.1,
    "l2_shrinkage_regularization_strength": 0.01,
}  # fmt: skip
NATIVE: dict[str, tuple[str, dict[str, Any]]] = {  # what an op is given: x, a row, labels, a matrix, or x several times
    "sum": ("x", {}),
    "sum, rows": ("x", {"axis": 1}),
    "mean": ("x", {"axis": 0}),
    "softmax": ("x", {}),
    "log_softmax": ("x", {}),
    "softmax_crossentropy": ("xx", {}),
    "sparse_softmax_crossentropy": ("xl", {}),
    "layer_normalization": ("xrr", {}),
    "batch_normalization": ("xrrrr", {}),
    "matmul": ("xm", {}),
    "put_rows": ("xl", {"n": 512, "axis": 0}),
    "sgd_step": ("xx", {**SGD, "momentum": 0.0}),
    "sgd_step, momentum": ("xxx", {**SGD, "momentum": 0.9}),
    "rmsprop_step": ("xxx", {**RMSPROP, "momentum": 0.0, "centered": False}),
    "rmsprop_step, centered": ("xxxx", {**RMSPROP, "momentum": 0.0, "centered": True}),
    "adam_step": ("xxxx", {"alpha": 0.001, **BETAS}),
    "adamax_step": ("xxxx", {"alpha": 0.001, **BETAS}),
    "nadam_step": ("xxxx", {**SCALES, "g_scale": 0.8, **BETAS}),
    "lamb_step": ("xxxx", {**SCALES, **BETAS}),
    "adagrad_step": ("xxx", {**RATE, "epsilon": 1e-7}),
    "adadelta_step": ("xxxx", RMSPROP),
    "lion_step": ("xxx", {**RATE, "beta_1": 0.9, "beta_2": 0.99}),
    "ftrl_step": ("xxxx", {**FTRL, "learning_rate_power": -0.5}),
    "ftrl_step, power": ("xxxx", {**FTRL, "learning_rate_power": -0.3}),
}


class Native(Benchmark):
    """Ops, one by one, for which a backend may have a kernel of its own: none may be slower than on NumPy."""

    params = [["numpy", "numba"], list(NATIVE), list(SHAPES), ["float32", "float64"]]
    param_names = ["backend", "op", "shape", "dtype"]

    def make(self, name: str, shape: str, dtype: str) -> Callable[[], Any]:
        rng, (rows, columns) = np.random.default_rng(0), SHAPES[shape]
        given = {
            "x": ops.array(rng.random((rows, columns), dtype)),
            "r": ops.array(rng.random(columns, dtype)),
            "l": ops.array(rng.integers(0, min(columns, 512), rows)),
            "m": ops.array(rng.random((columns, 64), dtype)),
        }
        letters, static = NATIVE[name]
        inputs = [given[letter] for letter in letters]
        op, program = OPS[name.split(",")[0]], jit(lambda x: x + 1)
        program(given["r"])
        program(given["r"])  # from now on products are computed as in programs
        return lambda: op(*inputs, **static)
