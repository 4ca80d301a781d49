"""Crossentropies of probabilities and of logits, per sample.

A softmax or sigmoid remembers its logits; they are used in the place of the probabilities, so that a
confidently wrong sample has a finite loss and a gradient. The logits forms are ops of their own, because a
backend can do each in one pass over a row.
"""

from typing import Any

import numpy as np

from arraynet import config
from arraynet.checks import warn
from arraynet.dispatch import op
from arraynet.operands import operands
from arraynet.ops.activations import sigmoid
from arraynet.ops.bounds import clip
from arraynet.ops.elementwise import negative
from arraynet.ops.exponential import log
from arraynet.ops.reduction import sum as reduce_sum
from arraynet.ops.shape import checked_axis, expand_dims, squeeze
from arraynet.ops.softmax import log_softmax, lowered, softmax
from arraynet.tensor import Tensor

__all__ = ["binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"]


def log_sum_exp(xp: Any, moved: Any, axis: int) -> Any:
    """Return the logarithm of the sum of exponentials, of numbers whose maximum is 0."""
    return xp.log(xp.sum(xp.exp(moved), axis=axis, keepdims=True))


@op(promote="float")
def softmax_crossentropy(xp: Any, logits: Any, target: Any, /, axis: int = -1) -> Any:
    """Return ``-sum(target * log_softmax(logits))`` along an axis."""
    moved = lowered(xp, logits, axis)
    return xp.sum(target * (log_sum_exp(xp, moved, axis) - moved), axis=axis)


def grad_softmax_crossentropy(g: Any, logits: Any, target: Any, axis: int) -> Any:
    total = reduce_sum(target, axis=axis, keepdims=True)  # 1, unless the sample is weighted or has no label
    return expand_dims(g, axis) * (softmax(logits, axis=axis) * total - target)


softmax_crossentropy.defvjp(
    logits=grad_softmax_crossentropy,
    target=lambda g, logits, axis: -expand_dims(g, axis) * log_softmax(logits, axis=axis),
)


def labels_mask(xp: Any, labels: Any, x: Any, axis: int) -> Any:
    """Return where the position along an axis of `x` is the label, all false for a label out of range."""
    axis = axis % x.ndim
    positions = xp.reshape(xp.arange(x.shape[axis], dtype=xp.int32), (-1,) + (1,) * (x.ndim - 1 - axis))
    return xp.expand_dims(xp.astype(labels, xp.int32), axis=axis) == positions


@op(promote=None)
def one_hot_like(xp: Any, labels: Any, x: Any, /, axis: int = -1) -> Any:
    """Return labels as ones and zeros along an axis, in the shape and dtype of `x`."""
    return xp.astype(labels_mask(xp, labels, x, axis), x.dtype)


@op(promote="float", fixed=("labels",))
def sparse_softmax_crossentropy(xp: Any, logits: Any, labels: Any, /, axis: int = -1) -> Any:
    """Return ``-log_softmax(logits)[label]``; 0 for a label out of range."""
    moved = lowered(xp, logits, axis)
    losses = log_sum_exp(xp, moved, axis) - moved
    return xp.sum(xp.where(labels_mask(xp, labels, logits, axis), losses, xp.zeros_like(losses)), axis=axis)


sparse_softmax_crossentropy.defvjp(
    logits=lambda g, logits, labels, axis: grad_softmax_crossentropy(
        g, logits, one_hot_like(labels, logits, axis=axis), axis
    )
)


@op(promote="float")
def sigmoid_crossentropy(xp: Any, logits: Any, target: Any, /) -> Any:
    """Return ``-target * log(p) - (1 - target) * log(1 - p)`` with p the sigmoid of the logits."""
    return xp.maximum(logits, 0.0) - logits * target + xp.log1p(xp.exp(-xp.abs(logits)))


sigmoid_crossentropy.defvjp(
    logits=lambda g, logits, target: g * (sigmoid(logits) - target),
    target=lambda g, logits: -g * logits,
)


def logits_of(output: Tensor, axis: Any, from_logits: bool, name: str) -> Any:
    """Return the logits that a crossentropy shall use, None where it has probabilities only."""
    found = output.logits if config.crossentropy() == "logits" else None
    if found is not None and _axes(found[1], output.ndim) == _axes(axis, output.ndim):
        if from_logits:
            warn(
                f"{name}: from_logits=True, but `output` are probabilities, made by a softmax or sigmoid. "
                f"Their logits are used. Leave from_logits out, or drop the activation.",
            )
        return found[0]
    return output if from_logits else None


def _axes(axis: Any, ndim: int) -> Any:
    """Axes in one form, for comparison: () is a sigmoid's, None means all."""
    axes = (axis,) if isinstance(axis, int) else axis
    return axes and tuple(sorted(a % ndim for a in axes))


def clipped(p: Tensor) -> Any:
    """Return probabilities away from 0 and 1, by a step of their dtype at least, where logarithms are finite."""
    step = np.finfo(p.dtype).epsneg if p.dtype.kind == "f" else 0
    smallest = max(config.epsilon(), float(step))
    return clip(p, smallest, 1 - smallest)


def log_probabilities(p: Tensor, axis: int) -> Any:
    """Return logarithms of probabilities that may not yet sum to 1."""
    return log(clipped(p / reduce_sum(p, axis=axis, keepdims=True)))


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """Return the crossentropy of predictions with one-hot or soft labels, a number per sample.

    Parameters
    ----------
    target : Tensor, floating
        Probabilities of the classes along `axis`.
    output : Tensor, floating, of the same shape
        Predicted probabilities, or logits. The output of a `softmax` along `axis` is used through its
        logits, and has then no gradient itself; other probabilities are divided by their sum and clipped
        to [1e-7, 1 - 1e-7] (``config.set_crossentropy("clip")`` treats all so).
    from_logits : bool
        Whether `output` are logits.
    axis : int
        Where the classes lie.

    Raises
    ------
    ValueError
        The shapes differ, or are scalar.
    """
    target, output = operands(target, output)
    if target.shape != output.shape or not output.ndim:
        raise ValueError(
            f"categorical_crossentropy: target and output need one shape with an axis of classes, received "
            f"{target.shape} and {output.shape}. For labels as integers use sparse_categorical_crossentropy."
        )
    logits = logits_of(output, axis, from_logits, "categorical_crossentropy")
    if logits is not None:
        return softmax_crossentropy(logits, target, axis=axis)
    return negative(reduce_sum(target * log_probabilities(output, axis), axis=axis))


def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """Return the crossentropy of predictions with labels given as integers, a number per sample.

    Parameters
    ----------
    target : Tensor, integers or floats that hold them
        Classes, in the shape of `output` without `axis`; a trailing axis of length 1 is dropped. A label
        out of range gives the loss 0 and no gradient.
    output, from_logits, axis
        See `categorical_crossentropy`.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    target, output = operands(target, output)
    if target.ndim == output.ndim and target.shape[-1:] == (1,):
        target = squeeze(target, axis=-1)
    place = checked_axis(axis, output.ndim) if output.ndim else 0
    if not output.ndim or target.shape != output.shape[:place] + output.shape[place + 1 :]:
        raise ValueError(
            f"sparse_categorical_crossentropy: target needs the shape of output without axis {axis}, received "
            f"target {target.shape} and output {output.shape}. For one-hot labels use categorical_crossentropy."
        )
    logits = logits_of(output, axis, from_logits, "sparse_categorical_crossentropy")
    if logits is not None:
        return sparse_softmax_crossentropy(logits, target, axis=axis)
    picked = one_hot_like(target, output, axis=axis) * log_probabilities(output, axis)
    return negative(reduce_sum(picked, axis=axis))


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """Return the crossentropy of yes-or-no predictions, element by element.

    Parameters
    ----------
    target : Tensor, floating
        Labels from 0 to 1.
    output : Tensor, floating, of the same shape
        Predicted probabilities of 1, or logits. The output of a `sigmoid` is used through its logits, and
        has then no gradient itself; other probabilities are clipped to [1e-7, 1 - 1e-7].
    from_logits : bool
        Whether `output` are logits.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    target, output = operands(target, output)
    if target.shape != output.shape:
        raise ValueError(
            f"binary_crossentropy: target and output need one shape, received {target.shape} and {output.shape}."
        )
    logits = logits_of(output, (), from_logits, "binary_crossentropy")
    if logits is not None:
        return sigmoid_crossentropy(logits, target)
    p = clipped(output)
    return negative(target * log(p) + (1 - target) * log(1 - p))
