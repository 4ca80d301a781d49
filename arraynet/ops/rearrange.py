"""Axes rearranged by a pattern that names them, in the notation of einops."""

import math
import re
from typing import Any

from arraynet.operands import operands
from arraynet.ops.shape import reshape, transpose

__all__ = ["rearrange"]

Groups = list[list[str]]


def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Any:
    """Return a tensor with its axes reordered, merged and split as a pattern says.

    Parameters
    ----------
    tensor : Tensor
        The data.
    pattern : str
        Names of the axes before and after an arrow. Names in parentheses share an axis, the last one
        running fastest: ``"b h w c -> b (h w c)"`` flattens all but the first axis.
    **axes_lengths : int
        Lengths of axes that are split, of all but one of a group.

    Raises
    ------
    ValueError
        The two sides name different axes, or the lengths do not fit the shape.

    Examples
    --------
    >>> import arraynet
    >>> arraynet.ops.rearrange(arraynet.ops.ones((6, 5)), "(h k) w -> w k h", k=2).shape
    (5, 2, 3)
    """
    (x,) = operands(tensor)
    left, right = _sides(pattern)
    lengths = _lengths(pattern, left, x.shape, axes_lengths)
    before, after = ([name for group in side for name in group] for side in (left, right))
    x = transpose(reshape(x, [lengths[name] for name in before]), axes=[before.index(name) for name in after])
    return reshape(x, [math.prod(lengths[name] for name in group) for group in right])


def _sides(pattern: str) -> tuple[Groups, Groups]:
    sides = [
        [group.split() or [name] for group, name in re.findall(r"\(([^()]*)\)|(\w+)", side)]
        for side in pattern.split("->")
    ]
    names = [sorted(name for group in side for name in group) for side in sides]
    valid = re.fullmatch(r"[\w\s()]*->[\w\s()]*", pattern)
    if not valid or names[0] != names[1] or len(set(names[0])) < len(names[0]):
        raise ValueError(f"rearrange: both sides of {pattern!r} must name the same axes, each once.")
    return sides[0], sides[1]


def _lengths(pattern: str, groups: Groups, shape: tuple[int, ...], given: dict[str, int]) -> dict[str, int]:
    """The length of each named axis, at most one of each group worked out from the shape."""
    lengths = dict(given)
    fits = len(groups) == len(shape)
    for group, n in zip(groups, shape, strict=False):
        open_ = [name for name in group if name not in given]
        known = math.prod(given[name] for name in group if name in given)
        fits = fits and len(open_) < 2 and (n % known == 0 if open_ and known else n == known)
        lengths |= dict.fromkeys(open_, n // known if known else 0)
    if not fits:
        raise ValueError(f"rearrange: {pattern!r} with {given} does not fit the shape {shape}.")
    return lengths
