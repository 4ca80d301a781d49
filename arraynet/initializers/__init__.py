"""First values of variables: each object makes them from a shape, by the names of ``keras.initializers``.

It is called with a shape and a dtype. Of a shape (..., inputs, outputs), the fan in is the number of inputs of a
unit, the fan out that of its outputs, both times the product of the axes before.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from arraynet import registry
from arraynet.checks import explain_absent as _explain_absent
from arraynet.initializers.constant import Constant, Given, Identity, Initializer, Ones, Zeros
from arraynet.initializers.drawn import Orthogonal, RandomNormal, RandomUniform, TruncatedNormal
from arraynet.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)
from arraynet.tensor import INITIALIZERS, Tensor, Variable

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "deserialize",
    "get",
    "serialize",
]

_TABLE = registry.named(
    Constant, Identity, Ones, Zeros, GlorotNormal, GlorotUniform, HeNormal, HeUniform, LecunNormal, LecunUniform,
    Orthogonal, RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling,
    uniform=RandomUniform, normal=RandomNormal, zero=Zeros, one=Ones,
)  # fmt: skip


def get(identifier: Any) -> Any:
    """Return the initializer that a name, a dict, a class, a callable or an array stands for; None stays None.

    Raises
    ------
    ValueError
        Nothing of that name is known.
    """
    if isinstance(identifier, Tensor | Variable | np.ndarray | np.generic):
        return Given(identifier)
    return registry.lookup("initializer", identifier, _TABLE)


def serialize(initializer: Initializer) -> dict[str, Any]:
    """Return an initializer's class name and configuration."""
    return registry.serialize(initializer)


def deserialize(config: dict[str, Any], custom_objects: Mapping[str, type] | None = None) -> Any:
    """Return an initializer from what `serialize` gave."""
    return registry.deserialize("initializer", config, _TABLE, custom_objects)


INITIALIZERS["get"] = get

_explain_absent(__name__, "initializer", "Any function of shape and dtype can be one.")
