"""Optimizers: what turns gradients into better weights, by the names of ``keras.optimizers``."""

from collections.abc import Mapping
from typing import Any

from arraynet import registry
from arraynet.checks import explain_absent as _explain_absent
from arraynet.custom_objects import custom_object, custom_object_scope
from arraynet.optimizers import schedules
from arraynet.optimizers.adam import Adam, Adamax, AdamW, Nadam
from arraynet.optimizers.base import Optimizer
from arraynet.optimizers.ftrl import Ftrl
from arraynet.optimizers.lamb import Lamb
from arraynet.optimizers.lion import Lion
from arraynet.optimizers.rmsprop import Adadelta, Adagrad, RMSprop
from arraynet.optimizers.sgd import SGD

__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion", "Nadam", "Optimizer",
           "RMSprop", "deserialize", "get", "schedules", "serialize"]  # fmt: skip

_CLASSES = (SGD, RMSprop, Adam, AdamW, Nadam, Adamax, Adagrad, Adadelta, Lion, Lamb, Ftrl)
_TABLE = {cls.__name__.lower(): cls for cls in _CLASSES}


def get(identifier: Any) -> Any:
    """Return the optimizer that something stands for.

    Parameters
    ----------
    identifier : str, dict, Optimizer or None
        A class's name in any case (``"rmsprop"``), what `serialize` gave, or an optimizer or None, which
        is returned itself.

    Returns
    -------
    Optimizer or None
        With its defaults where a name is all that was given.

    Raises
    ------
    ValueError
        Nothing of that name is known, or it is no optimizer: a class is to be called.

    Examples
    --------
    >>> from arraynet import optimizers
    >>> float(optimizers.get("sgd").learning_rate)
    0.01
    """
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, type):
        raise ValueError(f"{identifier.__name__} is a class of optimizers: call it, {identifier.__name__}().")
    return deserialize(identifier)


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return an optimizer's class name and configuration; its state is not part of it.

    Parameters
    ----------
    optimizer : Optimizer
        Built or not.

    Returns
    -------
    dict
        ``class_name`` and ``config``: plain types, from which `deserialize` makes another one.

    Examples
    --------
    >>> from arraynet import optimizers
    >>> saved = optimizers.serialize(optimizers.SGD(0.5))
    >>> saved["class_name"], saved["config"]["learning_rate"]
    ('SGD', 0.5)
    """
    return registry.serialize(optimizer)


def deserialize(config: Any, custom_objects: Mapping[str, type] | None = None) -> Optimizer:
    """Return an optimizer from what `serialize` gave.

    Parameters
    ----------
    config : dict or str
        ``class_name`` and, where the defaults are not meant, ``config``; or the name alone, in any case.
    custom_objects : dict of str to class, optional
        Classes of your own by their names, which come before arraynet's.

    Returns
    -------
    Optimizer
        A new one, without state.

    Raises
    ------
    ValueError
        No class has that name; the message lists those that are known.
    """
    given = config if isinstance(config, Mapping) else {"class_name": config}
    name = given.get("class_name")
    with custom_object_scope(custom_objects):
        if custom_object(name) is None and isinstance(name, str) and name.lower() in _TABLE:
            given = {**given, "class_name": name.lower()}
        return registry.deserialize("optimizer", given, _TABLE)  # type: ignore[no-any-return]


_explain_absent(__name__, "optimizer", "Subclass Optimizer to write one: docs/extend/optimizer.md.")
