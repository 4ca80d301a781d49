"""A data set that lies on the device: it is put there once, and its batches are gathered there.

A batch that comes from the host costs a copy over the bus in every step. So does its order here, but once an
epoch.
"""

from collections.abc import Iterator
from typing import Any

from arraynet.models.batches import ArrayData, Batch
from arraynet.plugins import current
from arraynet.tensor import Tensor
from arraynet.tree import unflatten

__all__ = ["PlacedData", "fits"]


def fits(data: ArrayData) -> bool:
    """Tell whether the backend has a memory of its own, and room for the arrays beside as much again."""
    memory = current().memory_info()
    size = sum(leaf.size * dtype.itemsize for leaf, dtype in zip(data.leaves, data.dtypes, strict=True) if dtype)
    return memory is not None and 2 * size <= memory["limit"] - memory["used"]


class PlacedData(ArrayData):
    """Batches of arrays that are copied to the device before the first epoch; arguments as those of `ArrayData`."""

    placed: list[Any] | None = None

    def epoch(self, key: tuple[int, int] | None = None) -> Iterator[Batch]:
        if self.placed is None:
            pairs = zip(self.leaves, self.dtypes, strict=True)
            self.backend = current()
            self.placed = [None if d is None else self.backend.asarray(leaf, d.name) for leaf, d in pairs]
        return super().epoch(key)

    def _order(self, key: tuple[int, int]) -> Any:
        return self.backend.asarray(super()._order(key))

    def _batch(self, rows: Any) -> Batch:
        if self.placed is None:
            return super()._batch(rows)
        with self.backend.guard():
            taken = [None if leaf is None else self._rows(leaf, rows) for leaf in self.placed]
        return (taken[0], taken[1], taken[2]) if self.flat else tuple(unflatten(self.arrays, taken))

    def _rows(self, leaf: Any, rows: Any) -> Tensor:
        """Rows of an array; without a tape or an observer, who have no business with data."""
        array = leaf[rows, ...] if type(rows) is slice else self.backend.xp.take(leaf, rows, axis=0)
        return Tensor(array, self.backend)
