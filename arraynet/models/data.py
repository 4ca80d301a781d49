"""Batches from whatever users train on: arrays, generators, loaders, any iterable.

`fit` borrows: arrays are never copied as a whole and never written to. A batch's rows are gathered on the
host, and floats wider than the model's are narrowed there, row by row.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from arraynet.models.checks import host_structure, leaf_arrays
from arraynet.plugins import current
from arraynet.random.streams import host_permutation
from arraynet.tree import flatten, map_structure, unflatten

__all__ = ["ArrayData", "IterableData", "class_weights", "data_of", "packed", "split_off", "unpacked"]

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
        Batches an epoch, the first ones of its order; all without it.
    """

    exhausted = False

    def __init__(
        self,
        arrays: Batch,
        batch_size: int,
        shuffle: bool | str = False,
        floats: str = "float32",
        steps: int | None = None,
    ) -> None:
        self.arrays, self.batch_size, self.shuffle = arrays, batch_size, shuffle
        self.leaves = flatten(list(arrays))
        self.dtypes = [None if leaf is None else narrowed(leaf.dtype, floats) for leaf in self.leaves]
        self.samples = len(leaf_arrays(arrays[0])[0])
        self.steps: int | None = steps or -(-self.samples // batch_size)

    def first(self) -> Batch:
        """Return the first samples, to look at."""
        return self._batch(slice(0, min(2, self.samples)))

    def epoch(self, key: tuple[int, int] | None = None) -> Iterator[Batch]:
        """Yield the batches of one epoch; `key` is the random stream that orders it."""
        order = None if key is None or not self.shuffle else self._order(key)
        starts = range(0, self.samples, self.batch_size)
        for start in starts[: self.steps]:
            rows = slice(start, min(start + self.batch_size, self.samples))
            yield self._batch(rows if order is None else order[rows])
        if self.steps is not None and self.steps > len(starts):
            warn_short(len(starts), self.steps)

    def _order(self, key: tuple[int, int]) -> np.ndarray:
        order = host_permutation(key, self.samples)
        if self.shuffle != "batch":
            return order
        batch = order // self.batch_size  # a stable sort by batch keeps the new order inside each
        return order[np.argsort(batch, kind="stable")]

    def _batch(self, rows: Any) -> Batch:
        taken = [_taken(leaf, rows, dtype) for leaf, dtype in zip(self.leaves, self.dtypes, strict=True)]
        if len(taken) == 3:  # one input, the usual case
            return taken[0], taken[1], taken[2]
        return tuple(unflatten(list(self.arrays), taken))


def narrowed(dtype: np.dtype, floats: str) -> np.dtype:
    """Return a dtype in the machine's byte order, floats no wider than the named one."""
    wide = dtype.kind == "f" and dtype.itemsize > np.dtype(floats).itemsize
    return np.dtype(floats) if wide else dtype.newbyteorder("=")


def _taken(leaf: Any, rows: Any, dtype: np.dtype | None) -> Any:
    return None if leaf is None else leaf[rows].astype(dtype, copy=False)


class IterableData:
    """Batches that an iterable yields: x, (x,), (x, y) or (x, y, sample_weight).

    Parameters
    ----------
    source : iterable
        One that starts anew with each ``iter()``, or a generator, which goes on from epoch to epoch.
    steps : int, optional
        Batches an epoch; all there are without it.
    floats : str
        The widest floating dtype that the model takes.
    transform : callable, optional
        What to do with each batch: class weights.
    """

    def __init__(
        self, source: Any, steps: int | None = None, floats: str = "float32", transform: Callable | None = None
    ) -> None:
        self.source, self.floats, self.transform = source, floats, transform
        self.limit, self.once = steps, iter(source) is source
        self.steps = steps or _length(source)
        self.exhausted = False
        self._iterator: Iterator[Any] | None = None
        self._ahead: list[Batch] = []

    def first(self) -> Batch:
        """Return the first batch; it is yielded again by `epoch`."""
        if not self._ahead:
            self._ahead = [batch for batch in [next(self._going(), None)] if batch is not None]
        if not self._ahead:
            raise ValueError("The data is empty: the iterable passed as x yielded no batch.")
        return self._ahead[0]

    def epoch(self, key: tuple[int, int] | None = None) -> Iterator[Batch]:
        """Yield the batches of one epoch, in the iterable's own order."""
        seen = 0
        while self.limit is None or seen < self.limit:
            batch = self._ahead.pop() if self._ahead else next(self._going(), None)
            if batch is None:
                self._ran_out(seen)
                return
            yield batch
            seen += 1
        if not self.once and self.limit is None:
            self._iterator = None

    def _going(self) -> Iterator[Batch]:
        if self._iterator is None:
            self._iterator = map(self._entered, self.source)
        return self._iterator

    def _entered(self, item: Any) -> Batch:
        parts = tuple(item) if isinstance(item, tuple | list) else (item,)
        if not 1 <= len(parts) <= 3:
            raise ValueError(f"A batch is x, (x, y) or (x, y, sample_weight); the iterable yielded {len(parts)} parts.")
        host = [None if part is None else host_structure(part, "a batch") for part in parts]
        made = [map_structure(self._narrow, part) for part in host] + [None] * (3 - len(host))
        batch = (made[0], made[1], made[2])
        return self.transform(batch) if self.transform else batch

    def _narrow(self, leaf: Any) -> Any:
        return None if leaf is None else leaf.astype(narrowed(leaf.dtype, self.floats), copy=False)

    def _ran_out(self, seen: int) -> None:
        self._iterator, self.exhausted = None, self.once
        if self.limit is not None:
            warn_short(seen, self.limit)


def warn_short(seen: int, expected: int) -> None:
    """Warn that an epoch has ended early."""
    warnings.warn(
        f"The data ran out after {seen} of {expected} batches of an epoch. Lower steps_per_epoch, or let the "
        f"generator yield steps_per_epoch * epochs batches.",
        stacklevel=2,
    )


def _length(source: Any) -> int | None:
    try:
        return len(source)
    except TypeError:
        return None


def data_of(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool | str = False,
    class_weight: dict[int, float] | None = None,
    floats: str = "float32",
) -> ArrayData | IterableData:
    """Return the batches of what `fit`, `evaluate` and `predict` are given.

    Raises
    ------
    ValueError
        Labels beside an iterable, arrays of different lengths, nothing at all, class weights beside weights.
    """
    if class_weight is not None and sample_weight is not None:
        raise ValueError("class_weight and sample_weight cannot be given together: both weigh the samples.")
    if not is_iterable_of_batches(x):
        return _array_data(x, y, sample_weight, batch_size, steps, shuffle, class_weight, floats)
    if y is not None or sample_weight is not None:
        raise ValueError(
            f"x is a {type(x).__name__}, an iterable of batches, which brings its own labels and weights: yield "
            f"(x, y) or (x, y, sample_weight) and leave y and sample_weight out."
        )
    return IterableData(x, steps, floats, _weighing(class_weight) if class_weight is not None else None)


def _array_data(
    x: Any, y: Any, weight: Any, batch_size: Any, steps: Any, shuffle: Any, class_weight: Any, floats: str
) -> ArrayData:
    named = {"x": x, "y": y, "sample_weight": weight}
    x, y, weight = [None if value is None else host_structure(value, name) for name, value in named.items()]
    samples = _checked_lengths(x=x, y=y, sample_weight=weight)
    if class_weight is not None:
        weight = class_weights(y, class_weight)
    size = batch_size if batch_size is not None else -(-samples // steps) if steps else 32
    return ArrayData((x, y, weight), size, shuffle, floats, steps)


def is_iterable_of_batches(x: Any) -> bool:
    """Tell whether `x` yields batches: neither array nor number nor a container of them."""
    known = (np.ndarray, list, tuple, dict, str, *current().array_types)
    return isinstance(x, Iterable) and not isinstance(x, known) and not hasattr(x, "__array__")


def _checked_lengths(**named: Any) -> int:
    """The number of samples, which all arrays agree on."""
    sizes = {name: [len(leaf) for leaf in leaf_arrays(value)] for name, value in named.items() if value is not None}
    if len({n for lengths in sizes.values() for n in lengths}) > 1:
        listed = ", ".join(f"{name}: {', '.join(map(str, lengths))}" for name, lengths in sizes.items())
        raise ValueError(f"All arrays must hold the same number of samples, received {listed}.")
    samples = sizes["x"][0]
    if not samples:
        raise ValueError("x is empty: it holds no samples. Check how it was loaded or cut.")
    return int(samples)


def class_weights(y: Any, class_weight: dict[int, float]) -> np.ndarray:
    """Return the weight of every sample's class, 1 for classes that are not named.

    Labels are integers, (n,) or (n, 1), or one-hot rows.
    """
    try:
        table = {int(label): float(weight) for label, weight in class_weight.items()}
    except (TypeError, ValueError) as error:
        raise ValueError(f"class_weight maps integer labels to numbers, received {class_weight!r}.") from error
    if not isinstance(y, np.ndarray):
        raise ValueError("class_weight needs y as one array of labels.")
    labels = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y), -1)[:, 0]
    found, places = np.unique(labels, return_inverse=True)
    return np.array([table.get(int(label), 1.0) for label in found], np.float32)[places]


def _weighing(class_weight: dict[int, float]) -> Callable[[Batch], Batch]:
    def weighed(batch: Batch) -> Batch:
        x, y, weight = batch
        if weight is not None:
            raise ValueError("class_weight is given, and the iterable yields sample weights too; only one can weigh.")
        return x, y, class_weights(y, class_weight)

    return weighed


def split_off(arrays: Batch, share: float) -> tuple[Batch, Batch]:
    """Return arrays without their last share of samples, and that share.

    Raises
    ------
    ValueError
        The share is not between 0 and 1, or leaves one side empty, or these are no arrays.
    """
    if not isinstance(share, float) or not 0 < share < 1:
        raise ValueError(f"validation_split is a share between 0 and 1, received {share!r}.")
    if is_iterable_of_batches(arrays[0]):
        raise ValueError("validation_split needs arrays; for an iterable of batches pass validation_data.")
    named = zip(("x", "y", "sample_weight"), arrays, strict=True)
    host = [None if value is None else host_structure(value, name) for name, value in named]
    samples = _checked_lengths(x=host[0], y=host[1], sample_weight=host[2])
    at = int(np.floor(samples * (1.0 - share)))
    if not 0 < at < samples:
        raise ValueError(
            f"validation_split={share} of {samples} samples leaves {at} to train on and {samples - at} to validate "
            f"with; both need some."
        )
    cut = [map_structure(lambda leaf, part=part: None if leaf is None else leaf[part], value)
           for part in (slice(None, at), slice(at, None)) for value in host]  # fmt: skip
    return (cut[0], cut[1], cut[2]), (cut[3], cut[4], cut[5])
