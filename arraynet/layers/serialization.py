"""Layers as plain data and back."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from arraynet.layers.layer import Layer

__all__ = ["deserialize", "serialize"]


def serialize(layer: Layer) -> dict[str, Any]:
    """Return a layer's class and configuration as plain types."""
    return {"class_name": type(layer).__name__, "config": layer.get_config()}


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return a new layer from what `serialize` returned.

    Parameters
    ----------
    config : dict
        From `serialize`.
    custom_objects : dict of str to class, optional
        The user's own layers by their class names; they come before arraynet's.

    Raises
    ------
    ValueError
        No layer has that class name.
    """
    name, custom = config["class_name"], custom_objects or {}
    if name in custom:
        made = custom[name]
    else:
        homes = [import_module("arraynet.layers"), import_module("arraynet.models")]
        made = next((getattr(home, name) for home in homes if hasattr(home, name)), None)
    if not (isinstance(made, type) and issubclass(made, Layer)):
        raise ValueError(f"Unknown layer class {name!r}. If it is your own, pass custom_objects={{{name!r}: {name}}}.")
    nested = made.from_config.__code__.co_varnames[: made.from_config.__code__.co_argcount]
    options = {"custom_objects": custom} if "custom_objects" in nested else {}
    return made.from_config(dict(config["config"]), **options)
