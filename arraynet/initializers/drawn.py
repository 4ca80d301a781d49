"""First values drawn from a stream of random numbers.

Without a seed of its own an initializer draws from the stream of the default seed and of the variable's path
in its model, so a model made again after re-seeding starts from the same weights on every backend.
"""

import math
from typing import Any

import numpy as np

from arraynet import dtypes, ops, random
from arraynet.checks import number
from arraynet.initializers.known import Initializer
from arraynet.ops.shape import new_shape
from arraynet.tensor import Tensor

__all__ = ["Drawn", "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal"]


class Drawn(Initializer):
    """A draw from a stream: the seed's, or, without one, that of the variable being made."""

    def __init__(self, seed: Any = None) -> None:
        self.seed = seed

    def _stream(self) -> Any:
        return random.SeedGenerator() if self.seed is None else self.seed

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        if isinstance(seed := config.get("seed"), dict):
            config = config | {"seed": random.SeedGenerator.from_config(seed["config"])}
        return cls(**config)


class RandomUniform(Drawn):
    """Numbers drawn evenly from [minval, maxval).

    Parameters
    ----------
    minval, maxval : float
        The bounds; the upper one is never drawn.
    seed : int or SeedGenerator, optional
        An int gives the same numbers at every call. Without it the default seed and the variable's path decide.
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = number("minval", minval), number("maxval", maxval)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return random.uniform(shape, self.minval, self.maxval, dtype, self._stream())


class RandomNormal(Drawn):
    """Normally distributed numbers.

    Parameters
    ----------
    mean, stddev : float
        Of the distribution.
    seed : int or SeedGenerator, optional
        An int gives the same numbers at every call. Without it the default seed and the variable's path decide.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = number("mean", mean), number("stddev", stddev, 0)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return random.normal(shape, self.mean, self.stddev, dtype, self._stream())


class TruncatedNormal(RandomNormal):
    """Normally distributed numbers, none further than two `stddev` from `mean`.

    Parameters
    ----------
    mean, stddev : float
        Of the distribution before its ends are cut off.
    seed : int or SeedGenerator, optional
        An int gives the same numbers at every call. Without it the default seed and the variable's path decide.
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return random.truncated_normal(shape, self.mean, self.stddev, dtype, self._stream())


class Orthogonal(Drawn):
    """`gain` times a matrix with orthonormal rows or columns, evenly distributed.

    Source: A. M. Saxe, J. L. McClelland and S. Ganguli, Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks, ICLR 2014.

    Axes before the last count as rows. Made by a QR decomposition on the host, for the same bits everywhere.

    Parameters
    ----------
    gain : float
        The factor.
    seed : int or SeedGenerator, optional
        An int gives the same numbers at every call. Without it the default seed and the variable's path decide.
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        super().__init__(seed)
        self.gain = number("gain", gain)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        shape = new_shape(shape)
        if len(shape) < 2:
            raise ValueError(f"Orthogonal needs a shape of two or more axes, received {shape}.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        draw = random.normal((max(rows, columns), min(rows, columns)), dtype="float64", seed=self._stream())
        q, r = np.linalg.qr(draw.numpy())
        q = q * np.sign(np.diagonal(r))
        values = self.gain * np.reshape(q if rows >= columns else q.T, shape)
        return ops.convert_to_tensor(values, dtypes.standardize(dtype or "float"))
