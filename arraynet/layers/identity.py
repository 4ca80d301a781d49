"""Nothing at all, as a layer."""

from typing import Any

from arraynet.layers.elementwise import Elementwise

__all__ = ["Identity"]


class Identity(Elementwise):
    """Return the input as it is: a place that another layer may take.

    Parameters
    ----------
    **kwargs
        Those of `Layer`.

    Examples
    --------
    >>> from arraynet import layers
    >>> layers.Identity()([[-1.0, 2.0]])
    Tensor([[-1.,  2.]], dtype=float32, backend=numpy)
    """

    def call(self, inputs: Any) -> Any:
        return inputs
