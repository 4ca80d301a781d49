"""An activation as a layer of its own."""

from typing import Any

from arraynet import activations
from arraynet.layers.elementwise import Elementwise

__all__ = ["Activation"]


class Activation(Elementwise):
    """Apply an activation.

    Parameters
    ----------
    activation : str or callable
        Such as ``"relu"``; see `arraynet.activations`.
    **kwargs
        Those of `Layer`.

    Raises
    ------
    ValueError
        No activation has that name.

    Examples
    --------
    >>> from arraynet import layers
    >>> layers.Activation("relu")([[-1.0, 2.0]])
    Tensor([[0., 2.]], dtype=float32, backend=numpy)
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)
