"""What `fit`, `evaluate` and `predict` are given, as batches; splits of it, and weights of its classes."""

import math
from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from arraynet.checks import flag
from arraynet.models.batches import ArrayData, Batch, IterableData
from arraynet.models.checks import leaf_arrays, on_host
from arraynet.models.placed import PlacedData, fits
from arraynet.plugins import current
from arraynet.tree import map_structure

__all__ = ["class_weights", "data_of", "is_iterable_of_batches", "split_off"]


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
    if shuffle != "batch":
        flag("shuffle, unless it is 'batch',", shuffle)
    if class_weight is not None and sample_weight is not None:
        raise ValueError("class_weight and sample_weight cannot be given together: both weigh the samples.")
    if callable(x) and not is_iterable_of_batches(x):
        raise TypeError(f"x is {x!r}, not data; a generator function is called: fit({getattr(x, '__name__', 'x')}()).")
    if not is_iterable_of_batches(x):
        return _array_data(x, y, sample_weight, batch_size, steps, shuffle, class_weight, floats)
    if y is not None or sample_weight is not None:
        raise ValueError(
            f"x is a {type(x).__name__}, an iterable of batches, which brings its own labels and weights: yield "
            f"(x, y) or (x, y, sample_weight) and leave y and sample_weight out."
        )
    if batch_size is not None:
        raise ValueError(f"x is a {type(x).__name__}, an iterable of batches: leave batch_size out.")
    return IterableData(x, steps, floats, partial(_weighed, class_weight) if class_weight is not None else None)


def _array_data(
    x: Any, y: Any, weight: Any, batch_size: Any, steps: Any, shuffle: Any, class_weight: Any, floats: str
) -> ArrayData:
    x, y, weight = on_host(x, y, weight)
    samples = len(leaf_arrays(x)[0])
    if not samples:
        raise ValueError("x is empty: it holds no samples. Check how it was loaded or cut.")
    if class_weight is not None:
        weight = class_weights(y, class_weight)
    size = batch_size if batch_size is not None else -(-samples // steps) if steps else 32
    data = ArrayData((x, y, weight), size, shuffle, floats, steps)
    return PlacedData((x, y, weight), size, shuffle, floats, steps) if fits(data) else data


def is_iterable_of_batches(x: Any) -> bool:
    """Tell whether `x` yields batches: neither array nor number nor a container of them."""
    known = (np.ndarray, list, tuple, dict, str, *current().array_types)
    walkable = isinstance(x, Iterable) or (hasattr(x, "__getitem__") and hasattr(x, "__len__"))
    return walkable and not isinstance(x, known) and not hasattr(x, "__array__")


def class_weights(y: Any, class_weight: dict[int, float]) -> np.ndarray:
    """Return the weight of every sample's class, 1 for classes that are not named.

    Labels are integers, (n,) or (..., 1), or one-hot rows; of several a sample, as in (n, steps, 1), each has a weight.
    """
    try:
        table = {int(label): float(weight) for label, weight in class_weight.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"class_weight maps integer labels to numbers, received {class_weight!r}.") from error
    if not all(math.isfinite(weight) and weight >= 0 for weight in table.values()):
        raise ValueError(f"class_weight needs weights that are finite and not negative, received {class_weight!r}.")
    if not isinstance(y, np.ndarray) or not np.equal(y, np.round(y)).all():
        raise ValueError("class_weight needs y as one array of labels, which are whole numbers or one-hot rows.")
    rows = y.ndim > 1 and y.shape[-1] > 1
    if rows and not ((y == 0) | (y == 1)).all():
        raise ValueError(
            f"class_weight takes rows of labels for one-hot ones; y of shape {y.shape} holds {y.min()} to {y.max()}. "
            f"If these are labels, several of each sample, pass y[..., None]."
        )
    labels = y.argmax(-1) if rows else y[..., 0] if y.ndim > 1 else y
    found, places = np.unique(labels, return_inverse=True)
    return np.array([table.get(int(label), 1.0) for label in found], np.float32)[places].reshape(labels.shape)


def _weighed(class_weight: dict[int, float], batch: Batch) -> Batch:
    x, y, weight = batch
    if weight is not None:
        raise ValueError("class_weight is given, and the iterable yields sample weights too; only one can weigh.")
    return x, y, class_weights(y, class_weight)


def split_off(arrays: Batch, share: float) -> tuple[Batch, Batch]:
    """Return arrays without their last share of samples, and that share.

    Raises
    ------
    ValueError
        The share is not between 0 and 1, or leaves one side empty, or these are no arrays.
    """
    if not isinstance(share, float | np.floating) or not 0 < share < 1:
        raise ValueError(f"validation_split is a share between 0 and 1, received {share!r}.")
    if is_iterable_of_batches(arrays[0]):
        raise ValueError("validation_split needs arrays; for an iterable of batches pass validation_data.")
    host = on_host(*arrays)
    samples = len(leaf_arrays(host[0])[0])
    at = int(np.floor(samples * (1.0 - share)))
    if not 0 < at < samples:
        raise ValueError(
            f"validation_split={share} of {samples} samples leaves {at} to train on and {samples - at} to validate "
            f"with; both need some."
        )

    def part(rows: slice) -> Any:
        return map_structure(lambda leaf: None if leaf is None else leaf[rows], host)

    return part(slice(None, at)), part(slice(at, None))
