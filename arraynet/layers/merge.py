"""Layers that combine several inputs element by element."""

from functools import reduce
from typing import Any

from arraynet import ops
from arraynet.layers.layer import Layer

__all__ = ["Add", "Average", "Maximum", "Merge", "Minimum", "Multiply", "Subtract"]


class Merge(Layer):
    """Combine a list of inputs, whose shapes broadcast, in order; a subclass says how two are combined.

    The output has the shape that all of them broadcast to: lengths of 1 are repeated, and so are axes that are missing,
    which are those behind the axis of the samples: no sample meets another one. Floating inputs are cast to the layer's
    dtype; others are promoted as in `ops.add`.

    Parameters
    ----------
    **kwargs
        Those of `Layer`.

    Raises
    ------
    ValueError
        When called: on one tensor and not on a list of two or more, or on shapes that do not broadcast.

    Examples
    --------
    >>> from arraynet import layers, ops
    >>> layers.Add()([ops.ones((2, 4, 8)), ops.ones((2, 1, 8))]).shape
    (2, 4, 8)
    >>> layers.Add()([ops.ones((2, 4, 8)), ops.ones((2, 8))]).shape
    (2, 4, 8)
    """

    def build(self, input_shape: Any) -> None:
        if not isinstance(input_shape, list) or len(input_shape) < 2:
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) is called on a list of two inputs or more, received "
                f"one of shape {input_shape}: layer([a, b])."
            )

    def call(self, inputs: Any) -> Any:
        return reduce(self.combined, _aligned(inputs))

    def combined(self, a: Any, b: Any) -> Any:
        """Return two inputs combined."""
        raise TypeError(f"{type(self).__name__} does not define combined(self, a, b).")

    def compute_output_shape(self, input_shape: Any) -> Any:
        rank = max(len(shape) for shape in input_shape)
        aligned = [(*shape[:1], *(1,) * (rank - len(shape)), *shape[1:]) for shape in input_shape]
        return tuple(_broadcast(lengths) for lengths in zip(*aligned, strict=True))


def _aligned(inputs: list[Any]) -> list[Any]:
    """Inputs of one rank, the axis of the samples first in each; a single number goes with all of them."""
    rank = max(x.ndim for x in inputs)
    return [ops.expand_dims(x, tuple(range(1, 1 + rank - x.ndim))) if 0 < x.ndim < rank else x for x in inputs]


def _broadcast(lengths: tuple[int | None, ...]) -> int | None:
    longer = [n for n in lengths if n != 1]
    known = [n for n in longer if n is not None]
    return known[0] if known else None if longer else 1


class Add(Merge):
    """The sum of the inputs; their shapes are as for `Merge`."""

    combined = staticmethod(ops.add)


class Subtract(Merge):
    """The first input minus the second; their shapes are as for `Merge`.

    Raises
    ------
    ValueError
        When called: there are not two of them.
    """

    def call(self, inputs: Any) -> Any:
        if len(inputs) != 2:
            raise ValueError(f"Subtract is called on a list of two inputs, received {len(inputs)}.")
        return ops.subtract(*_aligned(inputs))


class Multiply(Merge):
    """The product of the inputs; their shapes are as for `Merge`."""

    combined = staticmethod(ops.multiply)


class Average(Merge):
    """The mean of the inputs; their shapes are as for `Merge`."""

    def call(self, inputs: Any) -> Any:
        return ops.true_divide(reduce(ops.add, _aligned(inputs)), len(inputs))


class Maximum(Merge):
    """The largest of the inputs, element by element; their shapes are as for `Merge`."""

    combined = staticmethod(ops.maximum)


class Minimum(Merge):
    """The smallest of the inputs, element by element; their shapes are as for `Merge`."""

    combined = staticmethod(ops.minimum)
