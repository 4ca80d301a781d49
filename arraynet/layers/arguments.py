"""What a layer is called with, made ready for its `call`: Tensors of one backend, in the layer's dtype."""

from typing import Any

import numpy as np

from arraynet.backend import Backend
from arraynet.plugins import current
from arraynet.tensor import Tensor, as_tensor
from arraynet.tree import flatten, map_structure
from arraynet.variable import Variable

__all__ = ["backend_of", "entered"]

ARRAYS = (Tensor, Variable, np.ndarray)


def backend_of(args: tuple[Any, ...]) -> Backend:
    """Return the backend of the first Tensor or Variable in the arguments, else the current one."""
    return next((x.backend for x in flatten(args) if isinstance(x, Tensor | Variable)), current())


def entered(x: Any, layer: Any, first: bool = False) -> Any:
    """Return an argument with its arrays as Tensors, floating ones in the dtype in which the layer computes.

    The first argument is data: numbers in nested lists are one array there, and left alone elsewhere.
    """
    if type(x) is Tensor:
        return layer.cast(x) if layer.autocast and x.dtype.kind == "f" else x
    if isinstance(x, ARRAYS):
        return entered(as_tensor(x), layer)
    if first and x is not None and not any(isinstance(leaf, ARRAYS) for leaf in flatten(x)):
        return entered(as_tensor(x), layer)
    return map_structure(lambda leaf: entered(leaf, layer), x) if isinstance(x, list | tuple | dict) else x
