"""First values whose variance depends on the size of a layer, so that signals keep their size through it."""

import math
from typing import Any

from arraynet import random
from arraynet.checks import choice, number
from arraynet.initializers.drawn import Drawn
from arraynet.ops.shape import new_shape
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

    Raises
    ------
    ValueError
        `scale` is not positive, or `mode` or `distribution` another word.

    Examples
    --------
    >>> from arraynet import initializers
    >>> initializers.VarianceScaling(2.0, mode="fan_in", seed=1)((784, 512)).shape
    (784, 512)
    """

    def __init__(
        self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal", seed: Any = None
    ) -> None:
        super().__init__(seed)
        self.scale = number("scale", scale)
        if self.scale <= 0:
            raise ValueError(f"scale must be positive, received {scale!r}.")
        self.mode = choice("mode", str(mode).lower(), ("fan_in", "fan_out", "fan_avg"))
        self.distribution = choice("distribution", str(distribution).lower(), DISTRIBUTIONS)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        shape = new_shape(shape)
        fan_in, fan_out = fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        deviation = math.sqrt(self.scale / max(1.0, fan))
        if self.distribution == "uniform":
            limit = math.sqrt(3) * deviation
            return random.uniform(shape, -limit, limit, dtype, self._stream())
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, deviation, dtype, self._stream())
        return random.truncated_normal(shape, 0.0, deviation / TRUNCATED, dtype, self._stream())


def fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """Return the numbers of inputs and outputs of a unit whose kernel has a shape."""
    if len(shape) < 2:
        return (math.prod(shape), math.prod(shape))
    field = math.prod(shape[:-2])
    return field * shape[-2], field * shape[-1]


class _Preset(VarianceScaling):
    """A `VarianceScaling` that has a name: one with the scale, mode and distribution of `preset`."""

    preset: tuple[float, str, str]

    def __init__(self, seed: Any = None) -> None:
        super().__init__(*self.preset, seed)


class GlorotUniform(_Preset):
    """Numbers drawn evenly between minus and plus ``sqrt(6 / (fan_in + fan_out))``; `seed` as for `VarianceScaling`.

    Source: X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS
    2010. The default of `Dense`.
    """

    preset = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Preset):
    """Truncated normal numbers of variance ``2 / (fan_in + fan_out)``; `seed` as for `VarianceScaling`.

    Source: X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS
    2010.
    """

    preset = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Preset):
    """Numbers drawn evenly between minus and plus ``sqrt(6 / fan_in)``; `seed` as for `VarianceScaling`.

    For relu. K. He, X. Zhang, S. Ren and J. Sun, Delving deep into rectifiers, ICCV 2015.
    """

    preset = (2.0, "fan_in", "uniform")


class HeNormal(_Preset):
    """Truncated normal numbers of variance ``2 / fan_in``; `seed` as for `VarianceScaling`.

    For relu. K. He, X. Zhang, S. Ren and J. Sun, Delving deep into rectifiers, ICCV 2015.
    """

    preset = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Preset):
    """Numbers drawn evenly between minus and plus ``sqrt(3 / fan_in)``; `seed` as for `VarianceScaling`.

    Source: Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, Efficient backprop, 1998.
    """

    preset = (1.0, "fan_in", "uniform")


class LecunNormal(_Preset):
    """Truncated normal numbers of variance ``1 / fan_in``; `seed` as for `VarianceScaling`.

    Source: Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, Efficient backprop, 1998.
    """

    preset = (1.0, "fan_in", "truncated_normal")
