"""Activations by name: functions of `arraynet.ops` under the names and defaults that layers know them by."""

from collections.abc import Callable
from typing import Any

from arraynet import ops

__all__ = ["deserialize", "get", "linear", "relu", "serialize", "sigmoid", "softmax", "tanh"]


def linear(x: Any) -> Any:
    """Return `x`."""
    return x


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """Return `x` where it is above a threshold, and ``negative_slope * (x - threshold)`` elsewhere.

    Parameters
    ----------
    x : Tensor
        Of any shape.
    negative_slope : float
        The slope below the threshold.
    max_value : float, optional
        What larger values are cut to.
    threshold : float
        Where the function leaves zero.
    """
    if not (negative_slope or max_value is not None or threshold):
        return ops.relu(x)
    y = ops.where(ops.greater(x, threshold), x, negative_slope * (x - threshold))
    return y if max_value is None else ops.minimum(y, max_value)


def sigmoid(x: Any) -> Any:
    """Return ``1 / (1 + exp(-x))``."""
    return ops.sigmoid(x)


def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent."""
    return ops.tanh(x)


def softmax(x: Any, axis: int = -1) -> Any:
    """Return ``exp(x)`` divided by its sum along an axis: probabilities from logits."""
    return ops.softmax(x, axis=axis)


_ACTIVATIONS: dict[str, Callable[..., Any]] = {f.__name__: f for f in (linear, relu, sigmoid, softmax, tanh)}


def get(identifier: Any) -> Any:
    """Return the activation of a name, of a configuration, or the function itself; None is `linear`.

    Raises
    ------
    ValueError
        It is none of these; the message lists the names.
    """
    if identifier is None:
        return linear
    if isinstance(identifier, str) and identifier in _ACTIVATIONS:
        return _ACTIVATIONS[identifier]
    if callable(identifier):
        return identifier
    raise ValueError(
        f"Could not interpret activation {identifier!r}: expected a function, a layer or one of the names "
        f"{', '.join(sorted(_ACTIVATIONS))}."
    )


def serialize(activation: Callable[..., Any]) -> Any:
    """Return the name by which `get` finds an activation."""
    name = getattr(activation, "__name__", None)
    if _ACTIVATIONS.get(str(name)) is not activation:
        raise ValueError(f"Activation {activation!r} has no name that `activations.get` knows; it cannot be saved.")
    return name


def deserialize(config: Any) -> Any:
    """Return the activation that `serialize` described."""
    return get(config)
