"""Loops and products of a program in one call: a table of their addresses, and of what each is given.

Python takes a microsecond or two to call a loop, and ten times as long when the loops before have taken its
memory out of the caches. Called by a function that is compiled for each program, they would wait for that. So one
function, compiled once on a machine, goes through a table.
"""

import ctypes
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from arraynet.program import Rows
from arraynet_numba.atomics import call
from arraynet_numba.compiling import compiled
from arraynet_numba.pace import Pace
from arraynet_numba.team import LEAST, Team, share, shared_team
from arraynet_numba.views import INDICES, ORDERED, Use, whole

__all__ = ["COMPLETES", "Calls", "Task", "once"]

COMPLETES = -1  # in place of work: a task that goes on with what each part of the task before has left
FUNCTION, WORK, DATA = range(3)
HEAD = 5  # numbers before an array's shape and strides: two of owners, which are none here, size, itemsize, address
ADDRESS = HEAD - 1


class Task(NamedTuple):
    """A compiled function, its arguments and their kinds as `arraynet_numba.atomics.unpacked` has them.

    Attributes
    ----------
    function : int
        The address.
    kinds : tuple
        Of each argument.
    given : list of Use, ndarray and int
        The arguments.
    work : int
        How much it is, in elements of a plain loop; 0 if threads cannot share it; or `COMPLETES`.
    """

    function: int
    kinds: tuple[Any, ...]
    given: Sequence[Any]
    work: int


@compiled
def run(team, tasks):  # type: ignore[no-untyped-def]
    """Compute all tasks of a table."""
    parts = 1
    for n in range(tasks.shape[0]):
        if tasks[n, WORK] == COMPLETES:
            call(tasks[n, FUNCTION], tasks[n, DATA], 0, parts)
        else:
            parts = share(team, tasks[n, WORK], tasks[n, FUNCTION], tasks[n, DATA])


def once(task: Task) -> None:
    """Compute a task that is given arrays."""
    memory = np.array([n for x, kind in zip(task.given, task.kinds, strict=True) for n in _described(x, kind)])
    run(shared_team().state, np.array([(task.function, task.work, memory.ctypes.data)]))


class Calls:
    """One call of several tasks, one after the other.

    Parameters
    ----------
    tasks : list of Task
        What it computes.
    values : list of Value
        What it is called with.
    kept : set of int
        Indices of the Values that are Variables': their arrays live on anyway, and are mostly those of the last call.
        Any other array is forgotten when the call returns, unless it is bound.
    team : Team
        Who shares the tasks, as long as that is faster than one alone.

    Attributes
    ----------
    row_values : set of int
        Indices of the Values that may be `Rows` as far as the tasks go.
    """

    __name__ = "loops"  # in the text of a replay

    def __init__(self, tasks: list[Task], values: list[Any], kept: set[int], team: Team) -> None:
        shared = team.members > 1 and any(task.work >= LEAST for task in tasks)
        self.run = Pace(run, [team.state, team.alone] if shared else [team.state])
        self.kept = [v.shape is None or v.index in kept for v in values]
        self.numbers = [v.shape is None for v in values]
        self.changing = list(range(len(values)))
        self.seen: list[Any] = [None] * len(values)
        self.forms: list[Any] = [None] * len(values)
        self.uses: list[list[tuple[int, Any, Any]]] = [[] for _ in values]
        places = {v.index: k for k, v in enumerate(values)}
        starts = np.cumsum([0] + [_width(kind) for task in tasks for kind in task.kinds])
        self.memory = np.zeros(starts[-1], np.int64)
        self.floats = self.memory.view(np.float64)  # the same, for numbers
        start, table = iter(starts.tolist()), []
        for task in tasks:
            mine = [next(start) for _ in task.kinds]
            for at, kind, use in zip(mine, task.kinds, task.given, strict=True):
                if isinstance(use, Use):
                    self.uses[places[use.value.index]].append((at, kind, use.view))
                else:
                    self.memory[at] = use
            table.append((task.function, task.work, self.memory.ctypes.data + self.memory.itemsize * mine[0]))
        self.table = np.array(table, np.int64)
        self.moving = [[at for at, _, view in uses if view not in INDICES] for uses in self.uses]
        self.ordered = [[at for at, _, view in uses if view in ORDERED] for uses in self.uses]
        plain = {use.value.index for task in tasks for use in task.given if isinstance(use, Use) and not use.rows}
        self.row_values = {v.index for v in values if v.index not in plain}

    def bind(self, fixed: list[np.ndarray | None]) -> "Calls":
        """Take arrays, one for each Value, that stay where they are; from now on it is called with the others."""
        for k, x in enumerate(fixed):
            if x is not None:
                self._see(k, x)
        self.changing = [k for k, x in enumerate(fixed) if x is None]
        return self

    def __call__(self, *given: Any) -> None:
        for k, x in zip(self.changing, given, strict=True):
            if x is not self.seen[k]:
                self._see(k, x)
        self.run(self.table)

    def _see(self, k: int, x: Any) -> None:
        """Write down where an array is, or a number; nothing holds if that is interrupted, or the array is refused."""
        found, rows = whole(x), isinstance(x, Rows)
        form = None if self.numbers[k] else (rows, x.shape, found.dtype, found.shape, found.strides)
        alike, self.seen[k], self.forms[k] = self.forms[k] == form, None, None
        if self.numbers[k]:
            for start, _, _ in self.uses[k]:
                self.floats[start] = x
        elif alike:
            self._move(self.moving[k], found)
            if rows:
                self._move(self.ordered[k], x.order)
        else:
            for start, kind, view in self.uses[k]:
                self.memory[start : start + _width(kind)] = _described(view(x), kind)
        self.forms[k] = form
        self.seen[k] = x if self.kept[k] else None

    def _move(self, starts: list[int], x: np.ndarray) -> None:
        """Write down that an array is somewhere else."""
        address = _address(x)
        for start in starts:
            self.memory[start + ADDRESS] = address


def _address(x: np.ndarray) -> int:
    """Where an array begins: what follows the object's head in C. Its `ctypes` takes five times as long to say so."""
    return ctypes.c_int64.from_address(id(x) + object.__basicsize__).value


def _width(kind: Any) -> int:
    """Of how many numbers an argument consists: an array of its head, shape and strides."""
    return 1 if isinstance(kind, str) else HEAD + 2 * kind[1]


def _described(x: np.ndarray, kind: Any) -> tuple[int, ...]:
    """What compiled code knows of an array, which must be as it was compiled for."""
    dtype, ndim, layout = kind
    if x.dtype != np.dtype(dtype) or x.ndim != ndim or (layout == "C" and not x.flags.c_contiguous):
        raise TypeError(
            f"A loop was compiled for {kind} and is given {x.dtype.name} {x.shape} with strides {x.strides}."
        )
    return 0, 0, x.size, x.itemsize, _address(x), *x.shape, *x.strides
