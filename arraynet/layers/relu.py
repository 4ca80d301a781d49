"""The rectifier as a layer."""

from typing import Any

from arraynet import activations
from arraynet.checks import number
from arraynet.layers.elementwise import Elementwise

__all__ = ["ReLU"]


class ReLU(Elementwise):
    """``max(x, 0)``, or a variant of it.

    See `activations.relu`.

    Parameters
    ----------
    max_value : float, optional
        What larger values are cut to.
    negative_slope : float
        The slope below the threshold.
    threshold : float
        Where the function leaves zero.
    **kwargs
        Those of `Layer`.

    Raises
    ------
    ValueError
        One of them is negative.
    """

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else number("ReLU: max_value", max_value, 0)
        self.negative_slope = number("ReLU: negative_slope", negative_slope, 0)
        self.threshold = number("ReLU: threshold", threshold, 0)

    def call(self, inputs: Any) -> Any:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)
