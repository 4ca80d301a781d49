"""Metrics, each after a batch without and a batch with weights of samples."""

from collections.abc import Callable
from functools import partial
from typing import Any

from arraynet import metrics, ops
from arraynet.testing.parts.part import LABELS, LOGITS, ONE_HOT, PROBABILITIES, SHARES, WEIGHTS, Part

__all__ = ["METRICS"]

PAIR = (ONE_HOT, PROBABILITIES)
SPARSE = (LABELS, PROBABILITIES)
SIGNS = (2 * ONE_HOT - 1, LOGITS)
VALUES = (SHARES, LOGITS)


def part(make: Any, *batch: Any, variant: str = "") -> Part:
    """Return a line of the table: how to make the metric, and a batch of what it takes."""
    return Part("metric", variant or make.__name__, partial(_run, make, batch))


def _run(make: Callable[[], Any], batch: tuple[Any, ...]) -> dict[str, Any]:
    metric = make()
    metric.update_state(*batch)
    first = metric.result()
    metric.update_state(*map(ops.convert_to_tensor, batch), sample_weight=WEIGHTS)
    return {"first": first, "second": metric.result()} | {v.name: v for v in metric.variables}


METRICS = [
    part(metrics.Accuracy, LABELS, LABELS[::-1].copy()),
    part(metrics.BinaryAccuracy, *PAIR),
    part(metrics.BinaryCrossentropy, *PAIR),
    part(metrics.CategoricalAccuracy, *PAIR),
    part(metrics.CategoricalCrossentropy, *PAIR),
    part(metrics.CategoricalHinge, *PAIR),
    part(metrics.CosineSimilarity, *VALUES),
    part(metrics.Hinge, *SIGNS),
    part(metrics.KLDivergence, *PAIR),
    part(metrics.LogCoshError, *VALUES),
    part(metrics.Mean, WEIGHTS),
    part(metrics.MeanAbsoluteError, *VALUES),
    part(metrics.MeanAbsolutePercentageError, *VALUES),
    part(metrics.MeanSquaredError, *VALUES),
    part(metrics.MeanSquaredLogarithmicError, SHARES, PROBABILITIES),
    part(metrics.Poisson, SHARES, PROBABILITIES),
    part(metrics.Precision, *PAIR),
    part(lambda: metrics.Precision(thresholds=0.3, class_id=1), *PAIR, variant="Precision-class"),
    part(metrics.Recall, *PAIR),
    part(metrics.RootMeanSquaredError, *VALUES),
    part(metrics.SparseCategoricalAccuracy, *SPARSE),
    part(metrics.SparseCategoricalCrossentropy, *SPARSE),
    part(lambda: metrics.SparseTopKCategoricalAccuracy(k=2), *SPARSE, variant="SparseTopKCategoricalAccuracy"),
    part(metrics.SquaredHinge, *SIGNS),
    part(metrics.Sum, WEIGHTS),
    part(lambda: metrics.TopKCategoricalAccuracy(k=2), *PAIR, variant="TopKCategoricalAccuracy"),
]
