"""Placeholder until capture lands: runs eagerly."""

from collections.abc import Callable
from typing import Any

__all__ = ["jit"]


def jit(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return `f`."""
    return f
