"""Rows by their numbers in one cheap launch: batches, and the vectors of an embedding.

CuPy's own `take` serves every axis, layout and dtype, and spends a third of a small step on finding out which.
"""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import array_api_compat.cupy as compat
import cupy
import numpy as np

from arraynet_cupy.registry import kernel_of, registered

__all__ = ["take"]

THREADS = 256
TAKEN = ("float32", "float64", "int32", "int64")
DTYPES = frozenset(map(np.dtype, TAKEN))  # whose names take longer to make
TAKE_ROWS = """
extern "C" __global__ void take_rows(
    const T* x, const long long* indices, T* y, long long rows, long long width, long long count) {
  const long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;
  if (i >= count) return;
  long long row = indices[i / width] % rows;
  if (row < 0) row += rows;
  y[i] = x[row * width + i % width];
}
"""


def _samples(dtype: str) -> Iterator[tuple[Any, ...]]:
    rng = np.random.default_rng(0)
    for rows, width, k in ((5, (3,), 11), (1, (), 7), (7, (2, 3), 1), (4, (5,), 0), (300, (), 1000)):
        yield rng.integers(0, 99, (rows, *width)).astype(dtype), rng.integers(-rows, rows, k)
    yield rng.integers(0, 99, (6, 4)).astype(dtype), np.arange(6)[::-2]


@registered("take_rows", TAKE_ROWS, TAKEN, lambda x, indices: x[indices], _samples)
def take_rows(x: Any, indices: Any) -> Any:
    """Return ``x[indices]`` of a C-contiguous array with rows, and int64 indices, which wrap around."""
    out = cupy.ndarray((indices.size, *x.shape[1:]), x.dtype)
    places = indices if indices.flags.c_contiguous else cupy.ascontiguousarray(indices)
    blocks, numbers = _plan(out.size, x.shape)
    if blocks:
        kernel_of("take_rows", x.dtype)((blocks,), (THREADS,), (x, places, out, *numbers))
    return out


@lru_cache(4096)
def _plan(count: int, shape: tuple[int, ...]) -> tuple[int, tuple[Any, ...]]:
    """Blocks, and the kernel's last arguments, which are the same in every step."""
    return -(-count // THREADS), tuple(map(np.int64, (shape[0], math.prod(shape[1:]), count)))


def take(x: Any, indices: Any, /, *, axis: int | None = None) -> Any:
    """Return slices of `x` along an axis, as the array API has it."""
    own = axis == 0 and isinstance(indices, cupy.ndarray) and x.ndim > 0 and x.shape[0] > 0
    rows = own and indices.ndim == 1 and indices.dtype == np.int64
    if rows and x.dtype in DTYPES and x.flags.c_contiguous:
        return take_rows(x, indices)
    return compat.take(x, indices, axis=axis)
