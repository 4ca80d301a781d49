"""What can be wrong between the last layer, the loss and the labels, found at the first step, each with its remedy."""

import math
from typing import Any

import numpy as np

from arraynet import activations, losses
from arraynet.checks import warn
from arraynet.models.compiled import pairs
from arraynet.tensor import Tensor

__all__ = ["check_labels", "check_outputs"]

SPARSE = (losses.sparse_categorical_crossentropy,)
CATEGORICAL = (losses.categorical_crossentropy, losses.categorical_focal_crossentropy)
BINARY = (losses.binary_crossentropy, losses.binary_focal_crossentropy)
FUNCTIONS = losses.lookup.FUNCTIONS.values()
PROBABILITIES = (*SPARSE, *CATEGORICAL, *BINARY, losses.kl_divergence)


def check_outputs(data: Any, compiled: Any, y_pred: Any, model: Any) -> None:
    """Look at outputs, and at all labels, as the losses will; raise ValueError with what is wrong and its remedy."""
    for (loss, _, _), (guess, _) in zip(compiled.parts, pairs(y_pred, y_pred), strict=True):
        fn = getattr(loss, "function", None)
        if not isinstance(guess, Tensor) or not guess.ndim:
            continue
        if fn in PROBABILITIES and loss.options.get("from_logits"):
            _check_logits(loss, guess, _source(model, guess))
        elif fn in PROBABILITIES and guess.logits is None:
            _check_probabilities(fn, guess, model)
        if fn not in CATEGORICAL:  # which warn themselves
            _check_softmax(guess, model)
    check_labels(compiled, data.known()[1], model)


def check_labels(compiled: Any, y: Any, model: Any) -> None:
    """Look at labels as the losses of all outputs will; raise ValueError with what is wrong and its remedy."""
    for (loss, _, _), (labels, guess) in zip(compiled.parts, pairs(y, compiled.example), strict=True):
        if isinstance(labels, np.ndarray) and isinstance(guess, Tensor) and guess.ndim:
            _check_labels(loss, labels, guess, _source(model, guess))


def _check_softmax(guess: Tensor, model: Any) -> None:
    """Warn of a softmax over a single column, which no weight has an influence on."""
    axis = guess.logits[1] if guess.logits is not None else ()
    if isinstance(axis, int) and guess.shape[axis] == 1:
        warn(
            f"The softmax of one output is always 1, so nothing is learned: the model ends in {_source(model, guess)}. "
            f"Use activation='sigmoid' there, or a unit for each class; to predict a number use none.",
            SyntaxWarning,
        )


def _check_labels(loss: Any, labels: np.ndarray, guess: Tensor, source: str) -> None:
    fn, options = getattr(loss, "function", None), getattr(loss, "options", {})
    _check_places(fn, labels, guess, source)
    _check_units(fn, labels, guess, source)
    _check_kind(fn, labels, guess, source)
    _check_shape(fn, options, labels, guess, source)
    _check_values(fn, options, labels, guess, source)
    if fn in CATEGORICAL and guess.shape[-1] == 1:
        warn(
            "A categorical crossentropy of one output column is always 0. For two classes use "
            "loss='binary_crossentropy' with a sigmoid, or give the last layer a unit for each class.",
            SyntaxWarning,
        )


def _source(model: Any, guess: Tensor) -> str:
    last = _last_layer(model)
    return f"{type(last).__name__} {last.name!r} with outputs of shape {(None, *guess.shape[1:])}"


def _last_layer(model: Any) -> Any:
    """The layer that the output comes from, as far as that is certain; else the model itself."""
    while getattr(model, "_stack", None):
        model = model.layers[-1]
    return model


def _check_places(fn: Any, labels: np.ndarray, guess: Tensor, source: str) -> None:
    """Refuse an answer for each row of a sample, as of images that were not flattened, where a sample has one label."""
    places, own = guess.shape[1:-1], labels.shape[1:]
    single = own in ((), (1,), (guess.shape[-1],))
    if fn in (*SPARSE, *CATEGORICAL) and places and single and own != places:
        raise ValueError(
            f"y holds one label per sample, its shape is {labels.shape}, but the model ends in {source}, which is an "
            f"answer for each of {math.prod(places)} rows of a sample. Put layers.Flatten() before the first Dense, or "
            f"reshape x to (samples, features)."
        )


def _check_units(fn: Any, labels: np.ndarray, guess: Tensor, source: str) -> None:
    """Refuse rows of labels that are longer or shorter than the rows of outputs."""
    rows = labels.ndim == guess.ndim > 1 and labels.shape[-1] > 1
    if rows and fn in FUNCTIONS and fn not in SPARSE and labels.shape[-1] != guess.shape[-1]:
        raise ValueError(
            f"y holds rows of {labels.shape[-1]} numbers, its shape is {labels.shape}, but the model ends in {source}. "
            f"Give the last layer {labels.shape[-1]} units, or choose the columns of y."
        )


def _check_kind(fn: Any, labels: np.ndarray, guess: Tensor, source: str) -> None:
    """Refuse integers where one-hot rows are needed, and the reverse."""
    classes = guess.shape[-1]
    if classes == 1:
        return
    if fn in SPARSE and labels.ndim == guess.ndim and labels.shape[-1] == classes and _one_hot(labels):
        raise ValueError(
            f"y holds one-hot labels, its shape is {labels.shape}, but {fn.__name__} takes integers; the model ends in "
            f"{source}. Use loss='categorical_crossentropy', or y.argmax(-1) for y."
        )
    integers = labels.ndim == guess.ndim - 1 or (labels.ndim == guess.ndim and labels.shape[-1] == 1)
    if fn in BINARY and integers and labels.size and labels.max() <= 1:
        raise ValueError(
            f"y holds one label per sample, its shape is {labels.shape}, but the model ends in {source}. For two "
            f"classes give the last layer 1 unit, with activation='sigmoid'."
        )
    if fn in (*CATEGORICAL, *BINARY) and integers:
        _check_range(labels, classes, None, source)
        raise ValueError(
            f"y holds one label per sample, its shape is {labels.shape}, but {fn.__name__} takes rows of {classes} "
            f"numbers; the model ends in {source}. Use loss='sparse_categorical_crossentropy', or "
            f"utils.to_categorical(y, {classes}) for y."
        )


def _one_hot(labels: np.ndarray) -> bool:
    """Tell whether rows may be one-hot, or hold probabilities; other rows are no labels of one class."""
    return bool(labels.size and labels.min() >= 0 and np.allclose(labels.sum(-1), 1, atol=1e-3))


def _check_shape(fn: Any, options: dict[str, Any], labels: np.ndarray, guess: Tensor, source: str) -> None:
    """Refuse, for losses that come with arraynet, labels of another shape than theirs."""
    own, out, sparse = labels.shape[1:], guess.shape[1:], fn in SPARSE
    if fn not in FUNCTIONS or options.get("axis", -1) not in (-1, len(out)):
        return
    wanted = out[:-1] if sparse else out
    if own in (wanted, (*wanted, 1)) or (not sparse and (*own, 1) == out):
        return
    takes, mend = "the shape of the outputs", "Choose columns of y, or reshape it."
    if sparse:
        takes, mend = "a whole number for each answer", "Choose one column of y."
    elif own in ((), (1,)):
        mend = (
            f"To predict one number give the last layer 1 unit; to tell {out[-1]} classes apart use "
            f"activation='softmax' there and loss='sparse_categorical_crossentropy'."
        )
    raise ValueError(
        f"y has the shape {labels.shape}, but {fn.__name__} takes {takes}, {(None, *wanted)}; the model ends in "
        f"{source}. {mend}"
    )


def _check_logits(loss: Any, guess: Tensor, source: str) -> None:
    """Refuse probabilities for a loss that was told to expect logits."""
    if guess.logits is not None:
        raise ValueError(
            f"The loss {loss.name!r} has from_logits=True, but the model ends in {source}, whose softmax or sigmoid "
            f"has made probabilities of its logits already. Leave from_logits out, or drop the activation."
        )


def _check_probabilities(fn: Any, guess: Tensor, model: Any) -> None:
    """Refuse outputs that are no probabilities for a loss that takes their logarithm."""
    values = guess.numpy()
    top = 1.0 if fn in BINARY else float("inf")  # others divide by the sum of a row
    last = _last_layer(model)
    linear = last is not model and getattr(last, "activation", None) is activations.linear
    if linear or (values.size and (values.min() < 0 or values.max() > top)):
        activation = "sigmoid" if fn in BINARY else "softmax"
        logits = "" if fn is losses.kl_divergence else ", or keep the layer and pass a loss with from_logits=True"
        raise ValueError(
            f"{fn.__name__} takes probabilities, but the model ends in {_source(model, guess)}, which is linear or "
            f"gives values from {values.min():.3g} to {values.max():.3g}. Use activation={activation!r} there{logits}."
        )


def _check_values(fn: Any, options: dict[str, Any], labels: np.ndarray, guess: Tensor, source: str) -> None:
    if fn in SPARSE:
        _check_range(labels, guess.shape[options.get("axis", -1)], options.get("ignore_class"), source)
    elif fn in BINARY and labels.size and (labels.min() < 0 or labels.max() > 1):
        raise ValueError(
            f"Labels of {fn.__name__} lie between 0 and 1; y holds values from {labels.min()} to {labels.max()}. For "
            f"several classes give the last layer a unit for each and use loss='sparse_categorical_crossentropy'."
        )


def _check_range(labels: np.ndarray, classes: int, ignored: int | None, source: str) -> None:
    kept = labels if ignored is None else labels[labels != ignored]
    if not kept.size:
        return
    low, high = kept.min(), kept.max()
    if kept.dtype.kind == "f" and not np.equal(kept, np.round(kept)).all():
        raise ValueError(
            f"Labels of classes are whole numbers, y holds fractions from {low:g} to {high:g}. To predict the values "
            f"themselves use loss='mse'."
        )
    if low < 0 or high >= classes:
        raise ValueError(
            f"Labels must lie between 0 and {classes - 1}, since the model ends in {source}; y holds labels from {low} "
            f"to {high}. {_units(low, high, classes)}"
        )


def _units(low: float, high: float, classes: int) -> str:
    if low < 0:
        return "Renumber the labels from 0 on: y = numpy.unique(y, return_inverse=True)[1]."
    if classes == 1 and high == 1:
        return "For two classes use loss='binary_crossentropy' with activation='sigmoid' there, or 2 units."
    return f"Give the last layer {int(high) + 1} units, or renumber the labels."
