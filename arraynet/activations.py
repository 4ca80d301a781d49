"""Activations by name: what `arraynet.ops` has, under the names and with the defaults that layers know.

Each takes a floating tensor of any shape (integers become floatx, except in `linear`, `relu` and `hard_tanh`) and
returns one of the same shape and dtype; those with an `axis` look along it. Layers take them by name,
``Dense(8, activation="relu")``, or as functions.
Values, dtypes and derivatives are those of the op of the same name. Errors are those of every op: a ValueError that
names it and the shapes, a TypeError for what holds no numbers.
"""

from collections.abc import Callable
from typing import Any

from arraynet import ops
from arraynet.checks import explain_absent as _explain_absent
from arraynet.checks import function_name, resembling
from arraynet.custom_objects import custom_object
from arraynet.ops.activations import *
from arraynet.ops.gated import *
from arraynet.ops.normalization import floating as _floating
from arraynet.ops.piecewise import *
from arraynet.ops.softmax import *
from arraynet.ops.trigonometry import tanh as tanh


def linear(x: Any) -> Any:
    """Return `x`: no activation, what layers have by default."""
    return ops.convert_to_tensor(x)


def exponential(x: Any) -> Any:
    """Return ``exp(x)``, for outputs that must be positive; above 88 it is infinite in float32."""
    return ops.exp(x)


def gelu(x: Any, approximate: bool = False) -> Any:  # type: ignore[no-redef]  # with another default than the op
    """Return ``x * P(X <= x)`` for a standard normal X.

    Source: D. Hendrycks and K. Gimpel, Gaussian error linear units, arXiv 1606.08415, 2016.

    Parameters
    ----------
    x : tensor
        Of any shape.
    approximate : bool
        Take ``0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x**3)))``, which differs by less than 0.0005. False here
        and True in `ops.gelu`, as in Keras.

    Examples
    --------
    >>> from arraynet import activations
    >>> activations.gelu([-1.0, 0.0, 1.0])
    Tensor([-0.15865526,  0.        ,  0.8413447 ], dtype=float32, backend=numpy)
    """
    return ops.gelu(x, approximate=approximate)


def relu(  # type: ignore[no-redef]  # with more options than the op
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    """Return `x` where it is above a threshold, and ``negative_slope * (x - threshold)`` elsewhere.

    Source: V. Nair and G. E. Hinton, Rectified linear units improve restricted Boltzmann machines, ICML 2010; the three
    options are Keras'.

    Parameters
    ----------
    x : tensor
        Of any shape.
    negative_slope : float
        The slope below the threshold, and the derivative at 0.
    max_value : float, optional
        What larger values are cut to.
    threshold : float
        Where the function leaves zero.

    Examples
    --------
    >>> from arraynet import activations
    >>> activations.relu([-2.0, 0.5, 9.0], negative_slope=0.1, max_value=6.0)
    Tensor([-0.2,  0.5,  6. ], dtype=float32, backend=numpy)
    """
    if negative_slope:
        x = _floating(x)  # integers would wrap around
        y = ops.where(ops.greater(x, threshold), x, ops.multiply(ops.subtract(x, threshold), negative_slope))
    elif threshold:
        y = ops.where(ops.less_equal(x, threshold), 0, x)  # minus infinity times 0 is no number
    else:
        y = ops.relu(x)
    return y if max_value is None else ops.minimum(y, max_value)


_ACTIVATIONS: dict[str, Callable[..., Any]] = {
    name: f
    for name, f in globals().items()
    if not name.startswith("_") and getattr(f, "__module__", "").startswith((__name__, "arraynet.ops."))
}

__all__ = sorted(["deserialize", "get", "serialize", *_ACTIVATIONS])


def get(identifier: Any) -> Any:
    """Return the activation that a name stands for.

    Parameters
    ----------
    identifier : str, callable or None
        A name of this module or of a function registered by `saving.register_serializable`; a function or layer is
        returned as it is; None is `linear`.

    Returns
    -------
    callable
        A function of one tensor.

    Raises
    ------
    ValueError
        It is none of these; the message lists the names, and the one most like it.

    Examples
    --------
    >>> from arraynet import activations
    >>> activations.get("relu")(-1.0)
    Tensor(0., dtype=float32, backend=numpy)
    """
    if identifier is None:
        return linear
    found = custom_object(identifier) or _ACTIVATIONS.get(identifier) if isinstance(identifier, str) else identifier
    if isinstance(found, type):
        raise ValueError(f"The activation {found.__name__} is a class: call it, {found.__name__}().")
    if callable(found):
        return found
    raise ValueError(
        f"Could not interpret activation {identifier!r}: expected a function, a layer or one of the names "
        f"{', '.join(sorted(_ACTIVATIONS))}. {resembling(identifier, _ACTIVATIONS)}".rstrip()
    )


def serialize(activation: Callable[..., Any]) -> Any:
    """Return the name under which `get` finds an activation.

    Parameters
    ----------
    activation : callable
        One of this module, or a function of your own.

    Returns
    -------
    str
        Its name. One of your own is found by it once it is registered by `saving.register_serializable`.

    Raises
    ------
    ValueError
        It has no name, as a lambda or an object.

    Examples
    --------
    >>> from arraynet import activations
    >>> activations.serialize(activations.relu)
    'relu'
    """
    return function_name("Activation", activation)


def deserialize(config: Any) -> Any:
    """Return the activation of a name that `serialize` returned.

    Parameters
    ----------
    config : str, callable or None
        As for `get`, which this is, under the name that the other modules have.

    Returns
    -------
    callable
        A function of one tensor.

    Raises
    ------
    ValueError
        Nothing of that name is known.
    """
    return get(config)


_explain_absent(__name__, "activation", "Any function of a tensor, made of arraynet.ops, can be one.")
