"""Softmax as a layer."""

from typing import Any

import numpy as np

from arraynet import ops
from arraynet.layers.elementwise import Elementwise

__all__ = ["Softmax"]


class Softmax(Elementwise):
    """Probabilities from logits.

    See `activations.softmax`. As the last layer, its logits are not lost: crossentropies find them.

    Called with ``mask=``, of a shape that broadcasts to that of the inputs, it leaves out where that is False, or not
    above 0.5: there the probability is 0, also where nothing is left. Then the logits are not found.

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

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return ops.softmax(inputs, axis=self.axis)
        kept = ops.broadcast_to(ops.greater(mask, 0.5), inputs.shape)
        lowest = float(np.finfo(inputs.dtype).min)  # no infinity: a row that is left out whole would be NaN
        return ops.where(kept, ops.softmax(ops.where(kept, inputs, lowest), axis=self.axis), 0.0)
