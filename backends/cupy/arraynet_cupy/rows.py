"""Kernels over rows: softmax, crossentropies and layer normalisation, one warp a row, in one launch.

Composed of primitives each would be four to six launches, and its arrays would go through memory as often.
"""

import math
from collections.abc import Iterator
from typing import Any

import cupy
import numpy as np

from arraynet_cupy.registry import launch, registered

__all__ = ["layer_normalization", "log_softmax", "softmax", "softmax_crossentropy", "sparse_softmax_crossentropy"]

FLOATS = ("float32", "float64")
WARP = 32
COMMON = """
__device__ T larger(T a, T b) { return (a > b || a != a) ? a : b; }
__device__ T warp_sum(T v) {
  for (int d = 16; d; d >>= 1) v += __shfl_xor_sync(0xffffffffu, v, d);
  return v;
}
__device__ T warp_max(T v) {
  for (int d = 16; d; d >>= 1) v = larger(v, __shfl_xor_sync(0xffffffffu, v, d));
  return v;
}
#define EACH for (long long j = threadIdx.x; j < columns; j += 32)
__device__ T row_max(const T* x, long long columns) {
  T top = x[0];
  EACH top = larger(x[j], top);
  return warp_max(top);
}
__device__ T row_log_sum(const T* x, long long columns, T top) {
  T sum = 0;
  EACH sum += exp(x[j] - top);
  return log(warp_sum(sum));
}
"""
SOFTMAX = COMMON + """
extern "C" __global__ void softmax(const T* x, T* y, long long columns) {
  x += blockIdx.x * columns;
  y += blockIdx.x * columns;
  const T top = row_max(x, columns);
  T sum = 0;
  EACH { y[j] = exp(x[j] - top); sum += y[j]; }
  sum = warp_sum(sum);
  EACH y[j] /= sum;
}
"""  # fmt: skip
LOG_SOFTMAX = COMMON + """
extern "C" __global__ void log_softmax(const T* x, T* y, long long columns) {
  x += blockIdx.x * columns;
  y += blockIdx.x * columns;
  const T top = row_max(x, columns);
  const T total = row_log_sum(x, columns, top);
  EACH y[j] = (x[j] - top) - total;
}
"""  # fmt: skip
CROSSENTROPY = COMMON + """
extern "C" __global__ void softmax_crossentropy(const T* x, const T* target, T* y, long long columns) {
  x += blockIdx.x * columns;
  target += blockIdx.x * columns;
  const T top = row_max(x, columns);
  const T total = row_log_sum(x, columns, top);
  T loss = 0;
  EACH loss += target[j] * (total - (x[j] - top));
  loss = warp_sum(loss);
  if (threadIdx.x == 0) y[blockIdx.x] = loss;
}
"""  # fmt: skip
SPARSE_CROSSENTROPY = COMMON + """
extern "C" __global__ void sparse_softmax_crossentropy(const T* x, const int* labels, T* y, long long columns) {
  x += blockIdx.x * columns;
  const int label = labels[blockIdx.x];
  const T top = row_max(x, columns);
  const T total = row_log_sum(x, columns, top);
  if (threadIdx.x == 0) y[blockIdx.x] = (label >= 0 && label < columns) ? total - (x[label] - top) : (T)0;
}
"""  # fmt: skip
LAYER_NORMALIZATION = COMMON + """
extern "C" __global__ void layer_normalization(
    const T* x, const T* gamma, const T* beta, T* y, long long columns, T epsilon, long long scaled, long long moved) {
  x += blockIdx.x * columns;
  y += blockIdx.x * columns;
  T mean = 0, variance = 0;
  EACH mean += x[j];
  mean = warp_sum(mean) / columns;
  EACH variance += (x[j] - mean) * (x[j] - mean);
  const T deviation = sqrt(warp_sum(variance) / columns + epsilon);
  EACH {
    T v = (x[j] - mean) / deviation;
    if (scaled) v *= gamma[j];
    y[j] = moved ? v + beta[j] : v;
  }
}
"""  # fmt: skip


def _fits(x: Any, axis: Any) -> bool:
    """Whether rows are what an op goes along, in a dtype that the kernels have."""
    own = isinstance(x, cupy.ndarray) and x.ndim > 0 and x.dtype.name in FLOATS and x.shape[-1] > 0
    plain = isinstance(axis, int | tuple)  # an array or a Tensor, whose comparison is no bool, is the generic form's
    return own and plain and axis in (-1, x.ndim - 1, (-1,), (x.ndim - 1,))


def _queue(name: str, shape: tuple[int, ...], arrays: Any, more: tuple[Any, ...] = ()) -> Any:
    """Launch a kernel on arrays, the first of which has the rows; return its result, of the shape given."""
    x = arrays[0]
    out = cupy.empty(shape, x.dtype)
    given = [cupy.ascontiguousarray(a) for a in arrays]
    launch(name, x.dtype, math.prod(x.shape[:-1]), WARP, *given, out, x.shape[-1], *more)
    return out


def _logits(dtype: str) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    for shape in ((5, 7), (1, 1), (3, 33), (0, 4), (2, 3, 10), (4, 100)):
        yield (4 * rng.normal(size=shape)).astype(dtype)
    yield np.asfortranarray(rng.normal(size=(6, 9)).astype(dtype))
    yield rng.normal(size=(8, 12)).astype(dtype)[::2, ::-3]


def _alone(dtype: str) -> Iterator[tuple[Any, ...]]:
    yield from ((x,) for x in _logits(dtype))


def _with_targets(dtype: str) -> Iterator[tuple[Any, ...]]:
    yield from ((x, np.abs(x[..., ::-1])) for x in _logits(dtype))


def _with_labels(dtype: str) -> Iterator[tuple[Any, ...]]:
    for x in _logits(dtype):
        count = math.prod(x.shape[:-1])
        yield x, (np.arange(count, dtype="int64") % (x.shape[-1] + 1) - 1 + (x.shape[-1] < 2)).reshape(x.shape[:-1])


def _with_scales(dtype: str) -> Iterator[tuple[Any, ...]]:
    for k, x in enumerate(_logits(dtype)):
        gamma, beta = np.linspace(-1, 2, x.shape[-1]).astype(dtype), np.linspace(3, 4, x.shape[-1]).astype(dtype)
        yield x, gamma if k % 2 else None, beta if k % 3 else None


def _moved(x: np.ndarray) -> np.ndarray:
    return x - x.max(-1, keepdims=True)


def _log_probabilities(x: np.ndarray) -> np.ndarray:
    return _moved(x) - np.log(np.exp(_moved(x)).sum(-1, keepdims=True))


def _picked(x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    hit = labels[..., None] == np.arange(x.shape[-1])
    return -np.where(hit, _log_probabilities(x), 0).sum(-1)


def _normalized(x: np.ndarray, gamma: Any, beta: Any) -> np.ndarray:
    centred = x - x.mean(-1, keepdims=True)
    y = centred / np.sqrt((centred * centred).mean(-1, keepdims=True) + 1e-7)
    return y * (1 if gamma is None else gamma) + (0 if beta is None else beta)


@registered("softmax", SOFTMAX, FLOATS, lambda x: np.exp(_log_probabilities(x)), _alone)
def softmax(x: Any, /, axis: Any = -1) -> Any:
    return _queue("softmax", x.shape, (x,)) if _fits(x, axis) else NotImplemented


@registered("log_softmax", LOG_SOFTMAX, FLOATS, _log_probabilities, _alone)
def log_softmax(x: Any, /, axis: Any = -1) -> Any:
    return _queue("log_softmax", x.shape, (x,)) if _fits(x, axis) else NotImplemented


@registered(
    "softmax_crossentropy", CROSSENTROPY, FLOATS, lambda x, t: -(t * _log_probabilities(x)).sum(-1), _with_targets
)
def softmax_crossentropy(logits: Any, target: Any, /, axis: int = -1) -> Any:
    alike = isinstance(target, cupy.ndarray) and (target.shape, target.dtype) == (logits.shape, logits.dtype)
    if not _fits(logits, axis) or not alike:
        return NotImplemented
    return _queue("softmax_crossentropy", logits.shape[:-1], (logits, target))


@registered("sparse_softmax_crossentropy", SPARSE_CROSSENTROPY, FLOATS, _picked, _with_labels)
def sparse_softmax_crossentropy(logits: Any, labels: Any, /, axis: int = -1) -> Any:
    if not _fits(logits, axis) or not isinstance(labels, cupy.ndarray) or labels.shape != logits.shape[:-1]:
        return NotImplemented
    return _queue("sparse_softmax_crossentropy", logits.shape[:-1], (logits, labels.astype("int32", copy=False)))


@registered("layer_normalization", LAYER_NORMALIZATION, FLOATS, _normalized, _with_scales)
def layer_normalization(x: Any, gamma: Any = None, beta: Any = None, /, axis: Any = -1, epsilon: float = 1e-7) -> Any:
    if not _fits(x, axis) or any(v is not None and not _per_column(v, x) for v in (gamma, beta)):
        return NotImplemented
    arrays = (x, *(x if v is None else v for v in (gamma, beta)))
    more = (float(epsilon), int(gamma is not None), int(beta is not None))
    return _queue("layer_normalization", x.shape, arrays, more)


def _per_column(v: Any, x: Any) -> bool:
    return isinstance(v, cupy.ndarray) and (v.shape, v.dtype) == (x.shape[-1:], x.dtype)
