"""What a running call tells the layers inside it: who called them, and whether this is training.

It lives in a context variable, so that layers nested at any depth, called from a user's own `call`, need
not be handed anything, and two threads never see each other's calls.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

__all__ = ["CallContext", "calling", "current_call"]


class CallContext(NamedTuple):
    """The innermost layer that is being built or called, the outermost one, and whether it is trained."""

    layer: Any
    root: Any
    training: bool | None


_context: ContextVar[CallContext | None] = ContextVar("arraynet_call", default=None)


def current_call() -> CallContext | None:
    """Return the context of the innermost layer being built or called; None outside of all."""
    return _context.get()


@contextmanager
def calling(layer: Any, training: bool | None) -> Iterator[None]:
    """Make `layer` the innermost layer for the length of a block."""
    outer = _context.get()
    token = _context.set(CallContext(layer, outer.root if outer else layer, training))
    try:
        yield
    finally:
        _context.reset(token)
