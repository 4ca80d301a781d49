"""Shapes, joining and splitting: no arithmetic, so every derivative is another op of this file."""

import math
import operator
from collections.abc import Sequence
from typing import Any

from arraynet import dtypes
from arraynet.dispatch import op
from arraynet.tensor import Tensor, as_tensor

__all__ = ["broadcast_to", "cast", "concatenate", "expand_dims", "ones_like", "reshape", "squeeze", "stack",
           "transpose", "zeros_like"]  # fmt: skip


def static_shape(shape: Any) -> tuple[int, ...]:
    """Return a shape given as an int, a sequence of ints or a Tensor, as a tuple."""
    return (int(shape),) if isinstance(shape, int) else tuple(operator.index(n) for n in shape)


@op(promote=None, name="reshape")
def _reshape(xp: Any, x: Any, /, newshape: Any) -> Any:
    return xp.reshape(x, newshape)


_reshape.defvjp(x=lambda g, x: reshape(g, x.shape))


def reshape(x: Any, newshape: Any) -> Any:
    """Return `x` with another shape of as many elements; one length may be -1."""
    x = x if isinstance(x, Tensor) else as_tensor(x)
    shape = static_shape(newshape)
    known = math.prod(n for n in shape if n != -1)
    fits = x.size == known if -1 not in shape else known and x.size % known == 0 and shape.count(-1) == 1
    if not fits and not (x.size == 0 and -1 not in shape and known == 0):
        raise ValueError(f"reshape: {x.size} elements of shape {x.shape} do not fit newshape={shape}.")
    return _reshape(x, shape)


@op(promote=None)
def transpose(xp: Any, x: Any, /, axes: Any = None) -> Any:
    """Return `x` with its axes in another order, reversed without `axes`."""
    return xp.permute_dims(x, axes or tuple(range(x.ndim))[::-1])


transpose.defvjp(x=lambda g, axes: transpose(g, axes=axes and _inverse(axes)))


def _inverse(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted(range(len(axes)), key=lambda k: axes[k] % len(axes)))


@op(promote=None)
def broadcast_to(xp: Any, x: Any, /, shape: Any) -> Any:
    """Return `x` repeated along new axes, and along those of length 1, to a shape."""
    return xp.broadcast_to(x, tuple(shape))


broadcast_to.defvjp(x=lambda g: g)  # the reverse pass undoes broadcasting


@op(promote=None)
def expand_dims(xp: Any, x: Any, /, axis: Any) -> Any:
    """Return `x` with a new axis of length 1 at each position of `axis`."""
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    ndim = x.ndim + len(axes)
    for a in sorted(a + ndim if a < 0 else a for a in axes):
        x = xp.expand_dims(x, axis=a)
    return x


expand_dims.defvjp(x=lambda g, x: reshape(g, x.shape))


@op(promote=None)
def squeeze(xp: Any, x: Any, /, axis: Any = None) -> Any:
    """Return `x` without axes of length 1: those named, or all."""
    if axis is None:
        axis = tuple(k for k, n in enumerate(x.shape) if n == 1)
    return xp.squeeze(x, axis=axis)


squeeze.defvjp(x=lambda g, x: reshape(g, x.shape))


@op(name="concatenate")
def _concatenate(xp: Any, *xs: Any, axis: int = 0) -> Any:
    return xp.concat(xs, axis=axis)


def concatenate(xs: Any, axis: int = 0) -> Any:
    """Return arrays joined along an axis that they have."""
    return _concatenate(*xs, axis=axis)


@op(promote=None)
def narrow(xp: Any, x: Any, /, axis: int, start: int, stop: int) -> Any:
    """Return the part of an axis from `start` to `stop`."""
    return x[(slice(None),) * (axis % x.ndim) + (slice(start, stop),)]


@op(promote=None)
def widen(xp: Any, x: Any, /, axis: int, before: int, after: int) -> Any:
    """Return `x` with zeros before and after it along an axis."""
    axis = axis % x.ndim
    shape = [(*x.shape[:axis], n, *x.shape[axis + 1 :]) for n in (before, after)]
    return xp.concat([xp.zeros(shape[0], dtype=x.dtype), x, xp.zeros(shape[1], dtype=x.dtype)], axis=axis)


narrow.defvjp(x=lambda g, x, axis, start, stop: widen(g, axis, start, x.shape[axis] - stop))
widen.defvjp(x=lambda g, x, axis, before, after: narrow(g, axis, before, before + x.shape[axis]))


def grad_concatenate(g: Any, index: int, xs: Any, axis: int) -> Any:
    start = builtins_sum(x.shape[axis] for x in xs[:index])
    return narrow(g, axis, start, start + xs[index].shape[axis])


builtins_sum = sum
_concatenate.defvjp(xs=grad_concatenate)


@op(name="stack")
def _stack(xp: Any, *xs: Any, axis: int = 0) -> Any:
    return xp.stack(xs, axis=axis)


def stack(x: Any, axis: int = 0) -> Any:
    """Return arrays of one shape joined along a new axis."""
    return _stack(*x, axis=axis)


_stack.defvjp(xs=lambda g, index, xs, axis: reshape(narrow(g, axis, index, index + 1), xs[index].shape))


@op(promote=None, name="cast")
def _cast(xp: Any, x: Any, /, dtype: str) -> Any:
    return xp.astype(x, getattr(xp, dtype))


_cast.defvjp(x=lambda g: g)  # the reverse pass undoes casts


def cast(x: Any, dtype: Any) -> Any:
    """Return `x` in another dtype; from float to integer it is cut towards zero."""
    x, name = x if isinstance(x, Tensor) else as_tensor(x), dtypes.standardize(dtype)
    return x if x.dtype.name == name else _cast(x, name)


@op(promote=None, name="zeros_like")
def _zeros_like(xp: Any, x: Any, /, dtype: str | None = None) -> Any:
    return xp.zeros_like(x, dtype=dtype and getattr(xp, dtype))


def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Return zeros in the shape of `x`, and in its dtype unless another is named."""
    return _zeros_like(x, dtype and dtypes.standardize(dtype))


@op(promote=None, name="ones_like")
def _ones_like(xp: Any, x: Any, /, dtype: str | None = None) -> Any:
    return xp.ones_like(x, dtype=dtype and getattr(xp, dtype))


def ones_like(x: Any, dtype: Any = None) -> Any:
    """Return ones in the shape of `x`, and in its dtype unless another is named."""
    return _ones_like(x, dtype and dtypes.standardize(dtype))
