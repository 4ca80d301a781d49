"""Softmax as a layer."""

from typing import Any

from arraynet import ops
from arraynet.layers.elementwise import Elementwise

__all__ = ["Softmax"]


class Softmax(Elementwise):
    """Probabilities from logits.

    See `activations.softmax`. As the last layer, its logits are not lost: crossentropies find them.

    Parameters
    ----------
    axis : int
        Along which they sum to 1.
    **kwargs
        Those of `Layer`.
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        return ops.softmax(inputs, axis=self.axis)
