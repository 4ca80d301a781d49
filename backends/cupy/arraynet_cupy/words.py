"""Random numbers on the device, equal to the host's bit for bit, with no upload.

Words are those of Philox4x64-10: J. K. Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011. NumPy
counts up before it makes a block, so that block b of a stream has the counter b + 1. Normal numbers are made of
them by the steps of `arraynet.normals`, all of which IEEE 754 rounds in one way as long as none are fused.
"""

from collections.abc import Iterator
from typing import Any

import cupy
import numpy as np

from arraynet import normals, words
from arraynet_cupy.registry import launch, registered

__all__ = ["random_normals", "random_words"]

THREADS = 128
BLOCK = """
typedef unsigned long long word;
__device__ void make_block(word b, word key0, word key1, word* out) {
  word x0 = b + 1, x1 = 0, x2 = 0, x3 = 0;
  for (int round = 0; round < 10; ++round) {
    const word low0 = 0xD2E7470EE14C6C93ULL * x0, high0 = __umul64hi(0xD2E7470EE14C6C93ULL, x0);
    const word low1 = 0xCA5A826395121157ULL * x2, high1 = __umul64hi(0xCA5A826395121157ULL, x2);
    x0 = high1 ^ x1 ^ key0;
    x1 = low1;
    x2 = high0 ^ x3 ^ key1;
    x3 = low0;
    key0 += 0x9E3779B97F4A7C15ULL;
    key1 += 0xBB67AE8584CAA73BULL;
  }
  out[0] = x0; out[1] = x1; out[2] = x2; out[3] = x3;
}
"""
PHILOX = BLOCK + """
extern "C" __global__ void philox(
    T* out, const long long* at, long long first, long long skip, word key0, word key1, long long count,
    long long threads) {
  const long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x, each = 32 / sizeof(T);
  if (i >= threads) return;
  if (at) { first = *at / each; skip = *at % each; }
  word drawn[4];
  make_block((word)first + (word)i, key0, key1, drawn);
  for (int k = 0; k < each; ++k) {
    const long long place = each * i + k - skip;
    if (place >= 0 && place < count) out[place] = (T)(drawn[k * sizeof(T) / 8] >> (8 * sizeof(T) * k % 64));
  }
}
"""  # fmt: skip


def _horner(coefficients: tuple[float, ...], x: str) -> str:
    """C text of a polynomial, highest power first, as `numpy.polyval` computes it."""
    text = repr(coefficients[0])
    for c in coefficients[1:]:
        text = f"({text} * {x} + {c!r})"
    return text


def _rational(parts: tuple[tuple[float, ...], ...], x: str) -> str:
    return f"{_horner(parts[0], x)} / {_horner(parts[1], x)}"


NORMALS = BLOCK + f"""
__device__ double natural_log(double x) {{
  int e;
  double m = frexp(x, &e);
  if (m < {normals.ROOT_HALF!r}) {{ m = m + m; e = e - 1; }}
  const double s = (m - 1) / (m + 1), t = s * s;
  return e * {normals.LOG2!r} + 2 * s * {_horner(normals.LOG, "t")};
}}
__device__ double quantile(double p) {{
  const double q = p - 0.5;
  if (fabs(q) <= 0.425) {{ const double t = 0.180625 - q * q; return q * ({_rational(normals.CENTRE, "t")}); }}
  const double r = sqrt(-natural_log(p < 1 - p ? p : 1 - p)), t = r <= 5 ? r - 1.6 : r - 5;
  return copysign(r <= 5 ? {_rational(normals.TAIL, "t")} : {_rational(normals.FAR, "t")}, q);
}}
extern "C" __global__ void normals(
    T* out, const long long* at, long long first, long long skip, word key0, word key1, long long count,
    long long threads, double low, double width) {{
  const long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;
  if (i >= threads) return;
  if (at) {{ first = *at / 4; skip = *at % 4; }}
  word drawn[4];
  make_block((word)first + (word)i, key0, key1, drawn);
  for (int k = 0; k < 4; ++k) {{
    const long long place = 4 * i + k - skip;
    if (place >= 0 && place < count)
      out[place] = quantile(low + width * ((double)(drawn[k] >> 12) + 0.5) * {2.0**-52!r});
  }}
}}
"""  # fmt: skip


def _word_samples(dtype: str) -> Iterator[tuple[Any, ...]]:
    for key in ((0, 0), (7, 11), (2**64 - 1, 2**63 + 5)):
        for start, n in ((0, 4), (3, 10), (5, 1), (0, 0), (1001, 555), (2**40 + 1, 7)):
            yield key, start, n, 8 * np.dtype(dtype).itemsize


def _normal_samples(dtype: str) -> Iterator[tuple[Any, ...]]:
    for key, start, n in (((7, 11), 0, 4), ((7, 11), 3, 999), ((2**64 - 1, 5), 2**40 + 1, 7), ((0, 0), 2, 0)):
        yield key, start, n, 0.0, 1.0
        yield key, start, n, 0.02, 0.98
    yield (1, 2), 0, 77, 0.0, 1e-13  # far out


def _drawn(name: str, dtype: str, key: tuple[int, int], start: Any, n: int, *more: float) -> Any:
    """Launch a kernel whose threads make a block of the stream each; return `n` numbers from `start` on.

    Where a program is recorded, `start` is not known, but where on the device it will stand.
    """
    out = cupy.ndarray((n,), dtype)
    each = 4 if dtype == "float64" else words.BLOCK // (8 * out.dtype.itemsize)
    place = (start, 0, 0) if isinstance(start, cupy.ndarray) else (0, *divmod(int(start), each))
    threads = -(-(n + each - 1) // each) if n else 0
    keys = [cupy.uint64(k) for k in key]
    launch(name, out.dtype, -(-threads // THREADS), THREADS, out, *place, *keys, n, threads, *more)
    return out


@registered("philox", PHILOX, ("uint8", "uint16", "uint32", "uint64"), words.host_words, _word_samples)
def random_words(key: tuple[int, int], start: Any, n: int, bits: int) -> Any:
    """Return words of a stream; see `arraynet.backend.Namespace.random_words`."""
    return _drawn("philox", f"uint{bits}", key, start, n)


@registered("normals", NORMALS, ("float64",), normals.host_normals, _normal_samples)
def random_normals(key: tuple[int, int], start: Any, n: int, low: float, high: float) -> Any:
    """Return normal numbers; see `arraynet.backend.Namespace.random_normals`."""
    return _drawn("normals", "float64", key, start, n, float(low), float(high - low))
