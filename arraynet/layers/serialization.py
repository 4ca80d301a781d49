"""Layers as plain data and back."""

from collections.abc import Iterator, Mapping
from sys import modules
from typing import Any

from arraynet import registry
from arraynet.custom_objects import custom_object, custom_object_scope
from arraynet.layers.layer import Layer

__all__ = ["deserialize", "serialize"]


def serialize(layer: Layer) -> dict[str, Any]:
    """Return a layer's class and configuration as plain types; its weights are not part of it.

    Parameters
    ----------
    layer : Layer
        A layer or model.

    Returns
    -------
    dict
        ``class_name`` and ``config``, which can be written as JSON where the layer's `get_config` can.

    Examples
    --------
    >>> from arraynet import layers
    >>> layers.serialize(layers.Flatten(name="flat"))["class_name"]
    'Flatten'
    """
    return registry.serialize(layer)


def deserialize(config: Mapping[str, Any] | Layer, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return a new layer, with fresh weights, from what `serialize` returned.

    Parameters
    ----------
    config : dict or Layer
        From `serialize`; a layer is returned as it is, since those among the arguments of another are made first.
    custom_objects : dict of str to class, optional
        The user's own layers by their class names; they come before arraynet's.

    Returns
    -------
    Layer
        Not built yet, if it was made here.

    Raises
    ------
    ValueError
        No layer has that class name, or this is no such dict.
    """
    if isinstance(config, Layer):
        return config
    if not isinstance(config, Mapping) or not {"class_name", "config"} <= set(config):
        raise ValueError(f"layers.deserialize takes the dict that serialize returned, received {config!r}.")
    name = config["class_name"]
    with custom_object_scope(custom_objects):
        made = _known(name)
        if made is None:
            raise ValueError(
                f"Unknown layer class {name!r}. If it is your own, pass custom_objects={{{name!r}: {name}}}."
            )
        return registry.made_once(config, lambda: made.from_config(dict(config["config"])))


def restored(value: Any) -> Any:
    """Return an argument from a configuration, with objects for what `serialize` made of them, in lists, too."""
    if isinstance(value, list):
        return [restored(item) for item in value]
    if not isinstance(value, dict):
        return value
    name, config, family = map(value.get, ("class_name", "config", "family"))
    known = set(value) <= {"class_name", "config", "family", "shared"}
    if isinstance(name, str) and isinstance(config, dict) and known:
        named = "name" in config  # as all layers are; initializers have an Identity
        if family in registry.FAMILIES:
            return modules[f"arraynet.{family}"].deserialize(value)  # some stand above this module
        if (named or custom_object(name)) and _known(name):
            return deserialize(value)
    return {name: restored(item) for name, item in value.items()}


def _known(name: Any) -> type[Layer] | None:
    """The class of layers of a name: the user's own, or the library's, models included, which stand above here."""
    own = (cls for cls in _subclasses(Layer) if cls.__module__.startswith("arraynet.") and cls.__name__ == name)
    made = custom_object(name) or next(own, None)
    return made if isinstance(made, type) and issubclass(made, Layer) else None


def _subclasses(cls: type[Layer]) -> Iterator[type[Layer]]:
    for sub in cls.__subclasses__():
        yield sub
        yield from _subclasses(sub)
