"""Losses, each with its gradient with respect to the predictions."""

from functools import partial
from typing import Any

from arraynet import losses, ops
from arraynet.autodiff import vjp
from arraynet.testing.parts.part import LABELS, LOGITS, ONE_HOT, PROBABILITIES, SHARES, WEIGHTS, Part

__all__ = ["LOSSES"]

SIGNS = 2 * ONE_HOT - 1


def part(name: str, loss: Any, y_true: Any, y_pred: Any = PROBABILITIES) -> Part:
    """Return a line of the table: the loss, labels and predictions."""
    return Part("loss", name, partial(_run, loss, y_true, y_pred))


def _run(loss: Any, y_true: Any, y_pred: Any) -> dict[str, Any]:
    value, pull = vjp(partial(loss, y_true), ops.convert_to_tensor(y_pred))
    return {
        "value": value,
        "weighted": loss(y_true, y_pred, sample_weight=WEIGHTS),
        "gradient": pull(ops.ones_like(value))[0],
    }


LOSSES = [
    part("BinaryCrossentropy", losses.BinaryCrossentropy(), ONE_HOT),
    part(
        "BinaryCrossentropy-logits", losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1), ONE_HOT, LOGITS
    ),
    part("BinaryFocalCrossentropy", losses.BinaryFocalCrossentropy(apply_class_balancing=True), ONE_HOT),
    part("CategoricalCrossentropy", losses.CategoricalCrossentropy(label_smoothing=0.1), ONE_HOT),
    part("CategoricalCrossentropy-logits", losses.CategoricalCrossentropy(from_logits=True), ONE_HOT, LOGITS),
    part("CategoricalFocalCrossentropy", losses.CategoricalFocalCrossentropy(), ONE_HOT),
    part("CategoricalHinge", losses.CategoricalHinge(), ONE_HOT, LOGITS),
    part("CosineSimilarity", losses.CosineSimilarity(), SHARES, LOGITS),
    part("Hinge", losses.Hinge(), SIGNS, LOGITS),
    part("Huber", losses.Huber(delta=0.7), SHARES, LOGITS),
    part("KLDivergence", losses.KLDivergence(), PROBABILITIES[::-1].copy()),
    part("LogCosh", losses.LogCosh(), SHARES, LOGITS),
    part("MeanAbsoluteError", losses.MeanAbsoluteError(), SHARES, LOGITS),
    part("MeanAbsolutePercentageError", losses.MeanAbsolutePercentageError(), SHARES, LOGITS),
    part("MeanSquaredError", losses.MeanSquaredError(reduction="sum"), SHARES, LOGITS),
    part("MeanSquaredLogarithmicError", losses.MeanSquaredLogarithmicError(), SHARES),
    part("Poisson", losses.Poisson(), SHARES),
    part("SparseCategoricalCrossentropy", losses.SparseCategoricalCrossentropy(), LABELS),
    part(
        "SparseCategoricalCrossentropy-ignored",
        losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=2),
        LABELS,
        LOGITS,
    ),
    part("SquaredHinge", losses.SquaredHinge(), SIGNS, LOGITS),
]
