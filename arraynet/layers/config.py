"""A layer's configuration read off its constructor: every argument is kept as an attribute of its name.

What no constructor names is explained here, too.
"""

import inspect
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from arraynet.checks import named
from arraynet.layers.shapes import is_shape
from arraynet.registry import serialize
from arraynet.tensor import Tensor

__all__ = ["config_of", "shape_from"]

BASE = {"name": "name", "trainable": "trainable", "dtype": "dtype_policy"}
OF_ALL = (*BASE, "activity_regularizer")
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
    names = _names(parameters)
    own = [name for name in names if name not in OF_ALL]
    missing = [name for name in own if name not in vars(layer)]
    if missing:
        raise TypeError(
            f"{type(layer).__name__} does not keep its argument {', '.join(missing)} as an attribute of that "
            f"name, so its configuration is unknown: set self.{missing[0]}, or define get_config(self)."
        )
    takes_all = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
    config = {name: getattr(layer, kept) for name, kept in BASE.items() if takes_all or name in names}
    if layer.activity_regularizer is not None:
        own.append("activity_regularizer")
    owner = f"{type(layer).__name__} {layer.name!r}"
    return config | {name: encoded(getattr(layer, name), f"{owner}: {name}") for name in own}


def shape_from(cls: type, keywords: dict[str, Any]) -> tuple[int | None, ...] | None:
    """Return the shape of a batch from Keras' old keywords `input_shape` and `input_dim`, which no layer names.

    Raises
    ------
    ValueError
        There are others; the message lists those that the class knows. Or it is no shape.
    """
    length = keywords.pop("input_dim", None)
    shape = keywords.pop("input_shape", None if length is None else (length,))
    if keywords:
        named = sorted(_names(inspect.signature(cls).parameters.values()))
        raise ValueError(
            f"{cls.__name__} received unknown keywords: {', '.join(keywords)}. "
            f"It knows: {', '.join(dict.fromkeys([*named, *OF_ALL]))}."
        )
    if shape is None:
        return None
    if not is_shape(shape):
        raise ValueError(f"{cls.__name__}: input_shape must be a tuple, such as (784,), received {shape!r}.")
    warnings.warn(
        f"{cls.__name__}(input_shape={shape}): put Input(shape={shape}) in front of the layer instead.",
        UserWarning,
        stacklevel=4,
    )
    return (None, *shape)


def _names(parameters: Iterable[inspect.Parameter]) -> list[str]:
    return [p.name for p in parameters if p.kind not in KINDS]


def encoded(value: Any, what: str) -> Any:
    """Return a value in plain types: objects with a configuration as a dict, functions by name, arrays as lists."""
    if isinstance(value, np.ndarray | np.generic | Tensor):
        return np.asarray(value).tolist()
    if isinstance(value, list | tuple):
        return [encoded(item, what) for item in value]
    if isinstance(value, dict):
        return {key: encoded(item, what) for key, item in value.items()}
    if hasattr(value, "get_config"):
        return serialize(value)
    if isinstance(value, Callable):  # type: ignore[arg-type]
        return named(what, value)
    return value
