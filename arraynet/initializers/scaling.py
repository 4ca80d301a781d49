"""First values whose variance depends on the size of a layer, so that signals keep their size through it."""

import math
from typing import Any

from arraynet import random
from arraynet.checks import choice, ints, number
from arraynet.initializers.drawn import Drawn
from arraynet.ops.shape import checked_axes, new_shape
from arraynet.tensor import Tensor

__all__ = ["GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform", "VarianceScaling"]

DISTRIBUTIONS = ("truncated_normal", "normal", "untruncated_normal", "uniform")
TRUNCATED = 0.87962566103423978  # standard deviation of a standard normal cut at plus and minus two


class VarianceScaling(Drawn):
    """Numbers whose variance is ``scale / fan``, so that a layer keeps the size of what it is given.

    Source: K. He, X. Zhang, S. Ren and J. Sun, Delving deep into rectifiers, ICCV 2015; the class is Keras'.

    Parameters
    ----------
    scale : float
        Positive.
    mode : {"fan_in", "fan_out", "fan_avg"}
        What the fan is: the number of inputs of a unit, of outputs, or the mean of both.
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}
        ``"normal"`` means the truncated one.
    seed : int or SeedGenerator, optional
        An int gives the same numbers at every call. Without it the default seed and the variable's path decide.
    input_axes, output_axes : int or sequence of int, optional
        The axes whose lengths, multiplied, are the number of inputs and that of outputs; both or neither. Without them
        the last axis counts outputs and the one before it inputs, each times the product of those in front.

    Raises
    ------
    ValueError
        `scale` is not positive, `mode` or `distribution` is another word, or only one of the axes' arguments is given.

    Examples
    --------
    >>> from arraynet import initializers
    >>> initializers.VarianceScaling(2.0, mode="fan_in", seed=1)((784, 512)).shape
    (784, 512)
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Any = None,
        output_axes: Any = None,
    ) -> None:
        super().__init__(seed)
        self.scale = number("scale", scale)
        if self.scale <= 0:
            raise ValueError(f"scale must be positive, received {scale!r}.")
        self.mode = choice("mode", str(mode).lower(), ("fan_in", "fan_out", "fan_avg"))
        self.distribution = choice("distribution", str(distribution).lower(), DISTRIBUTIONS)
        if (input_axes is None) != (output_axes is None):
            raise ValueError(
                f"input_axes and output_axes go together, received input_axes={input_axes!r} and "
                f"output_axes={output_axes!r}."
            )
        self.input_axes = None if input_axes is None else ints("input_axes", input_axes)
        self.output_axes = None if output_axes is None else ints("output_axes", output_axes)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        shape = new_shape(shape)
        fan_in, fan_out = fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        deviation = math.sqrt(self.scale / max(1.0, fan))
        if self.distribution == "uniform":
            limit = math.sqrt(3) * deviation
            return random.uniform(shape, -limit, limit, dtype, self._stream())
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, deviation, dtype, self._stream())
        return random.truncated_normal(shape, 0.0, deviation / TRUNCATED, dtype, self._stream())


def fans(shape: tuple[int, ...], inputs: Any = None, outputs: Any = None) -> tuple[float, float]:
    """Return the numbers of inputs and outputs of a unit whose kernel has a shape, or of those that axes count."""
    if inputs is not None:
        fan_in, fan_out = (math.prod(shape[axis] for axis in checked_axes(a, len(shape))) for a in (inputs, outputs))
        return fan_in, fan_out
    if len(shape) < 2:
        return (math.prod(shape), math.prod(shape))
    field = math.prod(shape[:-2])
    return field * shape[-2], field * shape[-1]


class _Preset(VarianceScaling):
    """A `VarianceScaling` that has a name: one with the scale, mode and distribution of `preset`."""

    preset: tuple[float, str, str]

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(*self.preset, seed, input_axes, output_axes)


class GlorotUniform(_Preset):
    """Numbers drawn evenly between minus and plus ``sqrt(6 / (fan_in + fan_out))``.

    Source: X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS
    2010. The default of `Dense`.

    `seed`, `input_axes` and `output_axes` as for `VarianceScaling`.
    """

    preset = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Preset):
    """Truncated normal numbers of variance ``2 / (fan_in + fan_out)``.

    Source: X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS
    2010.

    `seed`, `input_axes` and `output_axes` as for `VarianceScaling`.
    """

    preset = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Preset):
    """Numbers drawn evenly between minus and plus ``sqrt(6 / fan_in)``.

    For relu. K. He, X. Zhang, S. Ren and J. Sun, Delving deep into rectifiers, ICCV 2015.

    `seed`, `input_axes` and `output_axes` as for `VarianceScaling`.
    """

    preset = (2.0, "fan_in", "uniform")


class HeNormal(_Preset):
    """Truncated normal numbers of variance ``2 / fan_in``.

    For relu. K. He, X. Zhang, S. Ren and J. Sun, Delving deep into rectifiers, ICCV 2015.

    `seed`, `input_axes` and `output_axes` as for `VarianceScaling`.
    """

    preset = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Preset):
    """Numbers drawn evenly between minus and plus ``sqrt(3 / fan_in)``.

    Source: Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, Efficient backprop, 1998.

    `seed`, `input_axes` and `output_axes` as for `VarianceScaling`.
    """

    preset = (1.0, "fan_in", "uniform")


class LecunNormal(_Preset):
    """Truncated normal numbers of variance ``1 / fan_in``.

    Source: Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, Efficient backprop, 1998.

    `seed`, `input_axes` and `output_axes` as for `VarianceScaling`.
    """

    preset = (1.0, "fan_in", "truncated_normal")
