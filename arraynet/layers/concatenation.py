"""Several inputs side by side."""

from typing import Any

from arraynet import ops
from arraynet.layers.merge import Merge

__all__ = ["Concatenate"]


class Concatenate(Merge):
    """Join a list of inputs along an axis: (batch, 4) and (batch, 3) become (batch, 7).

    Parameters
    ----------
    axis : int
        The axis; the inputs' other axes agree.
    **kwargs
        Those of `Layer`.

    Raises
    ------
    ValueError
        When called: on one tensor and not on a list of two or more, or where other axes differ.
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        return ops.concatenate(inputs, axis=self.axis)

    def compute_output_shape(self, input_shape: Any) -> Any:
        lengths = [shape[self.axis] for shape in input_shape]
        joined = list(input_shape[0])
        joined[self.axis] = None if None in lengths else sum(lengths)
        return tuple(joined)
