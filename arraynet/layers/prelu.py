"""The rectifier with a slope that is learnt."""

from typing import Any

from arraynet import initializers, ops, regularizers
from arraynet.checks import ints
from arraynet.layers.elementwise import Elementwise
from arraynet.layers.input_spec import InputSpec

__all__ = ["PReLU"]


class PReLU(Elementwise):
    """`x` where it is positive, ``alpha * x`` elsewhere, with an `alpha` for each feature.

    Source: K. He, X. Zhang, S. Ren and J. Sun, Delving deep into rectifiers, ICCV 2015.

    Parameters
    ----------
    alpha_initializer : str or callable
        What the slopes start from.
    alpha_regularizer : str or callable, optional
        A penalty on the slopes, added to the loss.
    shared_axes : int or sequence of int, optional
        Axes, the batch's being 0, along which one slope serves all.
    **kwargs
        Those of `Layer`.

    Raises
    ------
    ValueError
        When built: an axis of `shared_axes` is none of the input's, or an axis with slopes of its own has no known
        length.
    """

    def __init__(
        self, alpha_initializer: Any = "zeros", alpha_regularizer: Any = None, shared_axes: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        axes = shared_axes if shared_axes is None else ints("PReLU: shared_axes", shared_axes)
        self.shared_axes = [axes] if isinstance(axes, int) else axes

    def build(self, input_shape: Any) -> None:
        shared = self.shared_axes or []
        if any(not 0 < axis < len(input_shape) for axis in shared):
            raise ValueError(
                f"Layer {self.name!r} (PReLU) has shared_axes={self.shared_axes}; the axes of its input "
                f"{input_shape} are 1 to {len(input_shape) - 1}."
            )
        shape = [1 if axis in shared else n for axis, n in enumerate(input_shape)][1:]
        if None in shape:
            raise ValueError(
                f"Layer {self.name!r} (PReLU) needs the length of every axis with slopes of its own, received shape "
                f"{input_shape}. Put the unknown ones into shared_axes."
            )
        self.alpha = self.add_weight(shape, self.alpha_initializer, regularizer=self.alpha_regularizer, name="alpha")
        axes = {axis: n for axis, n in enumerate(input_shape) if axis and axis not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs: Any) -> Any:
        below = ops.multiply(self.cast(self.alpha), ops.relu(ops.negative(inputs)))
        return ops.subtract(ops.relu(inputs), below)
