"""A fixed linear map of the data, such as bytes to the range from 0 to 1."""

from typing import Any

from arraynet import ops
from arraynet.dtypes import host_array
from arraynet.layers.elementwise import Elementwise

__all__ = ["Rescaling"]


class Rescaling(Elementwise):
    """``inputs * scale + offset``, in the layer's floating dtype also where the input is of integers.

    Parameters
    ----------
    scale : float or array
        Such as ``1 / 255`` for the pixels of an image.
    offset : float or array
        Added after scaling.
    **kwargs
        Those of `Layer`.

    Examples
    --------
    >>> from arraynet import layers
    >>> layers.Rescaling(1 / 255)([[0, 255]])
    Tensor([[0., 1.]], dtype=float32, backend=numpy)
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        host_array(scale), host_array(offset)  # refuses what is no number
        self.scale, self.offset = scale, offset

    def call(self, inputs: Any) -> Any:
        return ops.add(ops.multiply(self.cast(inputs), self.scale), self.offset)
