"""Scatter-add in one launch; the generic form sorts, which is a dozen of them.

Several numbers for one element are added in the order in which threads arrive: the last bits of a sum of floats
may differ from run to run.
"""

import math
from collections.abc import Iterator
from typing import Any

import cupy
import numpy as np

from arraynet.backend import NumPyBackend
from arraynet_cupy.registry import launch, registered

__all__ = ["index_add"]

THREADS = 256
ATOMIC = ("float32", "float64", "int32", "uint32", "int64", "uint64")
INDEX_ADD = """
extern "C" __global__ void index_add(
    T* out, const long long* indices, const T* values, long long rows, long long width, long long count) {
  const long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;
  if (i >= count) return;
  const long long row = indices[i / width];
  if (row >= 0 && row < rows) atomicAdd(out + row * width + i % width, values[i]);
}
"""


def _samples(dtype: str) -> Iterator[tuple[Any, ...]]:
    rng = np.random.default_rng(0)
    for rows, width, k in ((5, (3,), 11), (1, (), 7), (7, (2, 3), 1), (4, (5,), 0), (300, (), 1000)):
        x, values = (rng.integers(0, 9, (n, *width)).astype(dtype) for n in (rows, k))
        yield x, rng.integers(0, rows, k).astype("int32"), values
    wide = rng.integers(0, 9, (6, 8)).astype(dtype)
    yield wide[::2, ::2], np.array([2, 0, 2, 1]), wide[:4, 4:][::-1]


@registered("index_add", INDEX_ADD, ATOMIC, NumPyBackend.xp.index_add, _samples)
def index_add(x: Any, indices: Any, values: Any) -> Any:
    """Return `x` with values added to its rows; see `arraynet.backend.Namespace.index_add`."""
    if x.dtype.name not in ATOMIC:
        wide = "float32" if x.dtype.kind == "f" else "int32"
        return index_add(x.astype(wide), indices, values.astype(wide)).astype(x.dtype)
    out, width = cupy.array(x, order="C"), math.prod(x.shape[1:])
    places, given = indices.astype("int64", order="C"), cupy.ascontiguousarray(values, x.dtype)
    count = given.size
    launch("index_add", x.dtype, -(-count // THREADS), THREADS, out, places, given, x.shape[0], width, count)
    return out
