"""Dropout."""

from typing import Any

import numpy as np

from arraynet import random
from arraynet.checks import number
from arraynet.layers.elementwise import Elementwise
from arraynet.layers.shapes import is_shape

__all__ = ["Dropout"]


class Dropout(Elementwise):
    """In training, set a share of the inputs to 0 and scale the others by ``1 / (1 - rate)``.

    Source: N. Srivastava and others, Dropout: a simple way to prevent neural networks from overfitting, Journal of
    Machine Learning Research 15, 2014. The output has the shape of the input.

    Parameters
    ----------
    rate : float
        The share that is dropped, from 0 to 1; 0 drops nothing.
    noise_shape : tuple of int or None, optional
        The shape of the mask, which is broadcast; None stands for the input's own length.
    seed : int, optional
        Of the layer's own random stream; without it the stream follows from the default seed and the layer's
        place in its model.
    **kwargs
        Those of `Layer`.

    Raises
    ------
    ValueError
        `rate` is not a number from 0 to 1, or `noise_shape` is no shape.

    Examples
    --------
    >>> from arraynet import layers, ops
    >>> drop = layers.Dropout(0.5, seed=1)
    >>> drop(ops.ones((1, 4)))  # not training
    Tensor([[1., 1., 1., 1.]], dtype=float32, backend=numpy)
    >>> sorted(set(drop(ops.ones((1, 100)), training=True).numpy()[0].tolist()))
    [0.0, 2.0]
    """

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = number("Dropout: rate", rate, 0, 1)
        noise_shape = noise_shape.tolist() if isinstance(noise_shape, np.ndarray) else noise_shape
        lengths = noise_shape if is_shape(noise_shape) else [0]
        if noise_shape is not None and any(n is not None and n < 1 for n in lengths):
            raise ValueError(
                f"Dropout: noise_shape must be a tuple of positive ints and None, such as (None, 1, 8), received "
                f"{noise_shape!r}."
            )
        self.noise_shape, self.seed = None if noise_shape is None else tuple(noise_shape), seed

    def build(self, input_shape: Any) -> None:
        self.add_seed_generator(self.seed)

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or not self.rate:
            return inputs
        return random.dropout(inputs, self.rate, self.noise_shape, seed=self.seed_generator)
