"""Outputs of many batches, fetched from a device many at a time.

Whoever fetches waits for the device, which has nothing to do meanwhile until the next batch is queued.
"""

from typing import Any

import numpy as np

from arraynet import ops
from arraynet.tensor import Tensor

__all__ = ["Outputs"]

BATCHES, BYTES = 128, 32 << 20  # that may wait on a device


class Outputs:
    """What a model returns for batch after batch; `whole` gives it for all samples."""

    def __init__(self) -> None:
        self._fetched: list[list[np.ndarray]] = []
        self._waiting: list[list[Any]] = []
        self._bytes = 0
        self._far: bool | None = None  # whether they lie in a memory that is not the host's

    def add(self, leaves: list[Any]) -> None:
        """Take the outputs of a batch, Tensors or arrays."""
        if self._far is None:
            self._far = all(isinstance(x, Tensor) and x.backend.memory_info() is not None for x in leaves)
        if not self._far:
            self._fetched.append([np.asarray(x) for x in leaves])
            return
        self._waiting.append(leaves)
        self._bytes += sum(x.size * x.dtype.itemsize for x in leaves)
        if self._bytes > BYTES or len(self._waiting) == BATCHES:
            self._fetch()

    def whole(self) -> list[np.ndarray]:
        """Return each output for all samples."""
        self._fetch()
        return [np.concatenate(parts) for parts in zip(*self._fetched, strict=True)]

    def _fetch(self) -> None:
        if self._waiting:
            self._fetched.append([_joined(list(parts)) for parts in zip(*self._waiting, strict=True)])
        self._waiting, self._bytes = [], 0


def _joined(parts: list[Any]) -> np.ndarray:
    return np.asarray(parts[0] if len(parts) == 1 else ops.concatenate(parts))
