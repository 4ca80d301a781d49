"""A data set that lies on the device: it is put there once, and its batches are gathered there.

A batch that comes from the host costs a copy over the bus in every step. So does its order here, but once an
epoch.
"""

from collections.abc import Iterator
from typing import Any

from arraynet import ops
from arraynet.models.batches import ArrayData, Batch
from arraynet.plugins import current
from arraynet.program import jit
from arraynet.tensor import Tensor
from arraynet.tree import unflatten

__all__ = ["PlacedData", "fits"]


def fits(data: ArrayData) -> bool:
    """Tell whether the backend has a memory of its own, and room for the arrays beside as much again."""
    memory = current().memory_info()
    size = sum(leaf.size * dtype.itemsize for leaf, dtype in zip(data.leaves, data.dtypes, strict=True) if dtype)
    return memory is not None and 2 * size <= memory["limit"] - memory["used"]


@jit
def gathered(rows: Any, leaves: list[Any]) -> list[Any]:
    """Return rows of arrays, the first axis of each."""
    return [ops.take(leaf, rows, axis=0) for leaf in leaves]


class PlacedData(ArrayData):
    """Batches of arrays that are copied to the device before the first epoch; arguments as those of `ArrayData`."""

    placed: list[Any] | None = None

    def epoch(self, key: tuple[int, int] | None = None) -> Iterator[Batch]:
        if self.placed is None:
            pairs = zip(self.leaves, self.dtypes, strict=True)
            self.placed = [ops.convert_to_tensor(leaf, dtype.name) for leaf, dtype in pairs if dtype is not None]
        return super().epoch(key)

    def _order(self, key: tuple[int, int]) -> Any:
        return ops.convert_to_tensor(super()._order(key))

    def _batch(self, rows: Any) -> Batch:
        if self.placed is None:
            return super()._batch(rows)
        found = gathered(rows, self.placed) if isinstance(rows, Tensor) else [leaf[rows] for leaf in self.placed]
        fresh = iter(found)
        taken = [None if dtype is None else next(fresh) for dtype in self.dtypes]
        return tuple(unflatten(list(self.arrays), taken))
