"""Naive loops, one source for two backends: interpreted they are a lesson, compiled they are fast."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from arraynet_numba.kernels import adam, elementwise, movement, normalization, products, reductions, rows, steps
from arraynet_numba.kernels.table import KERNELS, Run

__all__ = ["KERNELS", "LOOPS", "bound"]

_MODULES = (adam, elementwise, movement, normalization, products, reductions, rows, steps)
LOOPS: dict[str, Callable[..., Any]] = {
    name: loop for module in _MODULES for name, loop in vars(module).items() if name.endswith("_loop")
}


def bound(run: Run) -> Mapping[str, Callable[..., Any]]:
    """Return all kernels by op name, with their loops run in one of two ways."""
    return {name: partial(function, run) for name, function in KERNELS.items()}
