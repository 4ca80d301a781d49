"""Standardisation of the data by statistics taken once, before training."""

import math
from collections.abc import Iterable
from typing import Any

from arraynet import config, ops
from arraynet.checks import flag, ints
from arraynet.layers.elementwise import Elementwise
from arraynet.ops.shape import checked_axes
from arraynet.plugins import use_backend
from arraynet.tensor import Tensor, as_tensor

__all__ = ["Normalization"]


class Normalization(Elementwise):
    """``(inputs - mean) / sqrt(variance)``, with mean and variance given or taken from data by `adapt`.

    Parameters
    ----------
    axis : int, sequence of int or None
        The axes that have statistics of their own; None has one mean and one variance for all.
    mean, variance : array or float, optional
        The statistics, both or neither, in a shape that broadcasts to that of the axes.
    invert : bool
        Whether to undo the standardisation instead.
    **kwargs
        Those of `Layer`.

    Raises
    ------
    ValueError
        Only one of `mean` and `variance` is given; or, when built, the input lacks an axis or its length is not known.

    Examples
    --------
    >>> import arraynet
    >>> layer = arraynet.layers.Normalization(axis=None)
    >>> layer.adapt([[1.0], [3.0]])
    >>> layer([[5.0]])
    Tensor([[3.]], dtype=float32, backend=numpy)
    """

    def __init__(
        self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if (mean is None) != (variance is None):
            raise ValueError(f"Normalization: pass both mean and variance or neither, received {mean=}, {variance=}.")
        axes = axis if axis is None else ints("Normalization: axis", axis)
        self.axis = tuple(axes) if isinstance(axes, list) else axes
        self.mean, self.variance, self.invert = mean, variance, flag("Normalization: invert", invert)

    def build(self, input_shape: Any) -> None:
        rank = len(input_shape)
        kept = list(checked_axes(() if self.axis is None else self.axis, rank))
        if any(input_shape[axis] is None for axis in kept):
            raise ValueError(
                f"Layer {self.name!r} (Normalization) needs the lengths of its axes {kept}, received {input_shape}."
            )
        self._reduced = tuple(axis for axis in range(rank) if axis not in kept)
        shape = tuple(n if axis in kept else 1 for axis, n in enumerate(input_shape))
        lengths = tuple(input_shape[axis] for axis in sorted(kept))
        self.adapt_mean = self._statistic("mean", self.mean, "zeros", lengths, shape)
        self.adapt_variance = self._statistic("variance", self.variance, "ones", lengths, shape)

    def _statistic(self, name: str, value: Any, unknown: str, lengths: tuple[int, ...], shape: tuple[int, ...]) -> Any:
        """A Variable that broadcasts against the inputs, of a value that may be given for its own axes alone."""
        statistic = self.add_weight(shape, unknown, trainable=False, name=name)
        if value is not None:
            given = as_tensor(value, dtype=self.variable_dtype)
            if given.size != math.prod(shape):
                given = ops.broadcast_to(given, shape if given.ndim > len(lengths) else lengths)
            statistic.assign(ops.reshape(given, shape))
        return statistic

    def adapt(self, data: Any) -> None:
        """Take mean and variance from data, batch axis included, in the place of what was known before.

        Parameters
        ----------
        data : array, or iterable of batches
            The inputs; an iterable, also a list of arrays, yields batches of them, or tuples that begin with one.

        Raises
        ------
        ValueError
            The statistics were given to the constructor, there is no data, or a batch has other lengths than the first.
        """
        if self.mean is not None:
            raise ValueError(f"Layer {self.name!r} (Normalization) was given its mean and variance: nothing to adapt.")
        with use_backend(self._home((data,))):
            n, mean, variance = 0, 0.0, 0.0
            for batch in _batches(data):
                x = batch if isinstance(batch, Tensor) else as_tensor(batch, copy=False)
                if not x.size:
                    continue
                of_batch, spread = self._moments(x)
                n += x.size
                share, shift = x.size / n, of_batch - mean
                mean, variance = mean + share * shift, (1 - share) * (variance + share * shift * shift) + share * spread
            if not n:
                raise ValueError(f"Layer {self.name!r} (Normalization) was given no data to adapt to.")
            self.adapt_mean.assign(mean)
            self.adapt_variance.assign(variance)

    def _moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The mean and variance of a batch, the first of which builds the layer."""
        if not self.built:
            self.build(x.shape)
        mean, variance = ops.moments(ops.cast(x, self.variable_dtype), axes=self._reduced, keepdims=True)
        if mean.shape != self.adapt_mean.shape:
            raise ValueError(
                f"Layer {self.name!r} (Normalization) was built for inputs of shape {self._build_shape} "
                f"and cannot adapt to data of shape {x.shape}."
            )
        return mean, variance

    def call(self, inputs: Any) -> Any:
        inputs = self.cast(inputs)
        mean, deviation = self.cast(self.adapt_mean), ops.sqrt(self.cast(self.adapt_variance))
        deviation = ops.maximum(deviation, config.epsilon())
        return inputs * deviation + mean if self.invert else (inputs - mean) / deviation


def _batches(data: Any) -> Iterable[Any]:
    """The arrays that data consists of: itself, or what an iterable yields, of tuples the first."""
    plain = isinstance(data, list | tuple) and not (data and getattr(_inputs(data[0]), "shape", ()))
    return [data] if plain or hasattr(data, "shape") else map(_inputs, data)


def _inputs(batch: Any) -> Any:
    return batch[0] if isinstance(batch, tuple) else batch
