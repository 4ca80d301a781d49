"""Joining and splitting, repeating and padding: windows and copies, so the derivatives are their opposites."""

from collections.abc import Sequence
from itertools import accumulate
from itertools import pairwise as neighbours
from typing import Any

import numpy as np

from arraynet.checks import choice
from arraynet.dispatch import op
from arraynet.operands import operands
from arraynet.ops.shape import (
    broadcast_to,
    checked_axis,
    concatenate,
    expand_dims,
    joined,
    ravel,
    reshape,
    several,
    stacked,
    static_shape,
    widen,
)
from arraynet.ops.taking import take
from arraynet.tensor import Tensor, as_tensor
from arraynet.variable import Variable

__all__ = ["append", "array_split", "dsplit", "dstack", "hsplit", "hstack", "meshgrid", "pad", "repeat",
           "split", "tile", "unstack", "vsplit", "vstack"]  # fmt: skip


def _at_least(ndim: int, xs: Any) -> list[Any]:
    """Arrays with new axes of length 1, as `numpy.atleast_1d` to `atleast_3d` place them."""
    new = {(1, 0): 0, (2, 0): (0, 1), (2, 1): 0, (3, 0): (0, 1, 2), (3, 1): (0, 2), (3, 2): 2}
    return [expand_dims(x, new[ndim, x.ndim]) if x.ndim < ndim else x for x in operands(*xs)]


def hstack(xs: Any) -> Any:
    """Return arrays joined along the second axis, or the first if they have one only."""
    arrays = _at_least(1, several("hstack", xs))
    return concatenate(arrays, axis=0 if arrays[0].ndim == 1 else 1)


def vstack(xs: Any) -> Any:
    """Return arrays joined along the first axis; those of one axis count as rows."""
    return concatenate(_at_least(2, several("vstack", xs)), axis=0)


def dstack(xs: Any) -> Any:
    """Return arrays joined along the third axis, which those without get at the end."""
    return concatenate(_at_least(3, several("dstack", xs)), axis=2)


def append(x1: Any, x2: Any, axis: int | None = None) -> Any:
    """Return `x2` joined to the end of `x1` along an axis, both as one axis without it."""
    both = operands(x1, x2)
    return concatenate(both, axis=axis) if axis is not None else concatenate([ravel(x) for x in both])


@op(promote=None, name="split")
def _split(xp: Any, x: Any, /, points: tuple[int, ...], axis: int) -> Any:
    whole = (slice(None),) * axis
    return tuple(x[(*whole, slice(start, stop), ...)] for start, stop in neighbours(points))


_split.defvjp(x=lambda g, axis: joined(*g, axis=axis))


def _points(n: int, cuts: Any) -> tuple[int, ...]:
    """Where the pieces of an axis of length `n` start, cut at the given places, and where the last one ends."""
    inner = [min(c + n if c < 0 else c, n) for c in static_shape(cuts)]
    return tuple(accumulate([0, *inner, n], max))


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Return an axis cut into so many equal parts, or before each of the given places.

    Raises
    ------
    ValueError
        The axis cannot be cut into that many equal parts; `array_split` can.
    """
    (x,) = operands(x)
    axis = checked_axis(axis, x.ndim)
    n = x.shape[axis]
    if not isinstance(indices_or_sections, int | np.integer):
        return list(_split(x, _points(n, indices_or_sections), axis))
    parts = int(indices_or_sections)
    if parts < 1 or n % parts:
        raise ValueError(f"split: axis {axis} of shape {x.shape} cannot be cut into {parts} equal parts.")
    return list(_split(x, tuple(range(0, n + 1, n // parts)) if n else (0,) * (parts + 1), axis))


def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Return an axis cut as by `split`, the first parts one longer where equal ones are not possible."""
    if not isinstance(indices_or_sections, int | np.integer):
        return split(x, indices_or_sections, axis)
    (x,), parts = operands(x), int(indices_or_sections)
    if parts < 1:
        raise ValueError(f"array_split: expected at least one part, received indices_or_sections={parts}.")
    length, longer = divmod(x.shape[checked_axis(axis, x.ndim)], parts)
    return split(x, [k * length + min(k, longer) for k in range(1, parts)], axis)


def hsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Return the second axis cut as by `split`, or the first if it is the only one."""
    (x,) = operands(x)
    return split(x, indices_or_sections, axis=1 if x.ndim > 1 else 0)


def vsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Return the first axis cut as by `split`."""
    return split(x, indices_or_sections, axis=0)


def dsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Return the third axis cut as by `split`."""
    return split(x, indices_or_sections, axis=2)


@op(promote=None, name="unstack")
def _unstack(xp: Any, x: Any, /, axis: int) -> Any:
    return tuple(xp.unstack(x, axis=axis))


_unstack.defvjp(x=lambda g, axis: stacked(*g, axis=axis))


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """Return the slices along an axis, without it; `num` is its length, if given."""
    (x,) = operands(x)
    axis = checked_axis(axis, x.ndim)
    if num is not None and num != x.shape[axis]:
        raise ValueError(f"unstack: num={num}, but axis {axis} of shape {x.shape} has length {x.shape[axis]}.")
    return list(_unstack(x, axis)) if x.shape[axis] else []


def tile(x: Any, repeats: Any) -> Any:
    """Return copies of `x` laid side by side, `repeats` of them along each of the last axes."""
    (x,), counts = operands(x), static_shape(repeats)
    ndim = max(x.ndim, len(counts))
    lengths, counts = (1,) * (ndim - x.ndim) + x.shape, (1,) * (ndim - len(counts)) + counts
    pairs = list(zip(counts, lengths, strict=True))
    single = reshape(x, [k for _, n in pairs for k in (1, n)])
    return reshape(broadcast_to(single, [k for pair in pairs for k in pair]), [c * n for c, n in pairs])


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Return each element along an axis repeated, as often as `repeats` says for all or for each.

    Without `axis`, of `ravel`. A sequence of repeats decides the shape, so its values are fetched.
    """
    (x,) = operands(x)
    if axis is None:
        x, axis = ravel(x), 0
    axis = checked_axis(axis, x.ndim)
    n = x.shape[axis]
    counts = static_shape(repeats.numpy() if isinstance(repeats, Tensor | Variable) else repeats)
    if len(counts) not in (1, n) or min(counts, default=0) < 0:
        raise ValueError(f"repeat: repeats={repeats!r} is neither a count nor one for each of {n} elements.")
    if len(counts) > 1 or np.ndim(repeats):
        return take(x, np.repeat(np.arange(n), counts), axis=axis)
    single = expand_dims(x, axis + 1)
    copies = broadcast_to(single, (*x.shape[: axis + 1], counts[0], *x.shape[axis + 1 :]))
    return reshape(copies, (*x.shape[:axis], n * counts[0], *x.shape[axis + 1 :]))


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """Return `x` with more elements around it.

    Parameters
    ----------
    x : Tensor
        Of any shape.
    pad_width : int, pair, or sequence of pairs
        How many before and after, on every axis or on each.
    mode : {"constant", "edge", "reflect", "symmetric", "wrap"}
        What they are: a constant; the outermost element; a mirror image without or with the
        outermost element; the opposite end.
    constant_values : number, optional
        The constant, 0 without it; refused in the other modes.
    """
    x = as_tensor(x)
    choice("pad: mode", mode, ("constant", "edge", "reflect", "symmetric", "wrap"))
    if constant_values is not None and mode != "constant":
        raise ValueError(f"pad: constant_values is for mode='constant', received it with mode={mode!r}.")
    if isinstance(constant_values, Tensor | Variable | str) or np.ndim(constant_values):
        raise TypeError(f"pad: constant_values is one number of Python's or NumPy's, received {constant_values!r}.")
    for axis, (before, after) in enumerate(_widths(pad_width, x.ndim)):
        if mode != "constant":
            if not x.shape[axis] and (before or after):
                raise ValueError(
                    f"pad: axis {axis} of shape {x.shape} has no element that mode={mode!r} could repeat. Use "
                    f"mode='constant', or a pad_width of 0 there; received pad_width={pad_width}."
                )
            mirrored = np.pad(np.arange(x.shape[axis]), (before, after), mode=mode)  # type: ignore[call-overload]
            x = take(x, mirrored, axis=axis) if before or after else x
        elif before or after:
            x = widen(x, axis, before, after, constant_values or 0)
    return x


def _widths(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    """A width for both ends of every axis."""
    try:
        pairs = np.broadcast_to(np.asarray(pad_width), (ndim, 2))
    except ValueError as error:
        raise ValueError(f"pad: pad_width={pad_width} is no pair for each of {ndim} axes.") from error
    if pairs.dtype.kind not in "iu" or (pairs < 0).any():
        raise ValueError(f"pad: pad_width must be whole numbers from 0 on, received {pad_width}.")
    return [(int(before), int(after)) for before, after in pairs]


def meshgrid(*x: Any, indexing: str = "xy") -> list[Any]:
    """Return the coordinates of a grid, one array per vector; "xy" exchanges the first two axes."""
    choice("meshgrid: indexing", indexing, ("xy", "ij"))
    vectors = [ravel(v) for v in operands(*x)]
    axes = list(range(len(vectors)))
    if indexing == "xy" and len(axes) > 1:
        axes[:2] = 1, 0
    shape = [vectors[axis].size for axis in axes]
    return [
        broadcast_to(reshape(v, _only(axis, v.size, len(axes))), shape) for axis, v in zip(axes, vectors, strict=True)
    ]


def _only(axis: int, n: int, ndim: int) -> Sequence[int]:
    """A shape of length 1 but for one axis."""
    return [n if k == axis else 1 for k in range(ndim)]
