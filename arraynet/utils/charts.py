"""Charts of what training has made: the values of weights, and which classes are taken for which."""

import math
from typing import Any

import numpy as np

from arraynet.utils.plotting import new_figure

__all__ = ["plot_confusion", "plot_weights"]


def plot_weights(model: Any, bins: int = 40) -> Any:
    """Return a figure with a histogram of every weight.

    Parameters
    ----------
    model : Model, Layer, or list of Variable
        Whose weights to show; it must be built.
    bins : int
        Number of bars.

    Returns
    -------
    matplotlib.figure.Figure
        Which shows itself in a notebook.

    Raises
    ------
    ImportError
        Matplotlib is not installed.
    ValueError
        There are no weights.
    """
    weights = list(getattr(model, "weights", model))
    if not weights:
        raise ValueError(
            f"plot_weights: {getattr(model, 'name', 'the list')!r} has no weights. Build a model first: call it on "
            f"data, or build((None, n))."
        )
    columns = min(len(weights), 4)
    rows = math.ceil(len(weights) / columns)
    figure = new_figure((3 * columns, 2.3 * rows))
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel in panels[len(weights) :]:
        panel.axis("off")
    for panel, variable in zip(panels, weights, strict=False):
        values = np.asarray(variable, dtype=np.float64).ravel()
        finite = values[np.isfinite(values)]
        panel.hist(finite, bins=bins, color="#4c78a8")
        lost = "" if finite.size == values.size else f", {values.size - finite.size} not finite"
        panel.set_title(f"{variable.path}\n{variable.shape}{lost}", fontsize=9)
        panel.set(xlabel="value", ylabel="weights")
    return figure


def plot_confusion(y_true: Any, y_pred: Any, labels: Any = None) -> Any:
    """Return a figure that shows how often each class was taken for each.

    Parameters
    ----------
    y_true : array
        Classes, (n,) integers, or one-hot rows.
    y_pred : array
        Predicted classes, or rows of probabilities or logits.
    labels : sequence of str, optional
        What the classes are called; their numbers without it.

    Returns
    -------
    matplotlib.figure.Figure
        Which shows itself in a notebook.

    Raises
    ------
    ImportError
        Matplotlib is not installed.
    ValueError
        Different numbers of samples, or labels for other classes.
    """
    truth, guess = _classes("y_true", y_true), _classes("y_pred", y_pred)
    if len(truth) != len(guess) or not len(truth):
        raise ValueError(f"plot_confusion: received {len(truth)} true classes and {len(guess)} predicted ones.")
    count = max(int(truth.max()), int(guess.max())) + 1
    names = [str(name) for name in (range(count) if labels is None else labels)]
    if len(names) < count:
        raise ValueError(f"plot_confusion: {len(names)} labels for {count} classes.")
    count = len(names)
    matrix = np.bincount(truth * count + guess, minlength=count * count).reshape(count, count)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    figure = new_figure((0.55 * count + 2.6, 0.5 * count + 1.8))
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), number in np.ndenumerate(matrix):
        colour = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(number) if number else "", ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(count), names, rotation=45 if max(map(len, names)) > 3 else 0)
    axes.set_yticks(range(count), names)
    axes.set(title=f"{np.trace(matrix) / len(truth):.2%} of {len(truth):,} right", xlabel="predicted", ylabel="true")
    figure.colorbar(image, ax=axes, label="share of the true class")
    return figure


def _classes(name: str, given: Any) -> np.ndarray:
    array = np.asarray(given)
    if array.ndim == 2 and array.shape[1] > 1:
        return np.asarray(array.argmax(axis=1))
    flat = array.reshape(-1) if array.ndim in (1, 2) else array
    whole = flat.ndim == 1 and np.array_equal(flat, np.round(flat)) and not (flat < 0).any()
    if not whole:
        raise ValueError(
            f"plot_confusion: {name} holds classes from 0 on, or a row of scores for each sample; received shape "
            f"{array.shape} of {array.dtype}. For probabilities of a single yes pass (p > 0.5)."
        )
    return flat.astype(np.int64)
