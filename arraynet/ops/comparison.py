"""Comparisons and logic: boolean results, and so no derivatives."""

from typing import Any

from arraynet.dispatch import op

__all__ = ["equal", "greater", "greater_equal", "less", "less_equal", "not_equal"]


@op
def equal(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return where ``x1 == x2``."""
    return x1 == x2


@op
def not_equal(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return where ``x1 != x2``."""
    return x1 != x2


@op
def less(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return where ``x1 < x2``."""
    return x1 < x2


@op
def less_equal(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return where ``x1 <= x2``."""
    return x1 <= x2


@op
def greater(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return where ``x1 > x2``."""
    return x1 > x2


@op
def greater_equal(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return where ``x1 >= x2``."""
    return x1 >= x2
