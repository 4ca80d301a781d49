"""What layers share that change the numbers of an input and not its shape."""

from typing import Any

from arraynet.layers.layer import Layer

__all__ = ["Elementwise"]


class Elementwise(Layer):
    """A layer whose output has the shape of its input."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape
