"""Arithmetic on the bits of integers; booleans count as one bit."""

from typing import Any

from arraynet.dispatch import op

__all__ = ["bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_not", "bitwise_or",
           "bitwise_right_shift", "bitwise_xor", "left_shift", "right_shift"]  # fmt: skip


@op
def bitwise_and(xp: Any, x: Any, y: Any, /) -> Any:
    """Return the bits set in both integers."""
    return xp.bitwise_and(x, y)


@op
def bitwise_or(xp: Any, x: Any, y: Any, /) -> Any:
    """Return the bits set in either integer."""
    return xp.bitwise_or(x, y)


@op
def bitwise_xor(xp: Any, x: Any, y: Any, /) -> Any:
    """Return the bits set in one of two integers and not in the other."""
    return xp.bitwise_xor(x, y)


@op
def bitwise_not(xp: Any, x: Any, /) -> Any:
    """Return an integer with every bit turned over; booleans are negated."""
    return xp.bitwise_invert(x)


@op(promote="number")
def left_shift(xp: Any, x: Any, y: Any, /) -> Any:
    """Return the bits of `x` moved `y` places up, zeros following."""
    return xp.bitwise_left_shift(x, y)


@op(promote="number")
def right_shift(xp: Any, x: Any, y: Any, /) -> Any:
    """Return the bits of `x` moved `y` places down; the sign is kept."""
    return xp.bitwise_right_shift(x, y)


bitwise_invert, bitwise_left_shift, bitwise_right_shift = bitwise_not, left_shift, right_shift
