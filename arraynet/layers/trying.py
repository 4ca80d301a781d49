"""Running a layer to see what it makes, without a trace in what it holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from arraynet.layers.context import current_call
from arraynet.observers import Observer

__all__ = ["untouched"]


class _Changes(Observer):
    """What Variables held, and where random streams were, before they moved in this thread."""

    def __init__(self) -> None:
        self.values: dict[int, tuple[Any, Any]] = {}
        self.places: dict[int, tuple[Any, int]] = {}

    def assigned(self, variable: Any, value: Any) -> None:
        if not _building():
            self.values.setdefault(id(variable), (variable, variable._value))

    def drawn(self, stream: Any, place: int) -> None:
        if not _building():
            self.places.setdefault(id(stream), (stream, place))

    def undo(self) -> None:
        """Give all of it back."""
        for variable, value in self.values.values():
            variable.put(value)
        for stream, place in self.places.values():
            stream.set_counter(place)


def _building() -> bool:
    call = current_call()
    return call is not None and not call.layer.built


@contextmanager
def untouched() -> Iterator[None]:
    """Have Variables and random streams, in the end, as they were; what the `build` of a layer does stays."""
    changes = _Changes()
    changes.start()
    try:
        yield
    finally:
        changes.stop()
        changes.undo()
