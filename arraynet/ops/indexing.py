"""``x[key]``: first a window, made of integers and slices, then one `take` for all index arrays together.

The window's key is static, a tuple of tuples that programs can be keyed by; index arrays are inputs. The
derivative of a window is the gradient with zeros around and between, that of the take one `index_add`.
"""

import math
from types import EllipsisType
from typing import Any

import numpy as np

from arraynet.dispatch import op
from arraynet.dtypes import host_array
from arraynet.operands import operands
from arraynet.ops.shape import integer, moveaxis, new_shape, ravel, reshape, transpose, widen
from arraynet.ops.taking import linear_index, nonzero, take, take_valid, valid_index, where
from arraynet.tensor import Tensor, stacked
from arraynet.variable import Variable

__all__ = ["get_item", "slice", "slice_update"]

slice_type = type(np.s_[:])  # this module's own `slice` is Keras'
WHOLE = slice_type(None)


def _python(part: Any) -> Any:
    """A part of a window's key in Python's terms."""
    return slice_type(part[0], part[1] if part[1] >= 0 else None, part[2]) if isinstance(part, tuple) else part


@op(promote=None)
def window(xp: Any, x: Any, /, key: tuple[Any, ...]) -> Any:
    """Return the part of `x` at an int or (start, stop, step) for every axis; None makes a new one."""
    return x[tuple(map(_python, key))]


@op(promote=None)
def unwindow(xp: Any, g: Any, /, key: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    """Return zeros of a shape with `g` in the window that a key names: the opposite of `window`."""
    parts = [(part, part + 1, 1) if isinstance(part, int) else part for part in key if part is not None]
    g = xp.reshape(g, tuple(len(range(*part)) for part in parts))
    for axis, part in enumerate(parts):
        g = _spread(xp, g, axis, part, shape[axis])
    return g


def _spread(xp: Any, g: Any, axis: int, part: tuple[int, int, int], n: int) -> Any:
    """Lay an axis out over length `n` as ``part`` took it, with zeros elsewhere."""
    start, _, step = part
    m = g.shape[axis]
    if step < 0:
        g, start, step = xp.flip(g, axis=axis), start + (m - 1) * step, -step
    if step > 1 and m > 1:
        before, after = g.shape[:axis], g.shape[axis + 1 :]
        gaps = xp.zeros((*before, m, step - 1, *after), dtype=g.dtype)
        g = xp.concat([xp.expand_dims(g, axis=axis + 1), gaps], axis=axis + 1)
        g = xp.reshape(g, (*before, m * step, *after))[(WHOLE,) * axis + (slice_type(0, (m - 1) * step + 1), ...)]
    return widen.form(xp, g, axis, start, n - start - g.shape[axis])


window.defvjp(x=lambda g, x, key: unwindow(g, key=key, shape=x.shape))
unwindow.defvjp(g=lambda g, key: window(g, key=key))


def get_item(x: Any, key: Any) -> Any:
    """Return ``x[key]`` with NumPy's rules: ints, slices, None, Ellipsis, integer arrays, boolean masks.

    Raises
    ------
    IndexError
        An index known on the host is out of range, a mask has another shape than its axes, or there are
        too many indices. Indices in a Tensor are not looked at.
    """
    given, (x,) = x, operands(x)
    parts, arrays, target = _Plan(x.shape, key).result()
    whole = x is given and parts == tuple((0, n, 1) for n in x.shape)
    basic = x if whole else window(x, key=parts)
    return _gathered(basic, arrays, target) if arrays else basic


class _Plan:
    """What a key asks for: a window, and index arrays into the window's axes."""

    def __init__(self, shape: tuple[int, ...], key: Any) -> None:
        self.shape, self.axis, self.out = shape, 0, 0  # the next axis of x, and of its window
        self.parts: list[Any] = []
        self.arrays: list[tuple[int, int, Any]] = []  # first axis in the window, how many, index
        self.places: list[tuple[int, int]] = []  # of ints and arrays: in the key, in the window
        items = [_normal(item) for item in (key if isinstance(key, tuple) else (key,))]
        for place, item in enumerate(self._filled(items)):
            self._add(place, item)

    def result(self) -> tuple[tuple[Any, ...], list[tuple[int, int, Any]], int]:
        """Return the window's key, the index arrays, and where the axes they make stand in the result.

        NumPy's rule: in place if ints and arrays stand side by side in the key, else in front.
        """
        places = [place for place, _ in self.places]
        together = not places or places[-1] - places[0] == len(places) - 1
        return tuple(self.parts), self.arrays, self.places[0][1] if places and together else 0

    def _filled(self, items: list[Any]) -> list[Any]:
        """The items with whole slices for the Ellipsis and for axes that are not named."""
        used = sum(_consumed(item) for item in items)
        if used > len(self.shape):
            raise IndexError(f"Too many indices: {used} for an array of {len(self.shape)} axes, shape {self.shape}.")
        dots = [k for k, item in enumerate(items) if item is ...]
        if len(dots) > 1:
            raise IndexError("An index has at most one Ellipsis (...).")
        k = dots[0] if dots else len(items)
        whole: list[Any] = [WHOLE] * (len(self.shape) - used)
        return items[:k] + (whole or [...]) + items[k + 1 :]  # for no axes, it still sets index arrays apart

    def _add(self, place: int, item: Any) -> None:
        if item is ...:
            return
        if item is None:
            self.parts.append(None)
            self.out += 1
            return
        n = self.shape[self.axis] if _consumed(item) else 0
        if isinstance(item, slice_type):
            start, stop, step = item.indices(n)
            self.parts.append((start, stop, step) if range(start, stop, step) else (0, 0, 1))
            self.out += 1
        elif isinstance(item, int):
            self.places.append((place, self.out))
            self.parts.append(item if 0 <= item < n else int(valid_index(item, n, self.axis)))
        else:
            self.places.append((place, self.out))
            self._add_array(item, n)
        self.axis += _consumed(item)

    def _add_array(self, item: Any, n: int) -> None:
        axes = self.shape[self.axis : self.axis + _consumed(item)]
        if item.dtype.kind != "b":
            index = valid_index(item, n, self.axis)
        elif tuple(item.shape) == axes:
            index = np.flatnonzero(item) if isinstance(item, np.ndarray) else nonzero(ravel(item))[0]
        else:
            raise IndexError(
                f"A mask of shape {tuple(item.shape)} does not fit axes of shape {axes} (from {self.axis})."
            )
        self.arrays.append((self.out, len(axes), index))
        self.parts += [(0, length, 1) for length in axes]
        self.out += len(axes)


def _normal(item: Any) -> Any:
    """An item of a key as None, Ellipsis, int, slice, or array (of the host, or a Tensor)."""
    if item is None or isinstance(item, EllipsisType | slice_type):
        return item
    if isinstance(item, int | np.integer) and not isinstance(item, bool):
        return int(item)
    item = stacked(item)
    array = item.read() if isinstance(item, Variable) else item if isinstance(item, Tensor) else host_array(item)
    if isinstance(array, np.ndarray) and not array.size and not isinstance(item, np.ndarray):
        return array.astype(np.int64)  # an empty list
    if array.dtype.kind not in "iub":
        raise IndexError(f"Indices are ints, slices, None, ..., integer or boolean arrays; received {item!r}.")
    if array.dtype.kind == "b" and not array.ndim:
        raise IndexError("A single boolean is no index. Use ops.where(condition, x, y).")
    return int(array) if isinstance(array, np.ndarray) and not array.ndim else array


def _consumed(item: Any) -> int:
    """How many axes an item of a key is about."""
    if item is None or item is ...:
        return 0
    return item.ndim if not isinstance(item, int | slice_type) and item.dtype.kind == "b" else 1


def _gathered(x: Any, arrays: list[tuple[int, int, Any]], target: int) -> Any:
    """Take at index arrays, which may concern axes that stand apart, and put the new axes at `target`."""
    dims = tuple(math.prod(x.shape[axis : axis + m]) for axis, m, _ in arrays)
    axes = [a for axis, m, _ in arrays for a in range(axis, axis + m)]
    index, start = linear_index([i for *_, i in arrays], dims), axes[0]
    if axes != list(range(start, start + len(axes))):
        x = transpose(x, [*axes, *[a for a in range(x.ndim) if a not in axes]])
        start = 0
    if len(axes) > 1:
        x = reshape(x, (*x.shape[:start], math.prod(dims), *x.shape[start + len(axes) :]))
    taken, new = take_valid(x, index, axis=start), index.ndim
    if start == target:
        return taken
    return moveaxis(taken, tuple(range(start, start + new)), tuple(range(target, target + new)))


def _starts(name: str, start_indices: Any, lengths: tuple[int, ...], x: Tensor) -> list[Any]:
    """A start for every axis: an int if it is known on the host, else a Tensor, moved to where the part fits."""
    single = not isinstance(start_indices, tuple | list) and np.ndim(start_indices) == 0
    starts = [start_indices] if single else list(start_indices)
    if not len(starts) == len(lengths) == x.ndim:
        raise ValueError(
            f"{name}: expected a start and a length for each axis of shape {x.shape}, received {len(starts)} starts "
            f"and the lengths {lengths}."
        )
    for axis, (start, m, n) in enumerate(zip(starts, lengths, x.shape, strict=True)):
        if isinstance(start, Tensor):
            starts[axis] = where(start > 0, where(start > n - m, n - m, start), 0)
        elif not 0 <= integer("a start", start) <= n - m:
            raise ValueError(f"{name}: {m} elements from {start} do not fit into axis {axis} of length {n}.")
    return starts


def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    """Return the part of a given shape that starts at an index for each axis.

    Starts may be Tensors; then the part is moved inwards where it would stick out.
    """
    (x,), lengths = operands(inputs), new_shape(shape)
    parts = []
    for axis, (start, m) in enumerate(zip(_starts("slice", start_indices, lengths, x), lengths, strict=True)):
        if isinstance(start, Tensor):
            x, start = take(x, start + np.arange(m), axis=axis), 0
        parts.append((int(start), int(start) + m, 1))
    return window(x, key=tuple(parts))


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """Return `inputs` with the part that starts at an index for each axis replaced by `updates`."""
    x, new = operands(inputs, updates)
    inside: Any = True
    for axis, start in enumerate(_starts("slice_update", start_indices, new.shape, x)):
        n, m = x.shape[axis], new.shape[axis]
        if m == 0:
            return reshape(x, x.shape)  # of its own, where the inputs are the caller's array
        places = np.arange(n) - start
        here = (places >= 0) & (places < m)
        inside = inside & reshape(here, [-1 if k == axis else 1 for k in range(x.ndim)])
        new = take(new, where(here, places, 0), axis=axis)
    return where(inside, new, x)
