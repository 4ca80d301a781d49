"""Losses of predicted probabilities, or of the scores behind them."""

from typing import Any

from arraynet import config, ops
from arraynet.checks import number
from arraynet.losses.base import probable_pair, sparse_pair

__all__ = ["binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy",
           "categorical_focal_crossentropy", "sparse_categorical_crossentropy"]  # fmt: skip


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Return ``-sum(y_true log(y_pred))`` along the axis of the classes, in nats; labels are one-hot.

    Probabilities that are no output of a softmax are divided by their sum and clipped to [1e-7, 1 - 1e-7].

    Parameters
    ----------
    y_true : tensor (..., classes)
        One-hot labels, or probabilities.
    y_pred : tensor (..., classes)
        Probabilities, or scores with `from_logits`.
    from_logits : bool
        Whether the predictions are scores that no softmax has seen. The scores behind a softmax's
        output are found without it.
    label_smoothing : float
        A share in [0, 1] of every label that is spread evenly over the classes (C. Szegedy and others,
        Rethinking the inception architecture for computer vision, CVPR 2016).
    axis : int
        The axis of the classes.

    Returns
    -------
    Tensor (...)
        One loss for each sample.

    Raises
    ------
    ValueError
        Labels and predictions do not fit, as integer labels here; the message names the loss that takes them.

    Examples
    --------
    >>> from arraynet import losses
    >>> losses.categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
    Tensor([0.6931472], dtype=float32, backend=numpy)
    """
    y_true, y_pred = probable_pair(y_true, y_pred, from_logits)
    y_true = _smoothed(y_true, label_smoothing, y_true.shape[axis])
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


def _smoothed(y_true: Any, label_smoothing: float, choices: int) -> Any:
    """Labels of which a share is spread evenly over so many choices."""
    share = number("label_smoothing", label_smoothing, 0, 1)
    return y_true * (1.0 - share) + share / choices if share else y_true


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """Return ``-log(y_pred[label])``, in nats; labels are integers.

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

    Returns
    -------
    Tensor (...)
        One loss for each sample.

    Raises
    ------
    ValueError
        Labels and predictions do not fit, as one-hot labels here; the message names the loss that takes them.

    Examples
    --------
    >>> from arraynet import losses
    >>> losses.sparse_categorical_crossentropy([1, 0], [[0.5, 0.5], [0.25, 0.75]])
    Tensor([0.6931472, 1.3862944], dtype=float32, backend=numpy)
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
    """Return the mean over an axis of ``-y log(p) - (1 - y) log(1 - p)``, in nats, for labels 0 and 1.

    Probabilities p that are no output of a sigmoid are clipped to [1e-7, 1 - 1e-7].

    Parameters
    ----------
    y_true : tensor (..., outputs)
        Labels 0 and 1, or probabilities.
    y_pred : tensor (..., outputs)
        Probabilities, or scores with `from_logits`.
    from_logits : bool
        Whether the predictions are scores that no sigmoid has seen. The scores behind a sigmoid's
        output are found without it.
    label_smoothing : float
        A share in [0, 1] of every label that is moved to one half.
    axis : int
        The axis of the mean.

    Returns
    -------
    Tensor (...)
        One loss for each sample.

    Raises
    ------
    ValueError
        Their shapes differ; the message shows both.

    Examples
    --------
    >>> from arraynet import losses
    >>> losses.binary_crossentropy([[1.0, 0.0]], [[0.5, 0.5]])
    Tensor([0.6931472], dtype=float32, backend=numpy)
    """
    y_true, y_pred = probable_pair(y_true, y_pred, from_logits)
    y_true = _smoothed(y_true, label_smoothing, 2)
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


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

    Source: T.-Y. Lin and others, Focal loss for dense object detection, ICCV 2017.

    Parameters
    ----------
    y_true : tensor (..., outputs)
        Labels 0 and 1.
    y_pred : tensor (..., outputs)
        Probabilities, or scores with `from_logits`.
    apply_class_balancing : bool
        Weigh label 1 by `alpha` and label 0 by ``1 - alpha``.
    alpha : float
        The weight of label 1, in [0, 1].
    gamma : float
        How strongly easy samples are turned down; 0 is `binary_crossentropy`.
    from_logits, label_smoothing, axis
        As for `binary_crossentropy`.

    Returns
    -------
    Tensor (...)
        One loss for each sample.
    """
    y_true, y_pred = probable_pair(y_true, y_pred, from_logits)
    y_true = _smoothed(y_true, label_smoothing, 2)
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
    """Return ``-sum(alpha (1 - p)**gamma y log(p))`` along the axis of the classes: easy samples count less.

    Source: T.-Y. Lin and others, Focal loss for dense object detection, ICCV 2017.

    Parameters
    ----------
    y_true : tensor (..., classes)
        One-hot labels.
    y_pred : tensor (..., classes)
        Probabilities, which are divided by their sum, or scores with `from_logits`.
    alpha : float or sequence of float
        One weight, or one for each class.
    gamma : float
        How strongly easy samples are turned down; 0 is `alpha` times `categorical_crossentropy`.
    from_logits, label_smoothing, axis
        As for `categorical_crossentropy`.

    Returns
    -------
    Tensor (...)
        One loss for each sample.
    """
    y_true, y_pred = probable_pair(y_true, y_pred, from_logits)
    y_true = _smoothed(y_true, label_smoothing, y_true.shape[axis])
    p = ops.softmax(y_pred, axis=axis) if from_logits else y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    p = ops.clip(p, config.epsilon(), 1.0 - config.epsilon())
    return -ops.sum(alpha * ops.power(1.0 - p, gamma) * y_true * ops.log(p), axis=axis)
