"""The table of kernels, and what they share: a kernel looks at its arrays, a loop computes.

A kernel is called ``kernel(run, arrays..., static...)``. `run` is the one difference between two
backends: it turns a loop into what is called, either the loop itself or its compiled form.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

__all__ = ["FLOATS", "KERNELS", "Parts", "Run", "covered", "flat", "kernel", "split"]

Run = Callable[[Callable[..., Any]], Callable[..., Any]]
KERNELS: dict[str, Callable[..., Any]] = {}  # by the name of the op
FLOATS = (np.dtype("float32"), np.dtype("float64"))


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Enter a kernel under the op's name, its own without a trailing underscore."""
    KERNELS[function.__name__.rstrip("_")] = function
    return function


def covered(*arrays: Any) -> bool:
    """Tell whether the loops are written for these: contiguous arrays of one dtype, float32 or float64, not empty."""
    first = arrays[0]
    if type(first) is not np.ndarray or first.dtype not in FLOATS:
        return False
    for a in arrays:  # a loop, because this runs at every call
        if type(a) is not np.ndarray or a.dtype != first.dtype or not a.flags.c_contiguous or not a.size:
            return False
    return True


def flat(*arrays: np.ndarray) -> list[np.ndarray]:
    """Return contiguous arrays as vectors, over the same memory."""
    return [a if a.ndim == 1 else a.ravel() for a in arrays]


class Parts(NamedTuple):
    """A shape seen as three axes, and what is left of it when the middle one is reduced."""

    before: int
    along: int
    behind: int
    left: tuple[int, ...]
    kept: tuple[int, ...]


def split(shape: tuple[int, ...], axis: Any) -> Parts | None:
    """Return the number of elements before, along and behind axes; None where other axes lie between them.

    None as well where they are no ints of Python, alone or in a list or tuple: the generic form takes or refuses them.
    """
    if axis is None or type(axis) is int:
        return _split(shape, axis)
    plain = isinstance(axis, list | tuple) and all(type(a) is int for a in axis)
    return _split(shape, tuple(axis)) if plain else None


@lru_cache(maxsize=4096)
def _split(shape: tuple[int, ...], axis: Any) -> Parts | None:
    ndim = len(shape)
    named = range(ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = sorted(int(a) % ndim for a in named if -ndim <= a < ndim)
    if not axes or len(axes) < len(named) or axes != list(range(axes[0], axes[0] + len(axes))):
        return None
    before, along, behind = shape[: axes[0]], shape[axes[0] : axes[-1] + 1], shape[axes[-1] + 1 :]
    kept = (*before, *(1 for _ in along), *behind)
    return Parts(math.prod(before), math.prod(along), math.prod(behind), (*before, *behind), kept)
