"""Losses that are zero once the right answer leads by 1."""

from typing import Any

from arraynet import ops
from arraynet.losses.base import pair

__all__ = ["categorical_hinge", "hinge", "squared_hinge"]


def _signs(labels: Any) -> Any:
    """Labels 0 and 1 as -1 and 1; others as they are. Decided on the data without fetching it."""
    binary = ops.all(ops.logical_or(labels == 0, labels == 1))
    return ops.where(binary, 2.0 * labels - 1.0, labels)


def hinge(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of ``max(1 - y_true y_pred, 0)`` over the last axis.

    Source: C. Cortes and V. Vapnik, Support-vector networks, Machine Learning 20, 1995.

    Parameters
    ----------
    y_true : tensor (..., outputs)
        Labels -1 and 1. Where all are 0 or 1, they are taken as -1 and 1.
    y_pred : tensor (..., outputs)
        Scores, right if they have the sign of the label.

    Returns
    -------
    Tensor (...)
        One loss for each sample.

    Examples
    --------
    >>> from arraynet import losses
    >>> losses.hinge([[1.0], [-1.0]], [[0.25], [-2.0]])
    Tensor([0.75, 0.  ], dtype=float32, backend=numpy)
    """
    y_true, y_pred = pair(y_true, y_pred)
    return ops.mean(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of ``max(1 - y_true y_pred, 0)**2`` over the last axis.

    Parameters
    ----------
    y_true : tensor (..., outputs)
        Labels -1 and 1. Where all are 0 or 1, they are taken as -1 and 1.
    y_pred : tensor (..., outputs)
        Scores, right if they have the sign of the label.

    Returns
    -------
    Tensor (...)
        One loss for each sample.
    """
    y_true, y_pred = pair(y_true, y_pred)
    return ops.mean(ops.square(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """Return ``max(1 + wrong - right, 0)``, where `wrong` is the best score of a wrong class, 0 at least.

    Source: K. Crammer and Y. Singer, On the algorithmic implementation of multiclass kernel-based vector machines,
    Journal of Machine Learning Research 2, 2001; that 0 takes part is Keras' definition.

    Parameters
    ----------
    y_true : tensor (..., classes)
        One-hot labels.
    y_pred : tensor (..., classes)
        Scores.

    Returns
    -------
    Tensor (...)
        One loss for each sample.

    Examples
    --------
    >>> from arraynet import losses
    >>> losses.categorical_hinge([[0.0, 1.0]], [[0.5, 1.0]])
    Tensor([0.5], dtype=float32, backend=numpy)
    """
    y_true, y_pred = pair(y_true, y_pred)
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)
