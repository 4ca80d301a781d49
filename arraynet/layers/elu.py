"""The exponential linear unit as a layer."""

from typing import Any

from arraynet import ops
from arraynet.checks import number
from arraynet.layers.elementwise import Elementwise

__all__ = ["ELU"]


class ELU(Elementwise):
    """`x` where it is positive, ``alpha * (exp(x) - 1)`` elsewhere.

    See `activations.elu`.

    Parameters
    ----------
    alpha : float
        What the output tends to, with a minus sign, far below 0.
    **kwargs
        Those of `Layer`.
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = number("ELU: alpha", alpha)

    def call(self, inputs: Any) -> Any:
        return ops.elu(inputs, alpha=self.alpha)
