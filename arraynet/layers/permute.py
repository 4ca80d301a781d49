"""Another order of the axes of each sample."""

from typing import Any

from arraynet import ops
from arraynet.checks import ints
from arraynet.layers.input_spec import InputSpec
from arraynet.layers.layer import Layer

__all__ = ["Permute"]


class Permute(Layer):
    """Put the axes of every sample into another order.

    Parameters
    ----------
    dims : tuple of int
        The axes, counted from 1, since axis 0 is the batch's; ``(2, 1)`` swaps the first two.
    **kwargs
        Those of `Layer`.

    Raises
    ------
    ValueError
        `dims` is no permutation of 1, 2, ..., n; when called: the inputs have another rank.

    Examples
    --------
    >>> from arraynet import layers, ops
    >>> layers.Permute((2, 1))(ops.zeros((8, 3, 5))).shape
    (8, 5, 3)
    """

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        found = ints("Permute: dims", dims)
        self.dims = tuple(found) if isinstance(found, list) else (found,)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"Permute: dims must hold 1, 2, ..., n once each, received {self.dims}.")
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        return ops.transpose(inputs, axes=(0, *self.dims))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))
