"""Streams of random words: who draws from where, so that one seed fixes every number of a program.

A stream is a Philox key and a position. The key of a stream that nobody seeded is made of the default seed
and the path of what it serves, so a layer added behind a model changes no number before it.
"""

import operator
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Any, ClassVar

import numpy as np

from arraynet import config
from arraynet.observers import Versioned, notify
from arraynet.registry import Configured
from arraynet.threads import new_lock
from arraynet.words import host_words

__all__ = ["SeedGenerator", "host_permutation", "path_scope", "reset_streams", "stream_key"]

_path: ContextVar[str | None] = ContextVar("arraynet_random_path", default=None)
_unnamed = count()
_moving = new_lock()  # for all streams: one with a lock of its own could not be copied


def stream_key(seed: int, path: str) -> tuple[int, int]:
    """Return the Philox key of the stream that serves `path`, such as ``dense/kernel``, under a seed."""
    from hashlib import blake2b

    digest = blake2b(f"{seed}/{path}".encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


@contextmanager
def path_scope(path: str) -> Iterator[None]:
    """Let unseeded streams made in this block serve a path, that of a variable within its model."""
    token = _path.set(path)
    try:
        yield
    finally:
        _path.reset(token)


class SeedGenerator(Configured, Versioned):
    """A stream of random numbers with a position that every draw moves on.

    Parameters
    ----------
    seed : int, optional
        A non-negative number below 2**128. Without it the stream belongs to the default seed
        (`config.seed`) and to the `path_scope` that it is made in, or to nobody else outside of one.
    name : str, optional
        For reports.

    Examples
    --------
    >>> from arraynet import random
    >>> generator = random.SeedGenerator(7)
    >>> first, second = random.uniform((2,), seed=generator), random.uniform((2,), seed=generator)
    >>> bool((first == second).numpy().any())
    False
    """

    _kept: ClassVar[dict[str, str]] = {"seed": "_given", "name": "name"}

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self.name = name or "seed_generator"
        self._given = seed
        self.restart()

    def restart(self) -> None:
        """Go back to the start; without a seed of its own, to that of the present default seed and path."""
        self._counter = 0
        self.seed = config.seed() if self._given is None else checked(self._given)
        path = _path.get()
        if self._given is not None:
            self.key = split(self.seed)
        else:
            self.key = stream_key(self.seed, f"#{next(_unnamed)}" if path is None else path)

    @property
    def counter(self) -> int:
        """Its position, in counters of 256 bits; saved with a model, and set when one is loaded."""
        return self._counter

    def set_counter(self, value: int) -> None:
        """Move to a position; programs captured before go on from there."""
        self._counter = operator.index(value)

    def next(self, blocks: int = 1) -> int:
        """Return the position and move on by a number of blocks."""
        with _moving:
            position = self._counter
            self._counter += blocks
        notify("drawn", self, position)
        return position

    def __repr__(self) -> str:
        return f"<SeedGenerator seed={self.seed} counter={self._counter}>"


def checked(seed: Any) -> int:
    """Return a seed as an int, or say what is wrong with it."""
    if isinstance(seed, bool | np.bool_) or not hasattr(seed, "__index__") or not 0 <= operator.index(seed) < 2**128:
        raise ValueError(f"seed must be a non-negative int below 2**128, a SeedGenerator or None, received {seed!r}.")
    return operator.index(seed)


def split(seed: int) -> tuple[int, int]:
    """Return the Philox key of an explicit seed."""
    return seed % 2**64, seed >> 64


_default: SeedGenerator | None = None


def default_generator() -> SeedGenerator:
    """Return the stream of functions called without a seed."""
    global _default
    if _default is None:
        with path_scope("global"):
            _default = SeedGenerator(name="global_seed_generator")
    return _default


def reset_streams() -> None:
    """Start the streams that nobody seeded anew, from the present default seed."""
    global _unnamed
    _unnamed = count()
    generator = default_generator()
    with path_scope("global"):
        generator.restart()  # the same object, so that captured programs see that its key changed


def host_permutation(key: tuple[int, int], n: int) -> np.ndarray:
    """Return a permutation of ``0..n-1`` on the host: the stable order of 64-bit words, in int64."""
    words = host_words(key, 0, n, 64)
    order = np.argsort(words)  # not stable, but vectorised: a fifth of the time
    ordered = words[order]
    tied = bool((ordered[1:] == ordered[:-1]).any())
    return np.argsort(words, kind="stable") if tied else order
