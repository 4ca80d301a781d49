"""Layers as plain data and back."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from arraynet.custom_objects import custom_object, custom_object_scope
from arraynet.layers.layer import Layer

__all__ = ["deserialize", "serialize"]


def serialize(layer: Layer) -> dict[str, Any]:
    """Return a layer's class and configuration as plain types."""
    return {"class_name": type(layer).__name__, "config": layer.get_config()}


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return a new layer, with fresh weights, from what `serialize` returned.

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
    name = config["class_name"]
    with custom_object_scope(custom_objects):
        made = custom_object(name) or _known(name)
        if not (isinstance(made, type) and issubclass(made, Layer)):
            raise ValueError(
                f"Unknown layer class {name!r}. If it is your own, pass custom_objects={{{name!r}: {name}}}."
            )
        return made.from_config(dict(config["config"]))


def _known(name: str) -> Any:
    homes = [import_module("arraynet.layers"), import_module("arraynet.models")]  # models stand above this module
    return next((getattr(home, name) for home in homes if hasattr(home, name)), None)
