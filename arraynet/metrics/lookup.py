"""Metrics by name, as ``compile(metrics=["mae"])`` asks for them, and to and from configurations."""

from collections.abc import Mapping
from typing import Any

from arraynet import registry
from arraynet.custom_objects import custom_object_scope
from arraynet.losses.lookup import FUNCTIONS as LOSSES
from arraynet.losses.lookup import serialize
from arraynet.metrics import accuracies, base, confusion, errors

__all__ = ["deserialize", "get", "serialize"]

_known = {name: getattr(module, name) for module in (accuracies, base, confusion, errors) for name in module.__all__}
CLASSES = registry.named(*(thing for thing in _known.values() if isinstance(thing, type)))
FUNCTIONS = {name: thing for name, thing in (LOSSES | _known).items() if name not in CLASSES}


def get(identifier: Any) -> Any:
    """Return a metric object or function from its name, its configuration, its class, or itself.

    Parameters
    ----------
    identifier : str, dict, type, callable or None
        The name of a metric's class, also in snake case, or of a metric's or loss's function; None stays None.

    Returns
    -------
    Metric or callable
        A new object for a class; functions are called with true values and predictions.

    Raises
    ------
    ValueError
        Nothing of that name is known; the message lists what is.

    Examples
    --------
    >>> from arraynet import metrics
    >>> metrics.get("BinaryAccuracy")
    <BinaryAccuracy name=binary_accuracy>
    """
    return registry.lookup("metric", identifier, CLASSES, FUNCTIONS)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the metric that `serialize` described.

    Parameters
    ----------
    config : str, dict or None
        From `serialize`.
    custom_objects : dict of str to class or function, optional
        Your own by their names, which come before arraynet's.

    Returns
    -------
    Metric or callable
        A new object, or the function.

    Raises
    ------
    ValueError
        Nothing of that name is known; the message lists what is.
    """
    with custom_object_scope(custom_objects):
        return get(config)
