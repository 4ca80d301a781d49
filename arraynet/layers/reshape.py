"""Another shape for each sample."""

import math
from typing import Any

from arraynet import ops
from arraynet.checks import ints
from arraynet.layers.layer import Layer

__all__ = ["Reshape"]


class Reshape(Layer):
    """Give every sample another shape of as many elements.

    Parameters
    ----------
    target_shape : tuple of int
        Without the batch axis; one length may be -1.
    **kwargs
        Those of `Layer`.

    Raises
    ------
    ValueError
        When called or built: a sample's elements do not fit.

    Examples
    --------
    >>> from arraynet import layers, ops
    >>> layers.Reshape((28, -1))(ops.zeros((2, 784))).shape
    (2, 28, 28)
    """

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        lengths = ints("Reshape: target_shape", target_shape)
        self.target_shape = tuple(lengths) if isinstance(lengths, list) else (lengths,)
        if self.target_shape.count(-1) > 1 or min(self.target_shape, default=0) < -1:
            raise ValueError(f"Reshape: one length may be -1, the others 0 or more, received {self.target_shape}.")

    def call(self, inputs: Any) -> Any:
        return ops.reshape(inputs, (inputs.shape[0], *self._target(inputs.shape)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        if None in input_shape[1:]:
            return (input_shape[0], *(None if n == -1 else n for n in self.target_shape))
        return (input_shape[0], *self._target(input_shape))

    def _target(self, input_shape: Any) -> tuple[int, ...]:
        size = math.prod(input_shape[1:])
        known = math.prod(n for n in self.target_shape if n != -1)
        fits = known and size % known == 0 if -1 in self.target_shape else known == size
        if not fits:
            raise ValueError(
                f"Layer {self.name!r} (Reshape): a sample of shape {tuple(input_shape[1:])} has {size} elements, "
                f"which do not fit target_shape={self.target_shape}."
            )
        return tuple(size // known if n == -1 else n for n in self.target_shape)
