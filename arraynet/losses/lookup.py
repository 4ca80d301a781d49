"""Losses by name, as ``compile(loss="mse")`` asks for them, and to and from configurations."""

from collections.abc import Mapping
from typing import Any

from arraynet import registry
from arraynet.checks import function_name
from arraynet.custom_objects import custom_object_scope
from arraynet.losses import classes, crossentropies, functions, margins

__all__ = ["deserialize", "get", "serialize"]

ALIASES = {
    "bce": crossentropies.binary_crossentropy,
    "mse": functions.mean_squared_error,
    "mae": functions.mean_absolute_error,
    "mape": functions.mean_absolute_percentage_error,
    "msle": functions.mean_squared_logarithmic_error,
    "kld": functions.kl_divergence,
    "logcosh": functions.log_cosh,
}
_MODULES = (crossentropies, functions, margins)
FUNCTIONS = {name: getattr(module, name) for module in _MODULES for name in module.__all__} | ALIASES
FUNCTIONS |= {name.upper(): function for name, function in ALIASES.items()}
CLASSES = registry.named(*(getattr(classes, name) for name in classes.__all__))


def get(identifier: Any) -> Any:
    """Return a loss from its name, its configuration, its class, or itself; None stays None.

    Parameters
    ----------
    identifier : str, dict, type, callable or None
        ``"mse"`` and ``"mean_squared_error"`` name the function, ``"MeanSquaredError"`` the class.

    Returns
    -------
    Loss or callable
        Called with true values and predictions.

    Raises
    ------
    ValueError
        Nothing of that name is known; the message lists what is.

    Examples
    --------
    >>> from arraynet import losses
    >>> losses.get("mse")([[1.0]], [[3.0]])
    Tensor([4.], dtype=float32, backend=numpy)
    """
    return registry.lookup("loss", identifier, CLASSES, FUNCTIONS)


def serialize(loss: Any) -> Any:
    """Return what `deserialize` takes: a name for a function, a dict for an object.

    Parameters
    ----------
    loss : str, Loss, callable or None
        Names and None stay what they are.

    Returns
    -------
    str, dict or None
        Plain types; a function of your own is found by its name through `custom_objects`.

    Raises
    ------
    ValueError
        It is a function without a name, as a lambda.

    Examples
    --------
    >>> from arraynet import losses
    >>> losses.serialize(losses.mean_squared_error)
    'mean_squared_error'
    """
    if loss is None or isinstance(loss, str):
        return loss
    return registry.serialize(loss) if hasattr(loss, "get_config") else function_name("Loss or metric", loss)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the loss that `serialize` described.

    Parameters
    ----------
    config : str, dict or None
        From `serialize`.
    custom_objects : dict of str to class or function, optional
        Your own by their names, which come before arraynet's.

    Returns
    -------
    Loss or callable
        A new object, or the function.

    Raises
    ------
    ValueError
        Nothing of that name is known; the message lists what is.
    """
    with custom_object_scope(custom_objects):
        return get(config)
