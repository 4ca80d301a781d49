"""Precision and recall: counts of right and wrong positives at one threshold."""

from typing import Any

from arraynet import ops
from arraynet.losses.base import divided, pair, weighted
from arraynet.metrics.base import Metric

__all__ = ["Precision", "Recall"]


class _Positives(Metric):
    """Right positives divided by right positives and misses of one kind.

    Parameters
    ----------
    thresholds : float, optional
        Predictions above it are positive; 0.5 without it.
    class_id : int, optional
        Count this column of the last axis alone.
    name, dtype
        As for `Metric`.
    """

    direction = "up"

    def __init__(
        self, thresholds: float | None = None, class_id: int | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        if not isinstance(thresholds, float | None) or not 0.0 <= (thresholds or 0.0) <= 1.0:
            raise ValueError(f"thresholds must be one float between 0 and 1, received {thresholds!r}.")
        super().__init__(dtype, name)
        self.thresholds, self.class_id = thresholds, class_id
        self.true_positives = self.add_variable(name="true_positives")
        self.misses = self.add_variable(name="misses")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch of labels 0 and 1 and predictions between them."""
        y_true, y_pred = pair(y_true, y_pred)
        if self.class_id is not None:
            y_true, y_pred = y_true[..., self.class_id], y_pred[..., self.class_id]
        threshold = 0.5 if self.thresholds is None else self.thresholds
        truth, guess = ops.cast(y_true, self.dtype), ops.cast(y_pred > threshold, self.dtype)
        self.true_positives.assign_add(_count(truth * guess, sample_weight))
        self.misses.assign_add(_count(self.missed(truth, guess), sample_weight))

    def missed(self, truth: Any, guess: Any) -> Any:
        """Return 1 where what the metric counts against the model happened."""
        raise TypeError(f"{type(self).__name__} must define missed(truth, guess).")

    def result(self) -> Any:
        right = self.true_positives.read()
        return divided(right, right + self.misses.read())

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"thresholds": self.thresholds, "class_id": self.class_id}


def _count(values: Any, sample_weight: Any) -> Any:
    return ops.sum(values if sample_weight is None else weighted(values, sample_weight)[0])


class Precision(_Positives):
    """Share of the positive predictions that are right: ``TP / (TP + FP)``, 0 where there are none.

    Labels and predictions have one shape, a last axis of length 1 apart.

    Parameters
    ----------
    thresholds : float, optional
        Scores above it are positive; one half without it.
    class_id : int, optional
        The only class that is looked at, of several.
    name, dtype
        As for `Metric`.

    Raises
    ------
    ValueError
        The threshold is no float from 0 to 1, or labels and predictions have different shapes.

    Examples
    --------
    >>> from arraynet import metrics
    >>> metrics.Precision()([0, 1, 1, 1], [0.9, 0.8, 0.3, 0.2])
    Tensor(0.5, dtype=float32, backend=numpy)
    """

    def missed(self, truth: Any, guess: Any) -> Any:
        return guess * (1.0 - truth)


class Recall(_Positives):
    """Share of the positive labels that are found: ``TP / (TP + FN)``, 0 where there are none.

    Labels and predictions have one shape, a last axis of length 1 apart.

    Parameters
    ----------
    thresholds : float, optional
        Scores above it are positive; one half without it.
    class_id : int, optional
        The only class that is looked at, of several.
    name, dtype
        As for `Metric`.

    Raises
    ------
    ValueError
        The threshold is no float from 0 to 1, or labels and predictions have different shapes.

    Examples
    --------
    >>> from arraynet import metrics
    >>> metrics.Recall()([0, 1, 1, 1, 1], [0.9, 0.8, 0.3, 0.2, 0.1])
    Tensor(0.25, dtype=float32, backend=numpy)
    """

    def missed(self, truth: Any, guess: Any) -> Any:
        return truth * (1.0 - guess)
