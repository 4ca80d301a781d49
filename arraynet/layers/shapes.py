"""Shapes with unknown axes, one or several at a time, and the output shape of a layer that cannot tell it.

A layer without a `compute_output_shape` of its own is run on zeros, twice, with two lengths in the place of
every unknown axis; an axis of the output that differs between the two runs is unknown as well.
"""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from arraynet import ops
from arraynet.autodiff.tape import tapes_paused
from arraynet.checks import plain_int, warn
from arraynet.layers.trying import untouched
from arraynet.registry import Configured, arguments
from arraynet.tree import flatten, map_structure, unflatten

__all__ = ["batch_shape", "build_shapes", "is_shape", "map_shapes", "probed_shape", "shape_from", "shape_tuple"]
__all__ += ["weight_shape", "zeros_of"]

UNKNOWN = (2, 3)


def is_shape(x: Any) -> bool:
    """Tell whether `x` is one shape and not a structure of several."""
    return isinstance(x, tuple | list) and all(n is None or isinstance(plain_int(n), int) for n in x)


def map_shapes(function: Callable[[Any], Any], x: Any) -> Any:
    """Return a function of a shape, or of each one in a list, tuple or dict of shapes; tuples become lists."""
    if is_shape(x):
        return function(x)
    if isinstance(x, dict):
        return {key: map_shapes(function, value) for key, value in x.items()}
    if isinstance(x, list | tuple):
        return [map_shapes(function, value) for value in x]
    raise ValueError(f"A shape is a tuple of ints and None, such as (None, 784), received {x!r}.")


def shape_tuple(x: Any) -> Any:
    """Return a shape, or each one of a structure, as a tuple."""
    return map_shapes(lambda shape: tuple(map(plain_int, shape)), x)


def batch_shape(x: Any) -> Any:
    """Return a shape, or each one of a structure, with its first axis unknown."""
    return map_shapes(lambda shape: (None, *shape[1:]), x)


def weight_shape(x: Any) -> tuple[int, ...]:
    """Return the shape of a weight, which knows all of its axes, as a tuple; a single int is one axis."""
    if isinstance(x, str):
        raise ValueError(f"add_weight: shape comes first, received {x!r}; is that the name? Write name={x!r}.")
    x = plain_int(x)
    shape = tuple(map(plain_int, x)) if isinstance(x, Iterable) else (x,)
    if not all(isinstance(n, int) for n in shape):
        raise ValueError(
            f"add_weight: shape must be a tuple of ints, received {shape}. Axis 0 of an input_shape, the number of "
            f"samples, is None: take input_shape[-1]. Several inputs have a list of shapes: input_shape[0][-1]."
        )
    return shape


def build_shapes(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], first: Any) -> tuple[Any, dict[str, Any]]:
    """Return the shape of the first argument of a call, and by name the others that `build` takes: `b_shape` of `b`."""
    wanted = list(inspect.signature(layer.build).parameters)
    if len(wanted) < 2:
        return _shape(first), {}
    given = dict(zip(inspect.signature(layer.call).parameters, args, strict=False)) | kwargs
    shapes = {f"{name}_shape": _shape(x) for name, x in given.items() if x is not None and f"{name}_shape" in wanted}
    return shapes.pop(wanted[0], _shape(first)), shapes


def _shape(x: Any) -> Any:
    return map_structure(lambda leaf: getattr(leaf, "shape", None), x)


def shape_from(cls: type[Configured], keywords: dict[str, Any]) -> tuple[int | None, ...] | None:
    """Return the shape of a batch from Keras' old keywords `input_shape` and `input_dim`, which no layer names.

    Raises
    ------
    ValueError
        There are others; the message lists those that the class knows. Or it is no shape.
    """
    length = keywords.pop("input_dim", None)
    shape = keywords.pop("input_shape", None if length is None else (length,))
    if keywords:
        named = sorted(arguments(cls))
        raise ValueError(
            f"{cls.__name__} received unknown keywords: {', '.join(keywords)}. "
            f"It knows: {', '.join(dict.fromkeys([*named, *cls._kept]))}."
        )
    if shape is None:
        return None
    if not is_shape(shape):
        raise ValueError(f"{cls.__name__}: input_shape must be a tuple, such as (784,), received {shape!r}.")
    shape = shape_tuple(shape)
    warn(f"{cls.__name__}(input_shape={shape}): put Input(shape={shape}) in front of the layer instead.")
    return (None, *shape)


def probed_shape(layer: Any, input_shape: Any) -> Any:
    """Return the shape of a layer's output, or the structure of its outputs' shapes."""
    before = [(part, [*part._added], part._has_added) for part in layer._walk()]
    with tapes_paused(), untouched():
        one, other = (layer(zeros_of(input_shape, length, layer.compute_dtype), training=False) for length in UNKNOWN)
    layer._forget_added()  # losses of zeros are no one's
    for part, added, has_added in before:
        part._added, part._has_added = added, has_added
    shapes = [_merged(a.shape, b.shape) for a, b in zip(flatten(one), flatten(other), strict=True)]
    return unflatten(one, shapes)


def zeros_of(shape: Any, length: int, dtype: str) -> Any:
    """Return zeros of a shape, or of each one of a structure, with a length in the place of unknown axes."""
    return map_shapes(lambda one: ops.zeros([length if n is None else n for n in one], dtype), shape)


def _merged(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int | None, ...]:
    return tuple(a if a == b else None for a, b in zip(one, other, strict=True))
