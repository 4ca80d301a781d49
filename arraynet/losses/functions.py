"""Losses of numbers, as functions in ops: true values and predictions in, one loss per sample out."""

import math
from typing import Any

from arraynet import config, ops
from arraynet.losses.base import pair

__all__ = ["cosine_similarity", "huber", "kl_divergence", "log_cosh", "mean_absolute_error",
           "mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error",
           "poisson"]  # fmt: skip


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

    Raises
    ------
    ValueError
        Their shapes differ; the message shows both.

    Examples
    --------
    >>> from arraynet import losses
    >>> losses.mean_squared_error([[1.0, 2.0]], [[1.0, 4.0]])
    Tensor([2.], dtype=float32, backend=numpy)
    """
    y_true, y_pred = pair(y_true, y_pred)
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of ``|y_true - y_pred|`` over the last axis; outliers count less than squared.

    Parameters
    ----------
    y_true, y_pred : tensor (..., outputs)
        True values and predictions, of one shape.

    Returns
    -------
    Tensor (...)
        One loss for each sample.

    Examples
    --------
    >>> from arraynet import losses
    >>> losses.mean_absolute_error([[1.0, 2.0]], [[1.0, 4.0]])
    Tensor([1.], dtype=float32, backend=numpy)
    """
    y_true, y_pred = pair(y_true, y_pred)
    return ops.mean(ops.absolute(y_true - y_pred), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean over the last axis of ``100 |y_true - y_pred| / max(|y_true|, 1e-7)``.

    Parameters
    ----------
    y_true : tensor (..., outputs)
        True values; where one is 0 the loss is huge.
    y_pred : tensor (..., outputs)
        Predictions.

    Returns
    -------
    Tensor (...)
        One loss for each sample, in per cent.

    Examples
    --------
    >>> from arraynet import losses
    >>> losses.mean_absolute_percentage_error([[10.0, 200.0]], [[11.0, 200.0]])
    Tensor([5.], dtype=float32, backend=numpy)
    """
    y_true, y_pred = pair(y_true, y_pred)
    relative = (y_true - y_pred) / ops.maximum(ops.absolute(y_true), config.epsilon())
    return 100.0 * ops.mean(ops.absolute(relative), axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of ``(log(1 + y_true) - log(1 + y_pred))**2`` over the last axis.

    Ratios count, and not differences: for amounts of very different size.

    Parameters
    ----------
    y_true, y_pred : tensor (..., outputs)
        True values and predictions, of one shape and not negative; what is below 1e-7 counts as 1e-7.

    Returns
    -------
    Tensor (...)
        One loss for each sample.
    """
    y_true, y_pred = pair(y_true, y_pred)
    logs = [ops.log(ops.maximum(y, config.epsilon()) + 1.0) for y in (y_true, y_pred)]
    return ops.mean(ops.square(logs[0] - logs[1]), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Return the mean of ``e**2 / 2`` where the error is at most `delta`, of ``delta (|e| - delta / 2)`` beyond.

    Source: P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35, 1964.

    Parameters
    ----------
    y_true, y_pred : tensor (..., outputs)
        True values and predictions, of one shape.
    delta : float
        The error at which the parabola becomes a line.

    Returns
    -------
    Tensor (...)
        One loss for each sample.

    Examples
    --------
    >>> from arraynet import losses
    >>> losses.huber([[0.0], [0.0]], [[1.0], [10.0]])
    Tensor([0.5, 9.5], dtype=float32, backend=numpy)
    """
    y_true, y_pred = pair(y_true, y_pred)
    error = ops.absolute(y_true - y_pred)
    inside = 0.5 * ops.square(error)
    return ops.mean(ops.where(error <= delta, inside, delta * error - 0.5 * delta**2), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of ``log(cosh(y_pred - y_true))`` over the last axis, without overflow.

    About ``e**2 / 2`` for small errors and ``|e| - log(2)`` for large ones. Keras' definition.

    Parameters
    ----------
    y_true, y_pred : tensor (..., outputs)
        True values and predictions, of one shape.

    Returns
    -------
    Tensor (...)
        One loss for each sample.
    """
    y_true, y_pred = pair(y_true, y_pred)
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(-2.0 * error) - math.log(2.0), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of ``y_pred - y_true log(y_pred + 1e-7)`` over the last axis.

    Minus the logarithm of the likelihood of counts, up to what does not depend on the prediction. Keras' definition.

    Parameters
    ----------
    y_true : tensor (..., outputs)
        Counts, 0 or more.
    y_pred : tensor (..., outputs)
        Expected counts, 0 or more.

    Returns
    -------
    Tensor (...)
        One loss for each sample.
    """
    y_true, y_pred = pair(y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + config.epsilon()), axis=-1)


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Return the sum of ``y_true log(y_true / y_pred)`` over the last axis, both clipped to [1e-7, 1].

    Source: S. Kullback and R. A. Leibler, On information and sufficiency, Annals of Mathematical Statistics 22, 1951;
    in nats.

    Parameters
    ----------
    y_true : tensor (..., outputs)
        The true distribution.
    y_pred : tensor (..., outputs)
        The predicted one.

    Returns
    -------
    Tensor (...)
        One loss for each sample.

    Examples
    --------
    >>> from arraynet import losses
    >>> losses.kl_divergence([[0.5, 0.5]], [[0.5, 0.5]])
    Tensor([0.], dtype=float32, backend=numpy)
    """
    y_true, y_pred = pair(y_true, y_pred)
    y_true = ops.clip(y_true, config.epsilon(), 1.0)
    y_pred = ops.clip(y_pred, config.epsilon(), 1.0)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Return minus the cosine of the angle between both along an axis; 0 where one of them is zero.

    Parameters
    ----------
    y_true, y_pred : tensor (..., outputs)
        Vectors along the axis, of one shape.
    axis : int
        That axis.

    Returns
    -------
    Tensor (...)
        From -1, the same direction, to 1, the opposite one.

    Examples
    --------
    >>> from arraynet import losses
    >>> losses.cosine_similarity([[1.0, 0.0]], [[2.0, 0.0]])
    Tensor([-1.], dtype=float32, backend=numpy)
    """
    y_true, y_pred = pair(y_true, y_pred)
    return -ops.sum(_unit(y_true, axis) * _unit(y_pred, axis), axis=axis)


def _unit(x: Any, axis: int) -> Any:
    """Vectors of length 1; the bound keeps the zero vector, and its derivative, finite."""
    return x / ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), 1e-12))
