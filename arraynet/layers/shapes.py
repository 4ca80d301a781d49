"""Shapes with unknown axes, one or several at a time, and the output shape of a layer that cannot tell it.

A layer without a `compute_output_shape` of its own is run on zeros, twice, with two lengths in the place of
every unknown axis; an axis of the output that differs between the two runs is unknown as well.
"""

from typing import Any

from arraynet import ops
from arraynet.autodiff.tape import tapes_paused
from arraynet.tree import flatten, unflatten

__all__ = ["batch_shape", "is_shape", "probed_shape", "shape_tuple", "zeros_of"]

UNKNOWN = (2, 3)


def is_shape(x: Any) -> bool:
    """Tell whether `x` is one shape and not a structure of several."""
    return isinstance(x, tuple | list) and all(n is None or isinstance(n, int) for n in x)


def shape_tuple(x: Any) -> Any:
    """Return a shape, or a list, tuple or dict of shapes, with every shape as a tuple."""
    if is_shape(x):
        return tuple(x)
    if isinstance(x, dict):
        return {key: shape_tuple(value) for key, value in x.items()}
    if isinstance(x, list | tuple):
        return [shape_tuple(value) for value in x]
    raise ValueError(f"A shape is a tuple of ints and None, such as (None, 784), received {x!r}.")


def batch_shape(x: Any) -> Any:
    """Return a shape, or each one of a structure, with its first axis unknown."""
    if is_shape(x):
        return (None, *x[1:])
    if isinstance(x, dict):
        return {key: batch_shape(value) for key, value in x.items()}
    return [batch_shape(value) for value in x]


def probed_shape(layer: Any, input_shape: Any) -> Any:
    """Return the shape of a layer's output, or the structure of its outputs' shapes."""
    with tapes_paused():
        one, other = (layer(zeros_of(input_shape, length, layer.compute_dtype), training=False) for length in UNKNOWN)
    shapes = [_merged(a.shape, b.shape) for a, b in zip(flatten(one), flatten(other), strict=True)]
    return unflatten(one, shapes)


def zeros_of(shape: Any, length: int, dtype: str) -> Any:
    """Return zeros of a shape, or of each one of a structure, with a length in the place of unknown axes."""
    if is_shape(shape):
        return ops.zeros([length if n is None else n for n in shape], dtype)
    if isinstance(shape, dict):
        return {key: zeros_of(value, length, dtype) for key, value in shape.items()}
    return [zeros_of(value, length, dtype) for value in shape]


def _merged(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int | None, ...]:
    return tuple(a if a == b else None for a, b in zip(one, other, strict=True))
