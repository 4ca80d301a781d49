"""Starting over in a running process, as a notebook does when it trains the same model a second time."""

from arraynet.naming import reset_names
from arraynet.random import reset_streams

__all__ = ["clear_session"]


def clear_session() -> None:
    """Count automatic names from the start again, and restart the random streams that nobody seeded."""
    reset_names()
    reset_streams()
