"""Noise that regularises."""

from typing import Any

from arraynet import ops, random
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
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(stddev, bool) or not isinstance(stddev, int | float) or stddev < 0:
            raise ValueError(f"GaussianNoise: stddev must be a number, 0 or more, received {stddev!r}.")
        self.stddev, self.seed = stddev, seed

    def build(self, input_shape: Any) -> None:
        self.add_seed_generator(self.seed)

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or not self.stddev:
            return inputs
        noise = random.normal(inputs.shape, stddev=self.stddev, dtype=self.compute_dtype, seed=self.seed_generator)
        return ops.add(inputs, noise)
