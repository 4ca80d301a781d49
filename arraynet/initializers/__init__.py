"""First values of variables: each object makes them from a shape, by the names of ``keras.initializers``.

It is called with a shape and a dtype. Of a shape (..., inputs, outputs), the fan in is the number of inputs of a
unit, the fan out that of its outputs, both times the product of the axes before.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from arraynet import registry
from arraynet.checks import explain_absent as _explain_absent
from arraynet.initializers.drawn import Orthogonal, RandomNormal, RandomUniform, TruncatedNormal
from arraynet.initializers.known import Constant, Given, Identity, Initializer, Ones, Zeros
from arraynet.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)
from arraynet.tensor import Tensor
from arraynet.variable import INITIALIZERS, Variable

__all__ = ["Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "Initializer",
           "LecunNormal", "LecunUniform", "Ones", "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal",
           "VarianceScaling", "Zeros", "deserialize", "get", "serialize"]  # fmt: skip

_TABLE = registry.named(
    Constant, Given, Identity, Ones, Zeros, GlorotNormal, GlorotUniform, HeNormal, HeUniform, LecunNormal, LecunUniform,
    Orthogonal, RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling,
    uniform=RandomUniform, normal=RandomNormal, zero=Zeros, one=Ones,
)  # fmt: skip


def get(identifier: Any) -> Any:
    """Return the initializer that something stands for; None stays None.

    Parameters
    ----------
    identifier : str, dict, type, callable, array or None
        A class's name as it is or in snake case (``"HeNormal"``, ``"he_normal"``), what `serialize` gave, a class, a
        function of shape and dtype, or an array: the value itself.

    Returns
    -------
    Initializer or callable
        Called with a shape and a dtype.

    Raises
    ------
    ValueError
        Nothing of that name is known; the message lists what is, and the name most like it.

    Examples
    --------
    >>> from arraynet import initializers
    >>> initializers.get("ones")((2,), "float32")
    Tensor([1., 1.], dtype=float32, backend=numpy)
    """
    if isinstance(identifier, Tensor | Variable | np.ndarray | np.generic):
        return Given(identifier)
    return registry.lookup("initializer", identifier, _TABLE)


def serialize(initializer: Initializer) -> dict[str, Any]:
    """Return an initializer's class name and configuration.

    Parameters
    ----------
    initializer : Initializer
        One that has `get_config`.

    Returns
    -------
    dict
        ``class_name`` and ``config``: plain types, from which `deserialize` makes another one.

    Examples
    --------
    >>> from arraynet import initializers
    >>> initializers.serialize(initializers.Constant(0.5))
    {'class_name': 'Constant', 'config': {'value': 0.5}}
    """
    return registry.serialize(initializer)


def deserialize(config: dict[str, Any], custom_objects: Mapping[str, type] | None = None) -> Any:
    """Return an initializer from what `serialize` gave.

    Parameters
    ----------
    config : dict
        ``class_name`` and, where the defaults are not meant, ``config``.
    custom_objects : dict of str to class, optional
        Classes of your own by their names, which come before arraynet's.

    Returns
    -------
    Initializer
        A new one, whose stream of random numbers starts anew.

    Raises
    ------
    ValueError
        No class has that name; the message lists those that are known.
    """
    return registry.deserialize("initializer", config, _TABLE, custom_objects)


INITIALIZERS["get"] = get

_explain_absent(__name__, "initializer", "Any function of shape and dtype can be one.")
