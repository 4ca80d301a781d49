"""Batches, epoch by epoch: of arrays, whose rows are gathered here or read where they lie, and of what yields batches.

Arrays are borrowed, never copied as a whole and never written to; floats wider than the model's are narrowed
one batch at a time.
"""

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np

from arraynet.checks import warn
from arraynet.models.checks import leaf_arrays, on_host
from arraynet.random.streams import host_permutation
from arraynet.rows import Rows
from arraynet.tree import flatten, map_structure, unflatten

__all__ = ["ArrayData", "Batch", "IterableData", "packed", "unpacked"]

Batch = tuple[Any, Any, Any]  # inputs, labels, weights of samples; None where there are none


def packed(x: Any, y: Any, sample_weight: Any) -> tuple[Any, ...]:
    """Return what a step is given: labels and weights only where there are some."""
    return (x,) if y is None else (x, y) if sample_weight is None else (x, y, sample_weight)


def unpacked(data: Any) -> Batch:
    """Return inputs, labels and weights of what `packed` made, or of bare inputs."""
    x, y, sample_weight, *_ = (*(data if isinstance(data, tuple) else (data,)), None, None)
    return x, y, sample_weight


class ArrayData:
    """Batches of arrays in memory.

    Parameters
    ----------
    arrays : tuple
        Inputs, labels and weights: arrays, nested structures of them, or None.
    batch_size : int
        Samples a batch; the last one may have fewer.
    shuffle : bool or "batch"
        Whether an epoch takes all samples in a new order, or only those within each batch.
    floats : str
        The widest floating dtype that the model takes.
    steps : int, optional
        Batches an epoch, all without it: the first ones of a new order, or those after the last epoch's.
    """

    exhausted = False
    number = 0  # of the epoch, counted from the first of this training
    step: Any = None  # the captured function that the batches are for; it says whether it takes `Rows`
    look: Callable[[Any], None] | None = None

    def __init__(
        self,
        arrays: Batch,
        batch_size: int,
        shuffle: bool | str = False,
        floats: str = "float32",
        steps: int | None = None,
    ) -> None:
        self.arrays, self.batch_size, self.shuffle = arrays, batch_size, shuffle
        self.leaves = flatten(arrays)
        self.flat = len(self.leaves) == 3 and all(map(operator.is_, self.leaves, arrays))  # the usual case
        self.dtypes = [None if leaf is None else narrowed(leaf.dtype, floats) for leaf in self.leaves]
        self.narrow = any(d is not None and leaf.dtype != d for leaf, d in zip(self.leaves, self.dtypes, strict=True))
        self.plain = self.flat and arrays[0].dtype == self.dtypes[0]  # whether inputs may be `Rows`
        flags = [leaf.flags for leaf in leaf_arrays(arrays)]
        self.scattered = not all(f.c_contiguous and f.aligned for f in flags)  # `take` would copy all of such an array
        self.samples, self.labelled = len(leaf_arrays(arrays[0])[0]), arrays[1] is not None
        self.steps = steps or -(-self.samples // batch_size)

    def known(self) -> Batch:
        """Return all that can be looked at before the first step."""
        return self.arrays

    def first(self) -> Batch:
        """Return the first samples, to look at."""
        return self._batch(slice(0, min(2, self.samples)))  # the standard has no slice that is longer than its array

    def epoch(self, key: tuple[int, int] | None = None) -> Iterator[Batch]:
        """Yield the batches of one epoch; `key` is the random stream that orders it."""
        order = None if key is None or not self.shuffle else self._order(key)
        starts: Sequence[int] = range(0, self.samples, self.batch_size)
        if self.shuffle is not True and self.steps < len(starts):
            done = self.number * self.steps % len(starts)
            starts = [*starts[done:], *starts[:done]]
        for start in starts[: self.steps]:
            stop = start + self.batch_size
            rows = slice(start, stop if stop < self.samples else self.samples)
            yield self._batch(rows if order is None else order[rows])
        if self.steps > len(starts):
            warn_short(len(starts), self.steps)

    def _order(self, key: tuple[int, int]) -> np.ndarray:
        order = host_permutation(key, self.samples)
        if self.shuffle != "batch":
            return order
        batch = order // self.batch_size  # a stable sort by batch keeps the new order inside each
        return order[np.argsort(batch, kind="stable")]

    def _batch(self, rows: Any) -> Batch:
        if self.scattered or type(rows) is slice:
            taken = [None if leaf is None else leaf[rows] for leaf in self.leaves]
        else:  # all of them are there, and not to look for that costs a third less
            lazy = self.step and self.step.takes_rows and self.plain
            leaves = self.leaves[1:] if lazy else self.leaves
            taken = [None if leaf is None else leaf.take(rows, 0, None, "clip") for leaf in leaves]
            taken = [Rows(self.leaves[0], rows), *taken] if lazy else taken
        if self.narrow:
            pairs = zip(taken, self.dtypes, strict=True)
            taken = [t if t is None or type(t) is Rows else t.astype(d, copy=False) for t, d in pairs]
        if self.flat:
            return taken[0], taken[1], taken[2]
        return tuple(unflatten(self.arrays, taken))


def narrowed(dtype: np.dtype, floats: str) -> np.dtype:
    """Return a dtype in the machine's byte order, floats no wider than the named one."""
    wide = dtype.kind == "f" and dtype.itemsize > np.dtype(floats).itemsize
    return np.dtype(floats) if wide else dtype.newbyteorder("=")


class IterableData:
    """Batches that an iterable yields: x, (x,), (x, y) or (x, y, sample_weight).

    Parameters
    ----------
    source : iterable
        One that starts anew with each ``iter()``, or a generator, which goes on from epoch to epoch.
    steps : int, optional
        Batches an epoch; all there are without it. Epochs of training go on where the last one stopped.
    floats : str
        The widest floating dtype that the model takes.
    transform : callable, optional
        What to do with each batch: class weights.
    """

    number = 0  # of the epoch, which the iterable knows itself
    labelled = True  # whether its first batch, once that was looked at, has labels

    def __init__(
        self, source: Any, steps: int | None = None, floats: str = "float32", transform: Callable | None = None
    ) -> None:
        self.source = source if isinstance(source, Iterable) else _Numbered(source)
        self.floats, self.transform = floats, transform
        self.limit, self.once = steps, iter(self.source) is self.source
        self.steps = steps or _length(source)
        self.exhausted = False
        self.look: Callable[[Any], None] | None = None  # what finds wrong labels, in every batch
        self._iterator: Iterator[Any] | None = None

    def first(self) -> Batch:
        """Return the first batch; it is yielded again by `epoch`."""
        batch = next(going := self._going(), None)
        if batch is None:
            raise ValueError("The data is empty: the iterable passed as x yielded no batch.")
        self._iterator, self.labelled = chain([batch], going), batch[1] is not None
        return batch

    known = first

    def epoch(self, key: tuple[int, int] | None = None) -> Iterator[Batch]:
        """Yield the batches of one epoch, in the iterable's own order."""
        seen = 0
        try:
            while self.limit is None or seen < self.limit:
                batch = next(self._going(), None)
                if batch is None:
                    self._ran_out(seen)
                    return
                yield batch
                seen += 1
        finally:  # also where a callback stops it
            if key is None:  # only training goes on where it stopped
                self._iterator = None

    def _going(self) -> Iterator[Batch]:
        if self._iterator is None:
            self._iterator = map(self._entered, self.source)
        return self._iterator

    def _entered(self, item: Any) -> Batch:
        parts = item if isinstance(item, tuple | list) else (item,)
        if not 1 <= len(parts) <= 3:
            raise ValueError(f"A batch is x, (x, y) or (x, y, sample_weight); the iterable yielded {len(parts)} parts.")
        x, y, weight = map_structure(self._narrow, on_host(*parts))
        if self.look is not None:
            self.look(y)
        return self.transform((x, y, weight)) if self.transform else (x, y, weight)

    def _narrow(self, leaf: Any) -> Any:
        return None if leaf is None else leaf.astype(narrowed(leaf.dtype, self.floats), copy=False)

    def _ran_out(self, seen: int) -> None:
        self._iterator, self.exhausted = None, self.once
        if self.limit is not None:
            warn_short(seen, self.limit)


def warn_short(seen: int, expected: int) -> None:
    """Warn that an epoch has ended early."""
    warn(
        f"The data ran out after {seen} of {expected} batches of an epoch. Lower steps_per_epoch, or let the "
        f"generator yield steps_per_epoch * epochs batches.",
    )


class _Numbered:
    """Batches that are asked for by number, from something with a length and items only."""

    def __init__(self, source: Any) -> None:
        self.source = source

    def __iter__(self) -> Iterator[Any]:
        return (self.source[k] for k in range(len(self.source)))


def _length(source: Any) -> int | None:
    try:
        return len(source)
    except TypeError:
        return None
