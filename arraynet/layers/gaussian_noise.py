"""Noise that regularises."""

from typing import Any

from arraynet import ops, random
from arraynet.checks import number
from arraynet.layers.elementwise import Elementwise

__all__ = ["GaussianNoise"]


class GaussianNoise(Elementwise):
    """In training, add normally distributed noise.

    Parameters
    ----------
    stddev : float
        The standard deviation of the noise, not negative; 0 adds nothing.
    seed : int, optional
        See `Dropout`.
    **kwargs
        Those of `Layer`.

    Raises
    ------
    ValueError
        `stddev` is negative or no number.
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev, self.seed = number("GaussianNoise: stddev", stddev, 0), seed

    def build(self, input_shape: Any) -> None:
        self.add_seed_generator(self.seed)

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or not self.stddev:
            return inputs
        noise = random.normal(inputs.shape, stddev=self.stddev, dtype=self.compute_dtype, seed=self.seed_generator)
        return ops.add(inputs, noise)
