"""What can be wrong with training data, found before any work is done, each with its remedy."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from arraynet.checks import listed, warn
from arraynet.dtypes import host_array
from arraynet.layers import BatchNormalization, Embedding, LayerNormalization, Normalization, Rescaling
from arraynet.plugins import current
from arraynet.tensor import Tensor, as_tensor
from arraynet.tree import flatten, map_structure
from arraynet.variable import Variable

__all__ = ["check_inputs", "check_numbers", "check_results", "leaf_arrays", "on_host", "warn_of_nan"]

SCALING = (Rescaling, Normalization, BatchNormalization, LayerNormalization, Embedding)
PICTURE = 64  # values that a sample has at least if it may be a picture
SAMPLE = 1024  # rows looked at where looking at all would cost more than it tells


def host_structure(value: Any, name: str) -> Any:
    """Return arrays, or nested structures of them, as NumPy arrays with samples along their first axis.

    Of several outputs some may have no labels or weights: None stays what it is.
    """
    several = isinstance(value, list | tuple | dict) and any(getattr(leaf, "shape", ()) for leaf in flatten(value))
    if not several:
        return _host(value, name)
    return map_structure(lambda leaf: None if leaf is None and name != "x" else _host(leaf, name), value)


def _host(value: Any, name: str) -> np.ndarray:
    if isinstance(value, current().array_types) and not isinstance(value, np.ndarray | np.generic):
        value = as_tensor(value)
    if isinstance(value, Tensor | Variable):
        if value.backend is not current():
            raise ValueError(
                f"{name} is a Tensor of backend {value.backend.name!r}, the model lives on {current().name!r}. "
                f'Move one of them: {name}.to("{current().name}") or model.to("{value.backend.name}").'
            )
        return value.numpy()
    try:
        host = host_array(value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: {_of_text(value, name) or error}") from error
    if not host.ndim:
        raise ValueError(
            f"{name} must have samples along its first axis, received the single value {value!r}. A batch of one "
            f"sample is a list of it."
        )
    return host


def _of_text(value: Any, name: str) -> str:
    """What is said of text, or of columns with names, where numbers are expected; nothing of what is neither."""
    if hasattr(value, "__array_namespace__") and not isinstance(value, np.ndarray):  # it need not be on the host
        return ""
    try:
        given = np.asarray(value)
    except ValueError:  # of rows of different lengths
        return ""
    if given.dtype.names:
        return f"Its columns have names: numpy.stack([{name}[column] for column in {name}.dtype.names], axis=-1)."
    texts = given.reshape(-1)
    if not texts.size or not isinstance(texts[0], str):
        return ""
    first = texts[:SAMPLE].astype(str)
    if not given.ndim:
        mend = f"If that is a file, read it: numpy.genfromtxt({str(value)!r}, delimiter=',')."
    elif np.strings.isdecimal(first).all():
        mend = f"These are whole numbers as text: numpy.asarray({name}).astype('int32')."
    elif _are_numbers(first):
        mend = f"These are numbers as text: numpy.asarray({name}).astype('float32')."
    elif name == "y":
        mend = "Number the classes: names, y = numpy.unique(y, return_inverse=True); class k is then called names[k]."
    else:
        mend = f"Drop what is text, or number the words: words, {name} = numpy.unique({name}, return_inverse=True)."
    return f"Expected numbers, received text such as {str(texts[0])!r}. {mend}"


def _are_numbers(texts: np.ndarray) -> bool:
    try:
        return texts.astype(float).size > 0
    except ValueError:
        return False


def leaf_arrays(value: Any) -> list[Any]:
    """Return the arrays of a nested structure."""
    return [leaf for leaf in flatten(value) if leaf is not None]


def on_host(x: Any, y: Any = None, sample_weight: Any = None) -> tuple[Any, Any, Any]:
    """Return inputs, labels and weights as NumPy arrays or structures of them, None where there are none.

    Raises
    ------
    TypeError, ValueError
        Something is no array of numbers, or they hold different numbers of samples.
    """
    if x is None:
        raise ValueError("There is no data: pass x, an array or an iterable of batches.")
    given = {"x": x, "y": y, "sample_weight": sample_weight}
    named = {name: None if value is None else host_structure(value, name) for name, value in given.items()}
    sizes = {name: [len(leaf) for leaf in leaf_arrays(value)] for name, value in named.items() if value is not None}
    if len({n for lengths in sizes.values() for n in lengths}) > 1:
        counts = ", ".join(f"{name}: {_counted(lengths)}" for name, lengths in sizes.items())
        raise ValueError(f"All arrays must hold the same number of samples, received {counts}.{_unstacked(named)}")
    return named["x"], named["y"], named["sample_weight"]


def _counted(lengths: list[int]) -> str:
    alike = len(lengths) > 3 and len(set(lengths)) == 1
    return f"{len(lengths)} arrays of {lengths[0]}" if alike else ", ".join(map(str, lengths))


def _unstacked(named: dict[str, Any]) -> str:
    """What is said of samples in a list, each an array, which would be inputs or outputs of their own."""
    lists = [name for name, value in named.items() if isinstance(value, list | tuple) and len(value) > 1]
    return "".join(f" Are the arrays of {name} samples? Make one array of them: numpy.stack({name})." for name in lists)


def check_inputs(data: Any, model: Any) -> None:
    """Look at arrays, or at the first batch of an iterable: unscaled pixels, unknown words."""
    x, _, _ = data.known()
    if not all(map(len, leaf_arrays(x))):
        raise ValueError(
            "The first batch that x yields holds no samples, so nothing can be tried on it: leave empty batches out."
        )
    check_pixels(x, model._walk())
    for layer in model.layers[:1] if hasattr(model, "_stack") else []:
        check_words(x, layer)


def check_numbers(data: Any) -> None:
    """Look through arrays, or through the first batch of an iterable, for NaN and infinity."""
    for name, value in zip(("x", "y", "sample_weight"), data.known(), strict=True):
        if said := not_finite(value, name):
            raise ValueError(said)


def not_finite(value: Any, name: str) -> str:
    """Return what is said of floats among which there are NaN or infinity; nothing of others, nor of None."""
    for leaf in leaf_arrays(value):
        if leaf.dtype.kind != "f" or _adds_up(leaf):
            continue
        wrong = [row for row in range(len(leaf)) if not np.isfinite(leaf[row]).all()]
        if wrong:
            return (
                f"{name} holds NaN or infinity in {len(wrong)} of {len(leaf)} samples, the first is sample "
                f"{wrong[0]}. Drop them, or fill them: np.nan_to_num({name})."
            )
    return ""


def warn_of_nan(outputs: list[np.ndarray], data: Any, model: Any) -> None:
    """Warn where predictions hold NaN, and say where it comes from, as far as that can be told."""
    if not any(leaf.dtype.kind == "f" and not _adds_up(leaf) and np.isnan(leaf).any() for leaf in outputs):
        return
    cause = hasattr(data, "arrays") and not_finite(data.arrays[0], "x")
    weights = [w.path for w in model.weights if not np.isfinite(w.numpy()).all()]
    if weights:
        cause = f"So do the weights {listed(weights)}: train anew, with a lower learning rate."
    warn(
        f"Predictions of model {model.name!r} hold NaN. "
        f"{cause or 'The weights do not: look at x, and at layers that take a logarithm, a root or a quotient.'}",
        RuntimeWarning,
    )


def _adds_up(x: np.ndarray) -> bool:
    """Tell whether a sum over all elements is finite; of squares where BLAS does that as fast as memory is read."""
    with np.errstate(all="ignore"):
        if x.dtype in (np.float32, np.float64) and x.flags.c_contiguous:
            return bool(np.isfinite(np.dot(x.reshape(-1), x.reshape(-1))))
        return bool(np.isfinite(x.sum(dtype=np.promote_types(x.dtype, np.float32))))


def check_words(x: Any, layer: Any) -> None:
    """Raise ValueError where a Sequential model begins with an Embedding that has no vector for some integer."""
    if not isinstance(layer, Embedding) or not isinstance(x, np.ndarray) or not x.size:
        return
    low, high = x.min(), x.max()
    if low < 0 or high >= layer.input_dim:
        raise ValueError(
            f"Layer {layer.name!r} (Embedding) has vectors for the integers from 0 to {layer.input_dim - 1}; x holds "
            f"{low} to {high}. Make it with input_dim={int(high) + 1}, or renumber x."
        )


def check_pixels(x: Any, layers: Any) -> None:
    """Warn about inputs from 0 to 255 that no layer scales."""
    if any(isinstance(layer, SCALING) for layer in layers):
        return
    for leaf in leaf_arrays(x):
        if leaf.ndim < 2 or leaf.dtype.kind not in "uif" or leaf[0].size < PICTURE:
            continue
        sample = leaf[:SAMPLE]
        if sample.min() >= 0 and 128 <= sample.max() <= 255 and np.equal(sample, np.round(sample)).all():
            warn(
                f"x holds whole numbers from {sample.min():g} to {sample.max():g}, like unscaled pixels; training "
                f"works better on values from 0 to 1: x / 255.0, or layers.Rescaling(1 / 255) first.",
            )


def check_results(metrics: Iterable[Any]) -> None:
    """Refuse a metric of several values: a line, a curve or a callback shows one."""
    for metric in metrics:
        result = metric.result()
        shapes = [getattr(value, "shape", ()) for value in (result.values() if isinstance(result, dict) else [result])]
        if shape := next((shape for shape in shapes if math.prod(shape) != 1), ()):
            raise ValueError(
                f"Metric {metric.name!r} has values of shape {shape}; in fit and evaluate each metric is one number. "
                "Give one metric for each of them, with names, such as Precision(0.3, name='precision_30')."
            )
