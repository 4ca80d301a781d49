"""Turns of threads: no program reads, or writes into, what another one writes into at that moment."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from itertools import count
from typing import Any
from weakref import WeakSet, ref

__all__ = ["Turns", "in_order", "note_writer"]

_AGAIN = object()
_notes = count(1)
_latest = 0  # grows with every program that writes into Variables


def note_writer(lock: Any, variables: Iterable[Any]) -> None:
    """Let all who read Variables, or write into them, know a lock that is held while they are written into."""
    global _latest
    for variable in variables:
        variable._locks = WeakSet({*variable._locks, lock})
        _latest = next(_notes)


def in_order(locks: Iterable[Any]) -> list[Any]:
    """Return locks in the order in which everybody takes several, so that nobody waits in a circle."""
    return sorted(locks, key=id)


class Turns:
    """When a program may run.

    Parameters
    ----------
    lock : lock
        Of its own buffers, and of the Variables that it writes into.
    variables : list of Variable
        What it reads and writes; others may write into them, too, programs that are captured later among them.
    """

    def __init__(self, lock: Any, variables: Sequence[Any]) -> None:
        self.lock, self.variables = lock, variables
        self._known: tuple[int, list[Callable[[], Any]]] = (-1, [])

    def run(self, f: Callable[..., Any], *args: Any) -> Any:
        """Return ``f(*args)``, when no program that it has Variables in common with is writing into them."""
        result = _AGAIN
        while result is _AGAIN:
            if (known := self._known)[0] != _latest:
                known = self._known = self._look()
            result = _under(*known, f, args)
        return result

    def _look(self) -> tuple[int, list[Callable[[], Any]]]:
        """The locks to take, in order; those of programs that are gone may go."""
        latest = _latest  # before: what comes meanwhile is looked for again
        found = {self.lock, *(lock for variable in self.variables for lock in variable._locks)}
        return latest, [ref(lock) for lock in in_order(found)]


def _under(latest: int, locks: list[Callable[[], Any]], f: Callable[..., Any], args: Any) -> Any:
    """Call a function under locks, each of which Ctrl-C leaves free; not if there may be more of them by then."""
    if not locks:
        return f(*args) if latest == _latest else _AGAIN
    with locks[0]() or nullcontext():
        return _under(latest, locks[1:], f, args)
