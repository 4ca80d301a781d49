"""Where results live: which Values are views of others, how long each lives, and the buffers they share."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from arraynet.program.program import Program
from arraynet.program.trace import Instruction, Value

__all__ = ["VIEWS", "Pool", "aligned_like", "is_aligned", "last_uses", "overwrites", "roots", "strides"]

VIEWS = frozenset(
    ("reshape", "permute_dims", "matrix_transpose", "expand_dims", "squeeze", "broadcast_to", "getitem", "moveaxis")
)
FOREVER = 1 << 60


def roots(program: Program) -> dict[int, int]:
    """Return for every Value the one whose memory it may share, by index; most are their own.

    What shared memory when the program was captured counts, too: libraries are free to flip by a view, say.
    """
    found = {i: i for i in range(program.count)}
    for instruction in program.instructions:
        for k, source in enumerate(instruction.inputs()):
            if instruction.name in VIEWS or k in instruction.shared:
                found |= {out.index: found[source.index] for out in instruction.outs}
    return found


def last_uses(program: Program, root: dict[int, int]) -> dict[int, int]:
    """Return the number of the last instruction that reads a root; what the program returns lives on."""
    last: dict[int, int] = {}
    for number, instruction in enumerate(program.instructions):
        for value in (*instruction.inputs(), *instruction.outs):
            last[root[value.index]] = number
    return last | {root[v.index]: FOREVER for v in program.results()}


class Pool:
    """Buffers that are handed out, taken back and handed out again."""

    def __init__(self) -> None:
        self._free: list[np.ndarray] = []
        self.bytes = 0

    def take(self, value: Value) -> tuple[np.ndarray, np.ndarray]:
        """Return an array for a Value, in the layout of its example, and the block that it lies in."""
        example = np.asarray(value.example)
        need = example.nbytes
        fitting = [b for b in self._free if need <= b.nbytes <= 2 * need + 256]
        if fitting:
            block = min(fitting, key=lambda b: b.nbytes)
            self._free = [b for b in self._free if b is not block]
        else:
            block = _aligned(need)
            self.bytes += block.nbytes
        return _shaped(block, example), block

    def give(self, blocks: Iterable[np.ndarray]) -> None:
        """Take blocks back."""
        self._free.extend(blocks)


def is_aligned(x: Any) -> bool:
    """Tell whether a host array begins at a cache line, as ours do, or is too small for that to matter."""
    return type(x) is np.ndarray and (x.nbytes < 4096 or x.ctypes.data % 64 == 0)


def aligned_like(example: np.ndarray) -> np.ndarray:
    """Return an array that lies in memory as another, from a cache line on: no vector of it touches two of them."""
    return _shaped(_aligned(example.nbytes), example)


def _aligned(nbytes: int) -> np.ndarray:
    raw = np.empty(nbytes + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + nbytes]


def _shaped(block: np.ndarray, example: np.ndarray) -> np.ndarray:
    """An array over a block, its axes in memory in the order of the example's."""
    order = sorted(range(example.ndim), key=lambda k: -abs(example.strides[k]))
    flat = block[: example.nbytes].view(example.dtype) if example.nbytes else np.empty(0, example.dtype)
    memory: Any = flat.reshape([example.shape[k] for k in order])
    return np.asarray(memory.transpose(np.argsort(order)) if order else memory)


def strides(value: Value) -> tuple[int, ...]:
    """Return how a Value lies in memory."""
    return np.asarray(value.example).strides


def overwrites(instruction: Instruction, value: Value, out: Value, root: dict[int, int]) -> bool:
    """Tell whether an elementwise instruction may write a result over one of its arguments."""
    shared = [v for v in instruction.inputs() if root[v.index] == root[value.index]]
    alike = (value.shape, value.dtype, strides(value)) == (out.shape, out.dtype, strides(out))
    return alike and all(v is value for v in shared)
