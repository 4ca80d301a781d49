"""The leaky rectifier as a layer."""

from typing import Any

from arraynet import ops
from arraynet.checks import number
from arraynet.layers.elementwise import Elementwise

__all__ = ["LeakyReLU"]


class LeakyReLU(Elementwise):
    """`x` where it is positive, ``negative_slope * x`` elsewhere.

    See `activations.leaky_relu`, whose default slope is another, as in Keras.

    Parameters
    ----------
    negative_slope : float
        The slope below 0, itself not negative.
    **kwargs
        Those of `Layer`.

    Raises
    ------
    ValueError
        `negative_slope` is negative.
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.negative_slope = number("LeakyReLU: negative_slope", negative_slope, 0)

    def call(self, inputs: Any) -> Any:
        return ops.leaky_relu(inputs, negative_slope=self.negative_slope)
