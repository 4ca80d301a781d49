"""What `compile` was given, as plain types and back: names stay names, objects become their configurations."""

from collections.abc import Callable
from typing import Any

from arraynet import optimizers
from arraynet.custom_objects import custom_object
from arraynet.losses import lookup as losses
from arraynet.metrics import lookup as metrics
from arraynet.metrics.base import MeanMetricWrapper
from arraynet.tree import map_structure

__all__ = ["compile_config", "compile_from_config"]

OBJECT = {"class_name", "config"}  # the keys of an object's configuration


def compile_config(model: Any) -> dict[str, Any] | None:
    """Return a model's arguments of `compile`, None if it was not compiled."""
    if not model.compiled:
        return None
    given = getattr(model._compiled_metrics, "given", {})
    return {
        "optimizer": optimizers.serialize(model.optimizer),
        "loss": map_structure(losses.serialize, model.loss),
        "loss_weights": model._compiled_loss and model._compiled_loss.weights,
        "metrics": map_structure(_metric, given.get("metrics")),
        "weighted_metrics": map_structure(_metric, given.get("weighted_metrics")),
        "run_eagerly": model.run_eagerly,
        "steps_per_execution": model.steps_per_execution,
        "jit_compile": model.jit_compile,
        "auto_scale_loss": model._auto_scale,
    }


def compile_from_config(model: Any, config: dict[str, Any]) -> None:
    """Compile a model as `compile_config` tells; classes of the user's own are looked up now."""
    parts = {
        "optimizer": optimizers.deserialize(config["optimizer"]),
        "loss": _decoded(config["loss"], losses.deserialize),
        "metrics": _decoded(config["metrics"], metrics.deserialize),
        "weighted_metrics": _decoded(config["weighted_metrics"], metrics.deserialize),
    }
    model.compile(**config | parts)


def _metric(given: Any) -> Any:
    plain = metrics.serialize(given)
    hidden = callable(given) and isinstance(plain, str) and plain in metrics.CLASSES  # a name that finds a metric
    return metrics.serialize(MeanMetricWrapper(given)) if hidden else plain


def _decoded(config: Any, deserialize: Callable[[Any], Any]) -> Any:
    """What was serialized; a name stays one unless it is that of something of the user's own."""
    if isinstance(config, str):
        return custom_object(config) or config
    if isinstance(config, list | tuple):
        return [_decoded(item, deserialize) for item in config]
    if isinstance(config, dict) and set(config) == OBJECT:
        return deserialize(config)
    if isinstance(config, dict):
        return {name: _decoded(item, deserialize) for name, item in config.items()}
    return config
