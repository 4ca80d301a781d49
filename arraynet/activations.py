"""Activations by name: what `arraynet.ops` has, under the names and with the defaults that layers know.

Each takes a floating tensor of any shape (integers become floatx) and returns one of the same shape and dtype;
those with an `axis` look along it. Layers take them by name, `Dense(8, activation="relu")`, or as functions.
Values, dtypes and derivatives are those of the op of the same name.
"""

from collections.abc import Callable
from typing import Any

from arraynet import ops
from arraynet.checks import resembling
from arraynet.custom_objects import custom_object
from arraynet.ops import (
    celu,
    elu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    mish,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)

hard_swish, swish = hard_silu, silu


def linear(x: Any) -> Any:
    """Return `x`."""
    return x


def exponential(x: Any) -> Any:
    """Return ``exp(x)``."""
    return ops.exp(x)


def gelu(x: Any, approximate: bool = False) -> Any:
    """Return `x` times the normal distribution's share below it; `approximate` takes a tanh for that."""
    return ops.gelu(x, approximate=approximate)


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
    if negative_slope or threshold:
        y = ops.where(ops.greater(x, threshold), x, ops.multiply(ops.subtract(x, threshold), negative_slope))
    else:
        y = ops.relu(x)
    return y if max_value is None else ops.minimum(y, max_value)


_ACTIVATIONS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (celu, elu, exponential, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh, leaky_relu, linear,
              log_sigmoid, log_softmax, mish, relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus,
              softsign, sparse_plus, sparse_sigmoid, sparsemax, squareplus, tanh, tanh_shrink, threshold)
} | {"hard_swish": hard_swish, "swish": swish}  # fmt: skip

__all__ = sorted(["deserialize", "get", "serialize", *_ACTIVATIONS])


def get(identifier: Any) -> Any:
    """Return the activation of a name, or the function itself; None is `linear`.

    Raises
    ------
    ValueError
        It is none of these; the message lists the names.
    """
    if identifier is None:
        return linear
    found = custom_object(identifier) or _ACTIVATIONS.get(identifier) if isinstance(identifier, str) else identifier
    if callable(found):
        return found
    raise ValueError(
        f"Could not interpret activation {identifier!r}: expected a function, a layer or one of the names "
        f"{', '.join(sorted(_ACTIVATIONS))}. {resembling(identifier, _ACTIVATIONS)}".rstrip()
    )


def serialize(activation: Callable[..., Any]) -> Any:
    """Return the name under which `get` finds an activation.

    Raises
    ------
    ValueError
        It has no name, as a lambda or an object.
    """
    name = getattr(activation, "__name__", "<lambda>")
    if name == "<lambda>":
        raise ValueError(f"Activation {activation!r} has no name to be saved under: define it with def.")
    return name


def deserialize(config: Any) -> Any:
    """Return the activation of a name that `serialize` returned."""
    return get(config)
