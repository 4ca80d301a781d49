"""Optimizers: what turns gradients into better weights, by the names of ``keras.optimizers``."""

from collections.abc import Mapping
from typing import Any

from arraynet import registry
from arraynet.checks import explain_absent as _explain_absent
from arraynet.optimizers import schedules
from arraynet.optimizers.adam import Adam, Adamax, AdamW, Nadam
from arraynet.optimizers.base import Optimizer
from arraynet.optimizers.ftrl import Ftrl
from arraynet.optimizers.lamb import Lamb
from arraynet.optimizers.lion import Lion
from arraynet.optimizers.rmsprop import Adadelta, Adagrad, RMSprop
from arraynet.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

_CLASSES = (SGD, RMSprop, Adam, AdamW, Nadam, Adamax, Adagrad, Adadelta, Lion, Lamb, Ftrl)
_TABLE = {cls.__name__.lower(): cls for cls in _CLASSES}


def get(identifier: Any) -> Optimizer:
    """Return the optimizer that a name in any case, a dict or the object itself stands for.

    Raises
    ------
    ValueError
        Nothing of that name is known, or it is no optimizer.
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, type):
        raise ValueError(f"{identifier.__name__} is a class of optimizers: call it, {identifier.__name__}().")
    return deserialize({"class_name": identifier, "config": {}})


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return an optimizer's class name and configuration; its state is not part of it."""
    return registry.serialize(optimizer)


def deserialize(config: dict[str, Any], custom_objects: Mapping[str, type] | None = None) -> Optimizer:
    """Return an optimizer from what `serialize` gave."""
    name = config.get("class_name")
    if isinstance(name, str) and name.lower() in _TABLE:
        config = config | {"class_name": name.lower()}
    return registry.deserialize("optimizer", config, _TABLE, custom_objects)  # type: ignore[no-any-return]


_explain_absent(__name__, "optimizer", "Subclass Optimizer to write one.")
