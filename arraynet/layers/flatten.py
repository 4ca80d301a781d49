"""All axes but the batch's in one."""

import math
from typing import Any

from arraynet import ops
from arraynet.layers.input_spec import InputSpec
from arraynet.layers.layer import Layer

__all__ = ["Flatten"]


class Flatten(Layer):
    """Join all axes but the first: (batch, 28, 28) becomes (batch, 784), and (batch,) becomes (batch, 1).

    Parameters
    ----------
    **kwargs
        Those of `Layer`.

    Examples
    --------
    >>> from arraynet import layers, ops
    >>> layers.Flatten()(ops.zeros((2, 28, 28))).shape
    (2, 784)
    """

    input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        return ops.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))

    def compute_output_shape(self, input_shape: Any) -> Any:
        rest = input_shape[1:]
        return (input_shape[0], None if None in rest else math.prod(rest))
