"""Random streams on the host: the numbers that every backend must give, bit for bit.

NumPy promises that the raw words of its bit generators never change, and promises nothing of its
distributions; so words are all that is taken from it.
"""

from functools import lru_cache

import numpy as np

from arraynet.threads import in_forked, new_lock

__all__ = ["BLOCK", "host_words"]


BLOCK = 256  # bits that one Philox counter makes


class _Stream:
    """A generator and the counter that it stands at; making one costs more than a small draw."""

    def __init__(self, key: tuple[int, int]) -> None:
        self.generator = np.random.Philox(key=np.array(key, np.uint64), counter=0)
        self.position = 0

    def blocks(self, first: int, count: int) -> np.ndarray:
        if first != self.position:
            self.generator.advance((first - self.position) % 2**256)
        self.position = first + count
        return np.asarray(self.generator.random_raw(4 * count))


_stream = lru_cache(maxsize=64)(_Stream)
_lock = new_lock()
in_forked(_stream.cache_clear)  # of generators, one of which another thread may just have been at


def host_words(key: tuple[int, int], start: int, n: int, bits: int) -> np.ndarray:
    """Return words `start` to `start + n` of a Philox4x64-10 stream, each of `bits` bits.

    The stream is that of `key`, two 64-bit words, from counter 0 on, each word cut into lanes, low half first.
    """
    first, skip = divmod(start, BLOCK // bits)
    with _lock:
        raw = _stream(key).blocks(first, -(-(skip + n) * bits // BLOCK))
    return raw.astype("<u8", copy=False).view(f"<u{bits // 8}")[skip : skip + n]
