"""A whole replay as one launch: a CUDA graph, recorded when a program has been replayed a few times.

A small kernel runs for two microseconds, and Python needs ten to launch it. What is recorded reads and writes the same
memory at every launch: inputs and numbers of the host are copied to it, Variables live in it, outputs are copied out
of it. Whenever that does not fit (somebody holds a Variable's old value; another stream), the program is replayed
kernel by kernel, which is always right.
"""

import threading
import weakref
from collections.abc import Callable
from logging import getLogger
from typing import Any

import cupy

from arraynet_cupy.copies import Numbers, copy, copy_all
from arraynet_cupy.holders import exposed, released
from arraynet_cupy.recording import FEW_KERNELS, UnrecordableError, kinds, reason, record, where

__all__ = ["GRAPHS", "Recorded"]

OFTEN = 3  # replays before one is recorded; twice as many each time that the graph goes stale before it was
WORTH = 50  # launches
SMALL = 64 << 20  # bytes of inputs and Variables beyond which launching is no longer what takes the time
LARGE = 256 << 20  # bytes that a graph may keep
GRAPHS: Any = weakref.WeakSet()  # all there are

Runner = Callable[[list[Any], list[Any], list[Any]], Any]


class Recorded:
    """A runner of programs that replays them kernel by kernel at first, and then by one launch.

    Parameters
    ----------
    program : Program
        What is replayed, lowered to kernels.
    plain : callable
        Replays it kernel by kernel, into new arrays; of inputs, Variables' arrays and numbers of the host.

    Attributes
    ----------
    in_place : list of bool
        Updates are written over the Variables' own arrays, where nobody else holds these.
    reason : str
        Why the program is not recorded, if it is not.
    recordings : int
        How often it was.
    """

    def __init__(self, program: Any, plain: Runner) -> None:
        self.plain, self.reason, self.recordings = plain, reason(program), 0
        if self.reason and self.reason != FEW_KERNELS:
            self._log()
        self.in_place = [not self.reason] * len(program.updates)
        place = {id(variable): k for k, (variable, _) in enumerate(program.variables)}
        self._targets = [variable for variable, _ in program.updates]
        self._places = [place.get(id(variable)) for variable in self._targets]
        self._kinds = kinds(program)
        self._constants = list(program.constants.values())
        self._graph: Any = None
        self._guard = program.backend.guard()
        self._replays, self._needed = 0, OFTEN
        self._lock = threading.Lock()  # what is recorded has one memory for its inputs

    def __call__(self, inputs: list[Any], variables: list[Any], hosts: list[Any], outs: list[Any]) -> Any:
        """Replay; `outs` are the Variables' own arrays where nobody else holds them. Return outputs and updates."""
        with self._lock, self._guard:
            if self._graph is not None:
                found = self._graph.replay(inputs, variables, hosts, outs)
                if found is not None:
                    return found
                self._forget()
            self._replays += 1
            if self._replays > self._needed and not self.reason and _small(inputs, variables):
                self._graph = self._recording(inputs, variables, hosts)
                if self._graph is not None:
                    return self._graph.launched(inputs, hosts)
            return self.apart(inputs, variables, hosts)

    def apart(self, inputs: list[Any], variables: list[Any], hosts: list[Any]) -> Any:
        """Replay kernel by kernel; no update, nor an output that a Variable may write over, lies in others' memory."""
        outputs, updates = self.plain(inputs, variables, hosts)
        held = {x.data.mem for x in variables}
        others = held | {x.data.mem for x in (*inputs, *self._constants)}
        return _copied(outputs, held), _copied(updates, others)

    def _forget(self) -> None:
        """Let go of a stale graph; it takes longer to make than a few launches save."""
        self._needed = 2 * self._needed if self._graph.launches < WORTH else OFTEN
        self._graph, self._replays = None, 0

    def _recording(self, inputs: list[Any], variables: list[Any], hosts: list[Any]) -> Any:
        """A graph, or None, for a reason that is kept and logged."""
        self.recordings += 1
        try:
            numbers = Numbers(self._kinds, hosts)
            return _Graph(self.apart, self._targets, self._places, inputs, variables, numbers)
        except Exception as error:
            self.reason = f"{type(error).__name__}: {error}"
            self._log()
            return None

    def _log(self) -> None:
        getLogger("arraynet").info("A program is launched kernel by kernel: %s.", self.reason)


def _present(some: list[Any]) -> bool:
    return all(x is not None for x in some)  # `in` would compare arrays


def _small(*arrays: list[Any]) -> bool:
    return sum(x.nbytes for some in arrays for x in some) <= SMALL


def _copied(arrays: Any, taken: set[Any]) -> list[Any]:
    """Arrays, those that lie in the memories given as copies."""
    return [x.copy() if x.data.mem in taken else x for x in arrays]


class _Graph:
    """A recording, and the memory that it works in.

    Attributes
    ----------
    given, numbers : list of array, Numbers
        Where inputs and numbers of the host are copied to.
    kept : list of array
        What the program updates, in memory of the graph.
    views : list of weakref to array
        The arrays over that memory that Variables were given; one that is dead is held by nobody.
    read : list of array
        What the program reads: `kept`, and the arrays of Variables that it leaves as they are (`unchanged`).
    steady : tuple of list
        The caller's own lists of Variables' arrays, as long as it passes the same ones.
    """

    def __init__(
        self, plain: Runner, targets: list[Any], places: list[Any], inputs: Any, variables: Any, numbers: Numbers
    ) -> None:
        self.plain, self.targets, self.places, self.at = plain, targets, places, where()
        self.numbers, values = numbers, [variable._value.array for variable in targets]
        self.unchanged = [k for k in range(len(variables)) if k not in places]
        self.views: list[Any] = [lambda: None] * len(targets)
        self.steady: Any = None
        self.launches = 0
        self.pool, self.stream = cupy.cuda.MemoryPool(), cupy.cuda.Stream(non_blocking=True)
        with cupy.cuda.using_allocator(self.pool.malloc):
            self.given = [x.copy(order="K") for x in inputs]
            self.kept = [x.copy(order="K") for x in values]
            self.read = list(variables)  # what the program does not change is read where it lies
            for at, x in zip(places, self.kept, strict=True):
                if at is not None:
                    self.read[at] = x
            cupy.cuda.get_current_stream().synchronize()  # the recording's stream waits for no other one
            self.launch, self.outputs = record(self.stream, self._body)
        if self.pool.total_bytes() > LARGE:
            raise UnrecordableError(f"its arrays would keep {self.pool.total_bytes():,} bytes")
        GRAPHS.add(self)
        copy_all(values, self.kept)  # recording made one step of its own

    def _body(self) -> list[Any]:
        outputs, updates = self.plain(self.given, self.read, self.numbers.arrays)
        copy_all(updates, self.kept)
        return outputs

    def replay(self, inputs: list[Any], variables: list[Any], hosts: list[Any], outs: list[Any]) -> Any:
        """Launch it and return outputs and updates; None if it does not fit."""
        steady = self.steady is not None and variables is self.steady[0] and outs is self.steady[1]
        if not steady:
            self.steady = None  # it would hold arrays that nobody else does
        if where() == self.at:
            return self.launched(inputs, hosts) if steady or self._fits(variables, outs) else None
        return self._elsewhere(inputs, variables, hosts, outs) if steady else None

    def _elsewhere(self, inputs: list[Any], variables: list[Any], hosts: list[Any], outs: list[Any]) -> Any:
        """Replay kernel by kernel on another stream, into the arrays that the caller counts on."""
        outputs, updates = self.plain(inputs, variables, hosts)
        copy_all(updates, outs)
        return outputs, outs

    def _fits(self, variables: list[Any], outs: list[Any]) -> bool:
        """Whether Variables are where they are read, and nobody else holds what is written over.

        A Variable that was given another value, while nobody holds its former one, is brought back by a copy.
        """
        if any(variables[k] is not self.read[k] for k in self.unchanged):
            return False
        views = [view() for view in self.views]
        for k, at in enumerate(self.places):  # a name for a view would hold it
            if views[k] is None or views[k] is outs[k]:
                continue
            if not released(self.targets[k], views, k, at):
                return False
            self.targets[k].put(self.targets[k]._value, seen=False)
        foreign = [k for k, at in enumerate(self.places) if views[k] is None and at is not None]
        copy_all([variables[self.places[k]] for k in foreign], [self.kept[k] for k in foreign])
        self.steady = (variables, outs) if _present(views) and _present(outs) else None
        return True

    def launched(self, inputs: list[Any], hosts: list[Any]) -> Any:
        """Launch it on inputs; return outputs, of their own, and the Variables' arrays."""
        outputs = [cupy.empty_like(x) for x in self.outputs]  # what may fail comes before anything changes
        self.numbers.write(hosts)
        for x, place in zip(inputs, self.given, strict=True):
            copy(x, place)
        self.launch()
        self.launches += 1
        for x, y in zip(self.outputs, outputs, strict=True):
            copy(x, y)
        updates = [view() for view in self.views]
        if not _present(updates):
            updates = [exposed(x) if view is None else view for view, x in zip(updates, self.kept, strict=True)]
            self.views = [weakref.ref(x) for x in updates]
        return outputs, updates
