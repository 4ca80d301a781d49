"""Random words on the device: the raw words of Philox4x64-10, equal to NumPy's bit for bit, with no upload.

J. K. Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011. NumPy counts up before it makes a
block, so that block b of a stream has the counter b + 1.
"""

from collections.abc import Iterator
from typing import Any

import cupy

from arraynet.backend import host_words
from arraynet_cupy.registry import launch, registered

__all__ = ["random_words"]

THREADS = 128
PHILOX = """
extern "C" __global__ void philox(T* out, long long first, T key0, T key1, long long blocks) {
  const long long b = blockIdx.x * (long long)blockDim.x + threadIdx.x;
  if (b >= blocks) return;
  T x0 = (T)first + (T)b + 1, x1 = 0, x2 = 0, x3 = 0;
  for (int round = 0; round < 10; ++round) {
    const T low0 = 0xD2E7470EE14C6C93ULL * x0, high0 = __umul64hi(0xD2E7470EE14C6C93ULL, x0);
    const T low1 = 0xCA5A826395121157ULL * x2, high1 = __umul64hi(0xCA5A826395121157ULL, x2);
    x0 = high1 ^ x1 ^ key0;
    x1 = low1;
    x2 = high0 ^ x3 ^ key1;
    x3 = low0;
    key0 += 0x9E3779B97F4A7C15ULL;
    key1 += 0xBB67AE8584CAA73BULL;
  }
  T* block = out + 4 * b;
  block[0] = x0; block[1] = x1; block[2] = x2; block[3] = x3;
}
"""


def _samples(dtype: str) -> Iterator[tuple[Any, ...]]:
    for key in ((0, 0), (7, 11), (2**64 - 1, 2**63 + 5)):
        for start, n, bits in ((0, 4, 64), (3, 10, 64), (5, 1, 32), (0, 0, 16), (1001, 555, 16), (2**40 + 1, 7, 64)):
            yield key, start, n, bits


@registered("philox", PHILOX, ("uint64",), host_words, _samples)
def random_words(key: tuple[int, int], start: int, n: int, bits: int) -> Any:
    """Return words of a stream; see `arraynet.backend.Namespace.random_words`."""
    first, skip = divmod(start, 256 // bits)
    blocks = -(-(skip + n) * bits // 256)
    out = cupy.empty(4 * blocks, cupy.uint64)
    keys = [cupy.uint64(k) for k in key]
    launch("philox", cupy.dtype("uint64"), -(-blocks // THREADS), THREADS, out, first, *keys, blocks)
    return out.view(f"uint{bits}")[skip : skip + n]
