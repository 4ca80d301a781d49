"""Reversing, rolling and turning: the elements change places, and the derivative puts them back."""

from typing import Any

from arraynet.dispatch import op
from arraynet.operands import operands
from arraynet.ops.shape import checked_axes, checked_axis, integer, static_shape, swapaxes
from arraynet.tensor import as_tensor

__all__ = ["flip", "fliplr", "flipud", "roll", "rot90"]


@op(promote=None, name="flip")
def _flip(xp: Any, x: Any, /, axis: Any = None) -> Any:
    return xp.flip(x, axis=axis)


_flip.defvjp(x=lambda g, axis: _flip(g, axis))


def flip(x: Any, axis: Any = None) -> Any:
    """Return `x` in reverse order along axes, all without `axis`."""
    (x,) = operands(x)
    return _flip(x, None if axis is None else checked_axes(axis, x.ndim))


def fliplr(x: Any) -> Any:
    """Return `x` in reverse order along the second axis."""
    return flip(x, axis=1)


def flipud(x: Any) -> Any:
    """Return `x` in reverse order along the first axis."""
    return flip(x, axis=0)


@op(promote=None, name="roll")
def _roll(xp: Any, x: Any, /, shift: Any, axis: Any = None) -> Any:
    return xp.roll(x, shift, axis=axis)


def _back(shift: Any) -> Any:
    return -shift if isinstance(shift, int) else tuple(-s for s in shift)


_roll.defvjp(x=lambda g, shift, axis: _roll(g, _back(shift), axis))


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Return `x` moved on by `shift` places along axes, what falls off the end coming back at the start.

    Without `axis` the elements move in the order of `ravel`.
    """
    (x,) = operands(x)
    if axis is None:
        return _roll(x, integer("shift", shift))
    axes, shifts = tuple(checked_axis(a, x.ndim) for a in static_shape(axis)), static_shape(shift)
    return _roll(x, shifts * len(axes) if len(shifts) == 1 else shifts, axes)


def rot90(array: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Return `array` turned by `k` times 90 degrees in the plane of two axes, from the first to the second."""
    x = as_tensor(array)
    plane, quarter = checked_axes(axes, x.ndim), integer("k", k) % 4
    if len(plane) != 2:
        raise ValueError(f"rot90: a plane has two axes, received axes={axes!r}.")
    one, two = plane
    if quarter == 0:
        return x
    if quarter == 2:
        return flip(x, axis=(one, two))
    return flip(swapaxes(x, one, two), axis=one if quarter == 1 else two)
