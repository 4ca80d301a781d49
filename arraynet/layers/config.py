"""A layer's configuration read off its constructor: every argument is kept as an attribute of its name."""

import inspect
from collections.abc import Callable
from typing import Any

from arraynet.checks import named

__all__ = ["config_of"]

BASE = {"name": "name", "trainable": "trainable", "dtype": "dtype_policy"}
KINDS = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


def config_of(layer: Any) -> dict[str, Any]:
    """Return the arguments with which a layer's class would make it again.

    Raises
    ------
    TypeError
        The constructor has an argument that the layer keeps under another name or not at all.
    ValueError
        An argument is a function without a name, as a lambda.
    """
    parameters = inspect.signature(type(layer)).parameters.values()
    named = [p.name for p in parameters if p.kind not in KINDS]
    own = [name for name in named if name not in {*BASE, "activity_regularizer"}]
    missing = [name for name in own if name not in vars(layer)]
    if missing:
        raise TypeError(
            f"{type(layer).__name__} does not keep its argument {', '.join(missing)} as an attribute of that "
            f"name, so its configuration is unknown: set self.{missing[0]}, or define get_config(self)."
        )
    takes_all = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
    config = {name: getattr(layer, kept) for name, kept in BASE.items() if takes_all or name in named}
    if layer.activity_regularizer is not None:
        own.append("activity_regularizer")
    owner = f"{type(layer).__name__} {layer.name!r}"
    return config | {name: encoded(getattr(layer, name), f"{owner}: {name}") for name in own}


def encoded(value: Any, what: str) -> Any:
    """Return a value in plain types: objects with a configuration as a dict, functions by name."""
    if isinstance(value, list | tuple):
        return [encoded(item, what) for item in value]
    if isinstance(value, dict):
        return {key: encoded(item, what) for key, item in value.items()}
    if hasattr(value, "get_config"):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    if isinstance(value, Callable):  # type: ignore[arg-type]
        return named(what, value)
    return value
