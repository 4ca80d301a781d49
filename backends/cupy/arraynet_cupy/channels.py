"""Batch normalisation in one launch: one mean, variance, offset and scale for each channel.

In a captured program its generic form is part of a group, which is one launch as well and takes in its neighbours.
"""

import math
from collections.abc import Iterator
from typing import Any

import cupy
import numpy as np

from arraynet.program import fusing
from arraynet_cupy.registry import launch, registered

__all__ = ["batch_normalization"]

THREADS = 256
FLOATS = ("float32", "float64")
BATCH_NORMALIZATION = """
extern "C" __global__ void batch_normalization(
    const T* x, const T* mean, const T* variance, const T* offset, const T* scale, T* y,
    long long count, long long channels, long long behind, T epsilon, long long moved, long long scaled) {
  const long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;
  if (i >= count) return;
  const long long c = i / behind % channels;
  T inverse = 1 / sqrt(variance[c] + epsilon);
  if (scaled) inverse *= scale[c];
  const T v = (x[i] - mean[c]) * inverse;
  y[i] = moved ? v + offset[c] : v;
}
"""


def _samples(dtype: str) -> Iterator[tuple[Any, ...]]:
    rng = np.random.default_rng(0)
    shapes = (((5, 7), (7,)), ((2, 3, 4, 5), (3, 1, 1)), ((301, 3), (3,)), ((0, 4), (4,)), ((1, 1), (1,)), ((6,), (6,)))
    for k, (shape, channels) in enumerate(shapes):
        mean, offset, scale = (rng.normal(size=channels).astype(dtype) for _ in range(3))
        x, variance = rng.normal(size=shape).astype(dtype), rng.uniform(0.5, 2, channels).astype(dtype)
        yield x, mean, variance, offset if k % 2 else None, scale if k % 3 else None
        yield np.asfortranarray(x), mean[::-1], variance, offset, scale


def _normalized(x: np.ndarray, mean: np.ndarray, variance: np.ndarray, offset: Any, scale: Any) -> np.ndarray:
    y = (x - mean) / np.sqrt(variance + 1e-3) * (1 if scale is None else scale)
    return y + (0 if offset is None else offset)


@registered("batch_normalization", BATCH_NORMALIZATION, FLOATS, _normalized, _samples)
def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any = None, scale: Any = None, /, epsilon: float = 1e-3
) -> Any:
    given = [v for v in (mean, variance, offset, scale) if v is not None]
    if fusing() or not _fits(x, given):
        return NotImplemented
    channels, behind = mean.shape[0], math.prod(x.shape[x.ndim - mean.ndim + 1 :])
    arrays = [cupy.ascontiguousarray(mean if v is None else v) for v in (x, mean, variance, offset, scale)]
    out, flags = cupy.empty(x.shape, x.dtype), [int(v is not None) for v in (offset, scale)]
    sizes = (out.size, channels, behind, float(epsilon))
    launch("batch_normalization", x.dtype, -(-out.size // THREADS), THREADS, *arrays, out, *sizes, *flags)
    return out


def _fits(x: Any, given: list[Any]) -> bool:
    """Whether all are CuPy's, of one dtype, and have a number for each index of one axis of `x`."""
    alike = all(isinstance(v, cupy.ndarray) and v.dtype == x.dtype and v.shape == given[0].shape for v in given)
    if not alike or not isinstance(x, cupy.ndarray) or x.dtype.name not in FLOATS or not 0 < given[0].ndim <= x.ndim:
        return False
    channels, *behind = given[0].shape
    return channels == x.shape[x.ndim - given[0].ndim] and all(n == 1 for n in behind)
