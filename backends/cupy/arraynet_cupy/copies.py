"""What a recorded step needs around its kernels, each in one launch: Variables copied, numbers written.

Both travel as arguments of their kernel: an upload would read the host's memory at a time that nobody can tell.
"""

from functools import cache
from typing import Any

import cupy
import numpy as np

__all__ = ["Numbers", "copy", "copy_all"]

ARGUMENTS = 4000  # bytes that a kernel surely takes
THREADS, BLOCKS, WORD = 256, 256, 8
MANY = ARGUMENTS // (3 * WORD)  # of arrays a launch
SOURCE = f"""
typedef unsigned long long word;
struct Copies {{ word from[{MANY}], to[{MANY}], size[{MANY}]; }};
extern "C" __global__ void copy_all(const Copies copies) {{
  const char* from = (const char*)copies.from[blockIdx.y];
  char* to = (char*)copies.to[blockIdx.y];
  const word size = copies.size[blockIdx.y], first = blockIdx.x * (word)blockDim.x + threadIdx.x;
  const word step = gridDim.x * (word)blockDim.x, words = (((word)from | (word)to) & {WORD - 1}) ? 0 : size / {WORD};
  for (word i = first; i < words; i += step) ((word*)to)[i] = ((const word*)from)[i];
  for (word i = {WORD} * words + first; i < size; i += step) to[i] = from[i];
}}
"""  # fmt: skip


def copy_all(sources: list[Any], targets: list[Any]) -> None:
    """Queue copies of arrays into others of the same shapes and dtypes, which do not overlap them."""
    pairs = []
    for x, y in zip(sources, targets, strict=True):
        if _alike(x, y):
            pairs.append((x, y))
        else:
            y[...] = x
    for start in range(0, len(pairs), MANY):
        _launch(pairs[start : start + MANY])


def copy(x: Any, y: Any) -> None:
    """Queue a copy of one array into another of the same shape and dtype."""
    if _alike(x, y):
        y.data.copy_from_device_async(x.data, x.nbytes)
    else:
        y[...] = x


def _alike(x: Any, y: Any) -> bool:
    """Whether two arrays lie in memory in one way, and without gaps."""
    return x.strides == y.strides and (x.flags.c_contiguous or x.flags.f_contiguous)


def _launch(pairs: list[tuple[Any, Any]]) -> None:
    table = np.zeros((), [(name, "u8", MANY) for name in ("from", "to", "size")])
    for k, (x, y) in enumerate(pairs):
        table["from"][k], table["to"][k], table["size"][k] = x.data.ptr, y.data.ptr, x.nbytes
    blocks = -(-max(x.nbytes for x, _ in pairs) // (WORD * THREADS))
    if blocks:
        _kernel()((min(blocks, BLOCKS), len(pairs)), (THREADS,), (table,))


@cache
def _kernel() -> Any:
    return cupy.RawKernel(SOURCE, "copy_all")


class Numbers:
    """Numbers of the host that kernels read from the device's memory.

    Parameters
    ----------
    kinds : list of str
        "float64" or "int64" for each.
    numbers : list of float or int
        What they are at first.

    Attributes
    ----------
    arrays : list of array, ()
        Where they stand.
    """

    LIMIT = ARGUMENTS // WORD

    def __init__(self, kinds: list[str], numbers: list[Any]) -> None:
        self._memory = cupy.zeros(max(len(kinds), 1), "int64")
        self.arrays = [self._memory[k : k + 1].view(kind).reshape(()) for k, kind in enumerate(kinds)]
        self._table = np.zeros((), [("words", "i8", len(kinds))])
        self._places = [self._table["words"][k : k + 1].view(kind) for k, kind in enumerate(kinds)]
        self._written = b""
        self.write(numbers)

    def write(self, numbers: list[Any]) -> None:
        """Queue their change, if they have changed."""
        for place, number in zip(self._places, numbers, strict=True):
            place[0] = number
        words = self._table.tobytes()  # tells -0.0 from 0.0, and finds NaN equal to itself
        if words != self._written:
            _writing(len(numbers))((1,), (len(numbers),), (self._memory, self._table))
            self._written = words


@cache
def _writing(count: int) -> Any:
    source = f"""
struct Table {{ long long words[{count}]; }};
extern "C" __global__ void write_{count}(long long* to, const Table table) {{
  to[threadIdx.x] = table.words[threadIdx.x];
}}
"""
    return cupy.RawKernel(source, f"write_{count}")
