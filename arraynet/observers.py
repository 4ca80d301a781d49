"""Who is told what happens: tapes and captures are observers of the same records.

Observers live in a context variable, so two threads never see each other's records.
"""

from collections.abc import Callable
from contextvars import ContextVar
from itertools import count
from typing import Any

__all__ = ["OBSERVERS", "Observer", "Versioned", "latest_touch", "latest_version", "notify", "touch"]

_versions = count(1)
_latest = 0
_touch = 0


class Observer:
    """What is told about every record; a tape or a capture overrides what it cares for."""

    def start(self) -> None:
        """Begin to be told, in this thread."""
        OBSERVERS.set((*OBSERVERS.get(), self))

    def stop(self) -> None:
        """Cease to be told."""
        OBSERVERS.set(tuple(o for o in OBSERVERS.get() if o is not self))

    def during(self, f: Callable[..., Any], args: Any) -> Any:
        """Return ``f(*args)``, and be told of it."""
        self.start()
        try:
            return f(*args)
        finally:
            self.stop()

    def record(self, op: Any, inputs: tuple[Any, ...], static: dict[str, Any], outputs: Any) -> None:
        """Take note that an op ran."""

    def read(self, variable: Any, value: Any) -> None:
        """Take note that a Variable's value was used."""

    def assigned(self, variable: Any, value: Any) -> None:
        """Take note that a Variable is given a value, while it still holds the one before."""

    def made(self, variable: Any) -> None:
        """Take note that a Variable was made."""

    def drawn(self, stream: Any, place: int) -> None:
        """Take note that a random stream moved on from a place."""

    def fetched(self, tensor: Any) -> None:
        """Take note that Python asked for a value, so that what it does next may depend on the data."""

    def touched(self, configured: "Versioned") -> None:
        """Take note that an object with hyper-parameters took part."""


OBSERVERS: ContextVar[tuple[Observer, ...]] = ContextVar("arraynet_observers", default=())


def notify(event: str, *args: Any) -> None:
    """Tell every observer of an event, a method's name of `Observer`."""
    for observer in OBSERVERS.get():
        getattr(observer, event)(*args)


def latest_version() -> int:
    """Return a number that grows whenever any `Versioned` object changes."""
    return _latest


def latest_touch() -> int:
    """Return a number that changes whenever any Variable is read, or holds another array."""
    return _touch


def touch() -> None:
    """Change that number."""
    global _touch
    _touch = next(_versions)


class Versioned:
    """An object whose public attributes are hyper-parameters: setting one makes captured programs stale."""

    _version = 0  # grows with every change

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if not name.startswith("_"):
            self.changed()

    def changed(self) -> None:
        """Make programs that this object took part in stale."""
        global _latest
        _latest = next(_versions)
        object.__setattr__(self, "_version", _latest)
