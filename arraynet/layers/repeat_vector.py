"""One vector made a sequence."""

from typing import Any

from arraynet import ops
from arraynet.checks import positive_int
from arraynet.layers.input_spec import InputSpec
from arraynet.layers.layer import Layer

__all__ = ["RepeatVector"]


class RepeatVector(Layer):
    """Repeat each sample's vector: (batch, features) becomes (batch, n, features).

    Parameters
    ----------
    n : int
        How often.
    **kwargs
        Those of `Layer`.

    Raises
    ------
    ValueError
        `n` is no positive int; when called: the inputs have another rank than 2.
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = positive_int("RepeatVector: n", n)
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        return ops.broadcast_to(ops.expand_dims(inputs, 1), self.compute_output_shape(inputs.shape))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], self.n, input_shape[1])
