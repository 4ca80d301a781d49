"""Precision and recall: counts of right and wrong positives, by thresholds or by rank."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from arraynet import ops
from arraynet.checks import number, optional_count
from arraynet.losses.base import divided, pair, weighted
from arraynet.metrics.base import Metric

__all__ = ["Precision", "Recall"]


class _Positives(Metric):
    """Right positives divided by right positives and misses of one kind.

    Parameters
    ----------
    thresholds, top_k, class_id, name, dtype
        As for `Precision`.
    """

    direction = "up"
    wrong: str  # the name of what counts against the model
    missed: Callable[[Any, Any], Any]  # of labels and guesses: 1 where that happened

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        default = 0.5 if top_k is None else -math.inf
        thresholds = thresholds.tolist() if isinstance(thresholds, np.ndarray) else thresholds
        given = thresholds if isinstance(thresholds, list | tuple) else [] if thresholds is None else [thresholds]
        self._limits = [number("thresholds", limit, 0, 1) for limit in given] or [default]
        self.thresholds, self.top_k, self.class_id = thresholds, optional_count("top_k", top_k), class_id
        super().__init__(dtype, name)
        shape = (len(self._limits),) if len(self._limits) > 1 else ()
        self.true_positives = self.add_variable(shape, name="true_positives")
        self.misses = self.add_variable(shape, name=self.wrong)
        setattr(self, self.wrong, self.misses)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch of labels 0 and 1 and predictions between them."""
        y_true, y_pred = pair(y_true, y_pred)
        if self.top_k is not None:
            y_pred = ops.where(_highest(y_pred, self.top_k), y_pred, -math.inf)
        if self.class_id is not None:
            if y_pred.ndim < 2:
                raise ValueError(f"{self.name}: class_id needs an axis of classes, received the shape {y_pred.shape}.")
            y_true, y_pred = y_true[..., self.class_id], y_pred[..., self.class_id]
        truth, guesses = ops.cast(y_true, self.dtype), [ops.cast(y_pred > limit, self.dtype) for limit in self._limits]
        self.true_positives.assign_add(_counts([truth * guess for guess in guesses], sample_weight))
        self.misses.assign_add(_counts([self.missed(truth, guess) for guess in guesses], sample_weight))

    def result(self) -> Any:
        right = self.true_positives.read()
        return divided(right, right + self.misses.read())


def _counts(values: list[Any], sample_weight: Any) -> Any:
    """The sum of each, or of the only one."""
    sums = [ops.sum(v if sample_weight is None else weighted(v, sample_weight)[0]) for v in values]
    return ops.stack(sums) if len(sums) > 1 else sums[0]


def _highest(scores: Any, k: int) -> Any:
    """Where the `k` highest scores of the last axis are."""
    _, indices = ops.top_k(scores, k)
    return ops.any(ops.expand_dims(indices, -1) == ops.arange(scores.shape[-1], dtype="int32"), -2)


class Precision(_Positives):
    """Share of the positive predictions that are right: ``TP / (TP + FP)``, 0 where there are none.

    Labels and predictions have one shape, a last axis of length 1 apart.

    Parameters
    ----------
    thresholds : float or list of float, optional
        Scores above it are positive; one half without it. Of a list, each has a value of its own.
    top_k : int, optional
        Only the `top_k` highest scores of the last axis may be positive; without `thresholds`, all of them are.
    class_id : int, optional
        The only class that is looked at, of several.
    name, dtype
        As for `Metric`.

    Raises
    ------
    ValueError
        A threshold is no number from 0 to 1, or labels and predictions have different shapes.

    Examples
    --------
    >>> from arraynet import metrics
    >>> metrics.Precision()([0, 1, 1, 1], [0.9, 0.8, 0.3, 0.2])
    Tensor(0.5, dtype=float32, backend=numpy)
    >>> metrics.Precision(top_k=2)([[0, 0, 1, 1]], [[0.1, 0.2, 0.3, 0.4]])
    Tensor(1., dtype=float32, backend=numpy)
    """

    wrong, missed = "false_positives", staticmethod(lambda truth, guess: guess * (1.0 - truth))


class Recall(_Positives):
    """Share of the positive labels that are found: ``TP / (TP + FN)``, 0 where there are none.

    Parameters
    ----------
    thresholds, top_k, class_id, name, dtype
        As for `Precision`.

    Examples
    --------
    >>> from arraynet import metrics
    >>> metrics.Recall()([0, 1, 1, 1, 1], [0.9, 0.8, 0.3, 0.2, 0.1])
    Tensor(0.25, dtype=float32, backend=numpy)
    """

    wrong, missed = "false_negatives", staticmethod(lambda truth, guess: truth * (1.0 - guess))
