"""How often a prediction is right, for each way of writing labels: functions, and running means of them."""

from typing import Any

from arraynet import config, ops
from arraynet.checks import flag, number, positive_int
from arraynet.losses.base import pair, same_rank, sparse_pair
from arraynet.metrics.base import MeanMetricWrapper
from arraynet.operands import operands

__all__ = ["Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy",
           "SparseTopKCategoricalAccuracy", "TopKCategoricalAccuracy", "accuracy", "binary_accuracy",
           "categorical_accuracy", "sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy",
           "top_k_categorical_accuracy"]  # fmt: skip


def _hits(y_true: Any, y_pred: Any) -> Any:
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"Labels and predictions to compare have the shapes {y_true.shape} and {y_pred.shape}, which must agree. "
            f"Integer labels go with a sparse accuracy, one-hot labels with a categorical one."
        )
    return ops.cast(ops.equal(y_true, y_pred), config.floatx())


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 where prediction and label are equal, else 0.

    Parameters
    ----------
    y_true : tensor (...)
        Labels.
    y_pred : tensor (...)
        Predicted labels, not probabilities.

    Returns
    -------
    Tensor (...)
        Ones and zeros in floatx.

    Raises
    ------
    ValueError
        Their shapes differ, a last axis of length 1 apart.
    """
    y_pred, y_true = operands(y_pred, y_true)
    return _hits(*same_rank(y_true, y_pred))


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """Return 1 where a prediction is on its label's side of the threshold; the threshold itself means 0.

    Parameters
    ----------
    y_true : tensor (...)
        Labels 0 and 1.
    y_pred : tensor (...)
        Probabilities or scores.
    threshold : float
        What a prediction of label 1 exceeds.

    Returns
    -------
    Tensor (...)
        Ones and zeros in floatx, one for each prediction.

    Raises
    ------
    ValueError
        Their shapes differ, a last axis of length 1 apart.

    Examples
    --------
    >>> from arraynet import metrics
    >>> metrics.binary_accuracy([1, 0, 1], [0.9, 0.6, 0.5])
    Tensor([1., 0., 0.], dtype=float32, backend=numpy)
    """
    y_pred, y_true = operands(y_pred, y_true)
    y_true, y_pred = same_rank(y_true, y_pred)
    return _hits(y_true, ops.cast(y_pred > threshold, y_true.dtype))


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 where the largest prediction is at the one-hot label's place; ties go to the first.

    Parameters
    ----------
    y_true : tensor (..., classes)
        One-hot labels.
    y_pred : tensor (..., classes)
        Probabilities or scores.

    Returns
    -------
    Tensor (...)
        Ones and zeros in floatx, one for each sample.

    Raises
    ------
    ValueError
        Their shapes do not fit; the message names the accuracy that takes them.
    """
    y_true, y_pred = pair(y_true, y_pred)
    return _hits(ops.argmax(y_true, axis=-1), ops.argmax(y_pred, axis=-1))


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 where the largest prediction is at the integer label's place; ties go to the first.

    Parameters
    ----------
    y_true : tensor (...) or (..., 1)
        Labels 0 to classes - 1.
    y_pred : tensor (..., classes)
        Probabilities or scores.

    Returns
    -------
    Tensor (...)
        Ones and zeros in floatx, one for each sample.

    Raises
    ------
    ValueError
        Their shapes do not fit; the message names the accuracy that takes them.

    Examples
    --------
    >>> from arraynet import metrics
    >>> metrics.sparse_categorical_accuracy([2, 0], [[0.1, 0.2, 0.7], [0.1, 0.8, 0.1]])
    Tensor([1., 0.], dtype=float32, backend=numpy)
    """
    labels, y_pred = sparse_pair(y_true, y_pred)
    return _hits(ops.cast(labels, "int32"), ops.argmax(y_pred, axis=-1))


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Any:
    """Return 1 where fewer than `k` predictions are above that of the integer label.

    Parameters
    ----------
    y_true : tensor (...) or (..., 1)
        Labels 0 to classes - 1.
    y_pred : tensor (..., classes)
        Probabilities or scores.
    k : int
        How many classes count as found.
    from_sorted_ids : bool
        Whether predictions are labels of classes, the best one first, as a search returns them, and no scores.

    Returns
    -------
    Tensor (...)
        Ones and zeros in floatx, one for each sample.

    Examples
    --------
    >>> from arraynet import metrics
    >>> metrics.sparse_top_k_categorical_accuracy([2, 0], [[0.1, 0.2, 0.7], [0.3, 0.6, 0.1]], k=2)
    Tensor([1., 1.], dtype=float32, backend=numpy)
    """
    labels, y_pred = sparse_pair(y_true, y_pred)
    if from_sorted_ids:
        return ops.cast(ops.any(ops.expand_dims(labels, -1) == y_pred[..., :k], axis=-1), config.floatx())
    own = ops.take_along_axis(y_pred, ops.expand_dims(ops.cast(labels, "int32"), -1), axis=-1)
    above = ops.sum(ops.cast(y_pred > own, "int32"), axis=-1)
    return ops.cast(above < k, config.floatx())


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Return 1 where fewer than `k` predictions are above that of the one-hot label.

    Parameters
    ----------
    y_true : tensor (..., classes)
        One-hot labels.
    y_pred : tensor (..., classes)
        Probabilities or scores.
    k : int
        How many classes count as found.

    Returns
    -------
    Tensor (...)
        Ones and zeros in floatx, one for each sample.
    """
    y_pred, y_true = operands(y_pred, y_true)
    return sparse_top_k_categorical_accuracy(ops.argmax(y_true, axis=-1), y_pred, k=k)


class _Share(MeanMetricWrapper):
    """A share of predictions that are right: the more the better."""

    direction = "up"


class Accuracy(_Share):
    """Share of predictions that equal their labels; see `accuracy`, and `Metric` for the arguments.

    In ``compile(metrics=["accuracy"])`` the name means the accuracy that fits the labels and the output's shape.
    """

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(_Share):
    """Share of predictions on the right side of a threshold; see `binary_accuracy`.

    Parameters
    ----------
    name, dtype
        As for `Metric`.
    threshold : float
        Scores above it mean 1.
    """

    def __init__(self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=number("threshold", threshold, 0, 1))


class CategoricalAccuracy(_Share):
    """Share of right predictions for one-hot labels; see `categorical_accuracy`, and `Metric` for the arguments."""

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(_Share):
    """Share of right predictions for integer labels; see `sparse_categorical_accuracy`, and `Metric` for the arguments.

    Examples
    --------
    >>> from arraynet import metrics
    >>> accuracy = metrics.SparseCategoricalAccuracy()
    >>> accuracy.update_state([1, 0], [[0.1, 0.9], [0.2, 0.8]])
    >>> accuracy.update_state([1, 1], [[0.1, 0.9], [0.2, 0.8]])
    >>> accuracy.result()
    Tensor(0.75, dtype=float32, backend=numpy)
    """

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(_Share):
    """Share of samples whose one-hot label is among the `k` best; see `top_k_categorical_accuracy`.

    Parameters
    ----------
    k : int
        How many classes count.
    name, dtype
        As for `Metric`.
    """

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=positive_int("k", k))


class SparseTopKCategoricalAccuracy(_Share):
    """Share of samples whose integer label is among the `k` best; see `sparse_top_k_categorical_accuracy`.

    Parameters
    ----------
    k : int
        How many classes count.
    name, dtype
        As for `Metric`.
    from_sorted_ids : bool
        Whether predictions are labels, the best one first.
    """

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        ids = flag("from_sorted_ids", from_sorted_ids)
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=positive_int("k", k), from_sorted_ids=ids)
