"""Losses as functions in ops: true values and predictions in, one loss per sample out."""

import math
from typing import Any

from arraynet import config, dtypes, ops
from arraynet.dispatch import operands
from arraynet.losses.base import same_rank, sparse_pair

__all__ = [
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "cosine_similarity",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "sparse_categorical_crossentropy",
    "squared_hinge",
]


def pair(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Return both as tensors of one floating dtype and of one shape, or say which shapes do not go together."""
    y_pred, y_true = operands(y_pred, y_true)
    if not dtypes.is_float(y_pred.dtype):
        y_pred = ops.cast(y_pred, config.floatx())
    if y_true.dtype != y_pred.dtype:
        y_true = ops.cast(y_true, y_pred.dtype)
    y_true, y_pred = same_rank(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"y_true and y_pred must have the same shape, received y_true {y_true.shape} and y_pred {y_pred.shape}. "
            f"Integer labels for several classes go with sparse_categorical_crossentropy, or through "
            f"utils.to_categorical(labels)."
        )
    return y_true, y_pred


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of ``(y_true - y_pred)**2`` over the last axis.

    Parameters
    ----------
    y_true, y_pred : tensor (..., outputs)
        True values and predictions, of one shape. Whole numbers become floats.

    Returns
    -------
    Tensor (...)
        One loss for each sample.

    Examples
    --------
    >>> from arraynet import losses
    >>> losses.mean_squared_error([[1.0, 2.0]], [[1.0, 4.0]])
    Tensor([2.], dtype=float32, backend=numpy)
    """
    y_true, y_pred = pair(y_true, y_pred)
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of ``|y_true - y_pred|`` over the last axis."""
    y_true, y_pred = pair(y_true, y_pred)
    return ops.mean(ops.absolute(y_true - y_pred), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean over the last axis of ``100 |y_true - y_pred| / max(|y_true|, 1e-7)``."""
    y_true, y_pred = pair(y_true, y_pred)
    relative = (y_true - y_pred) / ops.maximum(ops.absolute(y_true), config.epsilon())
    return 100.0 * ops.mean(ops.absolute(relative), axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean squared difference of ``log(1 + y)``; negative values count as 1e-7."""
    y_true, y_pred = pair(y_true, y_pred)
    logs = [ops.log(ops.maximum(y, config.epsilon()) + 1.0) for y in (y_true, y_pred)]
    return ops.mean(ops.square(logs[0] - logs[1]), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Return the mean of ``e**2 / 2`` where the error is at most `delta`, of ``delta (|e| - delta / 2)`` beyond.

    Parameters
    ----------
    y_true, y_pred : tensor (..., outputs)
        True values and predictions.
    delta : float
        The error at which the parabola becomes a line.

    Returns
    -------
    Tensor (...)
        One loss for each sample.
    """
    y_true, y_pred = pair(y_true, y_pred)
    error = ops.absolute(y_true - y_pred)
    inside = 0.5 * ops.square(error)
    return ops.mean(ops.where(error <= delta, inside, delta * error - 0.5 * delta**2), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of ``log(cosh(y_pred - y_true))`` over the last axis, without overflow."""
    y_true, y_pred = pair(y_true, y_pred)
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(-2.0 * error) - math.log(2.0), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of ``y_pred - y_true log(y_pred + 1e-7)`` over the last axis."""
    y_true, y_pred = pair(y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + config.epsilon()), axis=-1)


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Return the sum of ``y_true log(y_true / y_pred)`` over the last axis, both clipped to [1e-7, 1]."""
    y_true, y_pred = pair(y_true, y_pred)
    y_true = ops.clip(y_true, config.epsilon(), 1.0)
    y_pred = ops.clip(y_pred, config.epsilon(), 1.0)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


def _signs(labels: Any) -> Any:
    """Labels 0 and 1 as -1 and 1; others as they are. Decided on the data without fetching it."""
    binary = ops.all(ops.logical_or(labels == 0, labels == 1))
    return ops.where(binary, 2.0 * labels - 1.0, labels)


def hinge(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of ``max(1 - y_true y_pred, 0)``; labels 0 and 1 are taken as -1 and 1."""
    y_true, y_pred = pair(y_true, y_pred)
    return ops.mean(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of ``max(1 - y_true y_pred, 0)**2``; labels 0 and 1 are taken as -1 and 1."""
    y_true, y_pred = pair(y_true, y_pred)
    return ops.mean(ops.square(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """Return ``max(1 + best wrong score - right score, 0)`` for one-hot labels."""
    y_true, y_pred = pair(y_true, y_pred)
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Return minus the cosine of the angle between both along an axis; 0 where one of them is zero.

    Parameters
    ----------
    y_true, y_pred : tensor (..., outputs)
        Vectors along the axis.
    axis : int
        That axis.
    """
    y_true, y_pred = pair(y_true, y_pred)
    return -ops.sum(_unit(y_true, axis) * _unit(y_pred, axis), axis=axis)


def _unit(x: Any, axis: int) -> Any:
    """Vectors of length 1; the bound keeps the zero vector, and its derivative, finite."""
    return x / ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), 1e-12))


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Return ``-sum(y_true log(y_pred))`` along the axis of the classes; labels are one-hot.

    Parameters
    ----------
    y_true, y_pred : tensor (..., classes)
        One-hot labels; probabilities, or scores with `from_logits`.
    from_logits : bool
        Whether the predictions are scores that no softmax has seen. The scores behind a softmax's
        output are found without it.
    label_smoothing : float
        A share in [0, 1] of every label that is spread evenly over the classes.
    axis : int
        The axis of the classes.
    """
    y_true, y_pred = pair(y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[axis]
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """Return ``-log(y_pred[label])``; labels are integers.

    Parameters
    ----------
    y_true : tensor (...) or (..., 1)
        Labels 0 to classes - 1.
    y_pred : tensor (..., classes)
        Probabilities, or scores with `from_logits`.
    from_logits : bool
        As for `categorical_crossentropy`.
    ignore_class : int, optional
        A label whose samples have the loss 0.
    axis : int
        The axis of the classes.
    """
    y_true, y_pred = sparse_pair(y_true, y_pred)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    kept = y_true != ignore_class
    y_true = ops.where(kept, y_true, ops.zeros_like(y_true))
    losses = ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    return ops.where(kept, losses, ops.zeros_like(losses))


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Return the mean over an axis of ``-y log(p) - (1 - y) log(1 - p)``, for labels 0 and 1.

    Parameters
    ----------
    y_true, y_pred : tensor (..., outputs)
        Labels; probabilities, or scores with `from_logits`.
    from_logits : bool
        Whether the predictions are scores that no sigmoid has seen.
    label_smoothing : float
        A share in [0, 1] of every label that is moved to one half.
    axis : int
        The axis of the mean.
    """
    y_true, y_pred = _smoothed(*pair(y_true, y_pred), label_smoothing)
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


def _smoothed(y_true: Any, y_pred: Any, label_smoothing: float) -> tuple[Any, Any]:
    return (y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else y_true), y_pred


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return the binary crossentropy times ``(1 - p of the right label)**gamma``: easy samples count less.

    T.-Y. Lin and others, Focal loss for dense object detection, ICCV 2017. With `apply_class_balancing`
    label 1 weighs `alpha` and label 0 ``1 - alpha``; the rest as for `binary_crossentropy`.
    """
    y_true, y_pred = _smoothed(*pair(y_true, y_pred), label_smoothing)
    p = ops.sigmoid(y_pred) if from_logits else y_pred
    right = y_true * p + (1.0 - y_true) * (1.0 - p)
    losses = ops.power(1.0 - right, gamma) * ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits)
    if apply_class_balancing:
        losses = losses * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return ops.mean(losses, axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return ``-sum(alpha (1 - p)**gamma y log(p))`` along the axis of the classes.

    T.-Y. Lin and others, Focal loss for dense object detection, ICCV 2017. `alpha` is one weight or
    one per class; the rest as for `categorical_crossentropy`.
    """
    y_true, y_pred = pair(y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[axis]
    p = ops.softmax(y_pred, axis=axis) if from_logits else y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    p = ops.clip(p, config.epsilon(), 1.0 - config.epsilon())
    return -ops.sum(alpha * ops.power(1.0 - p, gamma) * y_true * ops.log(p), axis=axis)
