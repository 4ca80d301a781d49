"""Shapes, axes and joining: no arithmetic, so every derivative is another op of this file."""

import math
import operator
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from arraynet import dtypes
from arraynet.dispatch import op
from arraynet.operands import operands
from arraynet.tensor import Tensor, as_tensor
from arraynet.variable import Variable

__all__ = ["broadcast_to", "cast", "concatenate", "expand_dims", "moveaxis", "ndim", "ones_like", "ravel", "reshape",
           "shape", "size", "squeeze", "stack", "swapaxes", "transpose", "zeros_like"]  # fmt: skip


def within() -> str:
    """Return how an error begins: with the function of ops that was called; where that is an op, dispatch names it."""
    frame, name = sys._getframe(1), ""
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith("arraynet.ops."):
        name = f"{frame.f_code.co_name}: " if frame.f_code.co_name in frame.f_globals.get("__all__", ()) else name
        frame = frame.f_back
    return "" if frame.f_globals.get("__name__") == "arraynet.dispatch" else name  # what `exec` runs may have none


def integer(name: str, value: Any) -> int:
    """Return an int, of any library; a fraction is a TypeError that names the argument."""
    try:
        return operator.index(value)
    except TypeError as error:
        raise TypeError(f"{within()}{name} must be an int, received {value!r}.") from error


def static_shape(shape: Any) -> tuple[int, ...]:
    """Return a shape given as an int, a sequence of ints or a Tensor, as a tuple."""
    try:
        single = not isinstance(shape, tuple | list) and np.ndim(shape) == 0
        return tuple(map(operator.index, (shape,) if single else shape))
    except TypeError as error:
        raise TypeError(f"{within()}expected an int or a sequence of ints, received {shape!r}.") from error


def new_shape(shape: Any) -> tuple[int, ...]:
    """Return the shape of an array to be made: no length of it is negative."""
    lengths = static_shape(shape)
    if min(lengths, default=0) < 0:
        raise ValueError(f"{within()}a shape has no negative lengths, received {shape!r}.")
    return lengths


def checked_axis(axis: Any, ndim: int) -> int:
    """Return an axis counted from 0, or say why there is none."""
    number = integer("axis", axis)
    if not -ndim <= number < ndim:
        raise ValueError(f"{within()}axis={number} is out of range: an array of {ndim} axes has {-ndim} to {ndim - 1}.")
    return number % ndim


def checked_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return one axis or several, all different, counted from 0."""
    axes = tuple(checked_axis(a, ndim) for a in static_shape(axis))
    if len(set(axes)) < len(axes):
        raise ValueError(f"{within()}axis={axis} names one of {ndim} axes twice.")
    return axes


def shape(x: Any) -> tuple[int, ...]:
    """Return the axes' lengths as a tuple."""
    return operands(x)[0].shape


def ndim(x: Any) -> int:
    """Return the number of axes."""
    return operands(x)[0].ndim


def size(x: Any) -> int:
    """Return the number of elements."""
    return operands(x)[0].size


@op(promote=None, name="reshape")
def _reshape(xp: Any, x: Any, /, newshape: Any) -> Any:
    return xp.reshape(x, newshape)


_reshape.defvjp(x=lambda g, x: reshape(g, x.shape))


def reshape(x: Any, newshape: Any) -> Any:
    """Return `x` with another shape of as many elements; one length may be -1."""
    (x,) = operands(x)
    shape = static_shape(newshape)
    if math.prod(shape) == x.size and min(shape, default=0) >= 0:
        return _reshape(x, shape)
    known = math.prod(n for n in shape if n != -1)
    if shape.count(-1) != 1 or known <= 0 or x.size % known:
        raise ValueError(f"reshape: {x.size} elements of shape {x.shape} do not fit newshape={shape}.")
    return _reshape(x, tuple(x.size // known if n == -1 else n for n in shape))


def ravel(x: Any) -> Any:
    """Return the elements along one axis, the last axis running fastest."""
    return reshape(x, -1)


@op(promote=None, name="transpose")
def _transpose(xp: Any, x: Any, /, axes: Any = None) -> Any:
    return xp.permute_dims(x, tuple(range(x.ndim))[::-1] if axes is None else axes)


_transpose.defvjp(x=lambda g, axes: _transpose(g, axes if axes is None else _inverse(axes)))


def _inverse(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted(range(len(axes)), key=lambda k: axes[k]))


def transpose(x: Any, axes: Any = None) -> Any:
    """Return `x` with its axes in another order, reversed without `axes`."""
    (x,) = operands(x)
    if axes is not None:
        axes = checked_axes(tuple(axes) if hasattr(axes, "__iter__") else axes, x.ndim)
        if len(axes) != x.ndim:
            raise ValueError(f"transpose: axes={axes} must name each of the {x.ndim} axes of shape {x.shape} once.")
    return _transpose(x, axes)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Return `x` with some axes moved elsewhere, the others in their order."""
    (x,) = operands(x)
    moved, places = checked_axes(source, x.ndim), checked_axes(destination, x.ndim)
    if len(moved) != len(places):
        raise ValueError(f"moveaxis: source={source} and destination={destination} must be of one length.")
    order = [k for k in range(x.ndim) if k not in moved]
    for place, axis in sorted(zip(places, moved, strict=True)):
        order.insert(place, axis)
    return _transpose(x, tuple(order))


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Return `x` with two axes exchanged."""
    (x,) = operands(x)
    order = list(range(x.ndim))
    a, b = checked_axis(axis1, x.ndim), checked_axis(axis2, x.ndim)
    order[a], order[b] = b, a
    return _transpose(x, tuple(order))


@op(promote=None, name="broadcast_to")
def _broadcast_to(xp: Any, x: Any, /, shape: Any) -> Any:
    return xp.broadcast_to(x, shape)


_broadcast_to.defvjp(x=lambda g: g)  # the reverse pass undoes broadcasting


def broadcast_to(x: Any, shape: Any) -> Any:
    """Return `x` repeated along new axes, and along those of length 1, to a shape."""
    return _broadcast_to(x, static_shape(shape))


@op(promote=None, name="expand_dims")
def _expand_dims(xp: Any, x: Any, /, axis: tuple[int, ...]) -> Any:
    for a in sorted(axis):
        x = xp.expand_dims(x, axis=a)
    return x


_expand_dims.defvjp(x=lambda g, axis: squeeze(g, axis))


def expand_dims(x: Any, axis: Any) -> Any:
    """Return `x` with a new axis of length 1 at each position of `axis`, counted in the result."""
    (x,) = operands(x)
    return _expand_dims(x, checked_axes(axis, x.ndim + len(static_shape(axis))))


@op(promote=None, name="squeeze")
def _squeeze(xp: Any, x: Any, /, axis: tuple[int, ...]) -> Any:
    return xp.squeeze(x, axis=axis)


_squeeze.defvjp(x=lambda g, axis: expand_dims(g, axis))


def squeeze(x: Any, axis: Any = None) -> Any:
    """Return `x` without axes of length 1: those named, or all."""
    (x,) = operands(x)
    axes = tuple(k for k, n in enumerate(x.shape) if n == 1) if axis is None else checked_axes(axis, x.ndim)
    if any(x.shape[a] != 1 for a in axes):
        raise ValueError(f"squeeze: axis={axis} of shape {x.shape} is not of length 1.")
    return _squeeze(x, axes)


@op(promote=None)
def narrow(xp: Any, x: Any, /, axis: int, start: int, stop: int) -> Any:
    """Return the part of an axis from `start` to `stop`."""
    return x[(slice(None),) * (axis % x.ndim) + (slice(start, stop), ...)]


@op(promote=None)
def widen(xp: Any, x: Any, /, axis: int, before: int, after: int, value: float = 0) -> Any:
    """Return `x` with a constant before and after it along an axis."""
    axis = axis % x.ndim
    parts = [
        xp.full((*x.shape[:axis], n, *x.shape[axis + 1 :]), value, dtype=x.dtype) if n else None
        for n in (before, after)
    ]
    parts = [part for part in (parts[0], x, parts[1]) if part is not None]
    return xp.concat(parts, axis=axis) if len(parts) > 1 else x


narrow.defvjp(x=lambda g, x, axis, start, stop: widen(g, axis, start, x.shape[axis] - stop))
widen.defvjp(x=lambda g, x, axis, before: narrow(g, axis, before, before + x.shape[axis]))


def several(name: str, xs: Any) -> tuple[Any, ...]:
    """The arrays to join, at least one."""
    parts = tuple(xs) if hasattr(xs, "__iter__") and not isinstance(xs, Variable) else ()
    if not parts:
        raise ValueError(f"{name}: expected a list of at least one array, received {xs!r}.")
    return parts


@op(name="concatenate")
def joined(xp: Any, *xs: Any, axis: int = 0) -> Any:
    return xp.concat(xs, axis=axis)


def concatenate(xs: Any, axis: int = 0) -> Any:
    """Return arrays joined along an axis that they have."""
    return joined(*several("concatenate", xs), axis=axis)


def _grad_concatenate(g: Any, index: int, xs: Any, axis: int) -> Any:
    axis = axis % g.ndim
    start = sum(x.shape[axis] for x in xs[:index])
    return narrow(g, axis, start, start + xs[index].shape[axis])


joined.defvjp(xs=_grad_concatenate)


@op(name="stack")
def stacked(xp: Any, *xs: Any, axis: int = 0) -> Any:
    kind = next(x.dtype for x in xs if hasattr(x, "dtype"))
    return xp.stack([x if hasattr(x, "dtype") else xp.asarray(x, dtype=kind) for x in xs], axis=axis)


def stack(x: Any, axis: int = 0) -> Any:
    """Return arrays of one shape joined along a new axis."""
    return stacked(*several("stack", x), axis=axis)


stacked.defvjp(xs=lambda g, index, xs, axis: reshape(narrow(g, axis, index, index + 1), xs[index].shape))


@op(promote=None, name="cast")
def _cast(xp: Any, x: Any, /, dtype: str) -> Any:
    return xp.astype(x, getattr(xp, dtype))


_cast.defvjp(x=lambda g: g)  # the reverse pass undoes casts


def cast(x: Any, dtype: Any) -> Any:
    """Return `x` in another dtype; from float to integer it is cut towards zero."""
    name = dtypes.standardize(dtype)
    if isinstance(x, Tensor):
        return x if x.dtype.name == name else _cast(x, name)
    with np.errstate(all="ignore"):  # as in an op, but the host's numbers are rounded once
        return as_tensor(x, dtype=name)


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
