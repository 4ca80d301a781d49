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

from arraynet_cupy.copies import Numbers, copy_all
from arraynet_cupy.groups import kind_of
from arraynet_cupy.recording import UnrecordableError, reason, record, where

__all__ = ["Recorded"]

OFTEN = 3  # replays before one is recorded; twice as many each time that the graph goes stale before it was
WORTH = 50  # launches
SMALL = 64 << 20  # bytes of inputs and Variables beyond which launching is no longer what takes the time

Runner = Callable[[list[Any], list[Any], list[Any], list[Any]], Any]


class Recorded:
    """A runner of programs that replays them kernel by kernel at first, and then by one launch.

    Parameters
    ----------
    program : Program
        What is replayed, lowered to kernels.
    plain : callable
        Replays it kernel by kernel, into new arrays.

    Attributes
    ----------
    in_place : list of bool
        Updates are written over the Variables' own arrays, where nobody else holds these.
    reason : str
        Why the program is not recorded, if it is not.
    recordings : int
        How often it was.
    """

    def __init__(self, program: Any, plain: Runner, elementwise: frozenset[str]) -> None:
        self.plain, self.reason, self.recordings = plain, reason(program, elementwise), 0
        self.in_place = [not self.reason] * len(program.updates)
        place = {id(variable): k for k, (variable, _) in enumerate(program.variables)}
        self._places = [place.get(id(variable)) for variable, _ in program.updates]
        self._kinds = [kind_of(value) for value in program.host_values()]
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
            if self._replays > self._needed and not self.reason:
                if _all_there(outs) and _small(inputs, variables, outs):
                    self._record(inputs, variables, hosts, outs)
                if self._graph is not None:
                    return self._graph.launched(inputs, hosts)
            return _own(self.plain(inputs, variables, hosts, outs), variables)

    def _forget(self) -> None:
        """Let go of a stale graph; it takes longer to make than a few launches save."""
        self._needed = 2 * self._needed if self._graph.launches < WORTH else OFTEN
        self._graph, self._replays = None, 0

    def _record(self, inputs: list[Any], variables: list[Any], hosts: list[Any], outs: list[Any]) -> None:
        self.recordings += 1
        try:
            self._graph = _Graph(self.plain, self._places, self._kinds, inputs, variables, hosts, outs)
        except (UnrecordableError, RuntimeError, MemoryError) as error:
            self.reason = str(error)
            getLogger("arraynet").info("A program is launched kernel by kernel: %s.", self.reason)


def _all_there(some: list[Any]) -> bool:
    return all(x is not None for x in some)  # `in` would compare arrays


def _small(*arrays: list[Any]) -> bool:
    return sum(x.nbytes for some in arrays for x in some) <= SMALL


def _own(results: Any, variables: list[Any]) -> Any:
    """Outputs and updates, none of them in the memory of a Variable, which may be written over later."""
    taken = {x.data.mem for x in variables}
    return tuple([x.copy() if x.data.mem in taken else x for x in some] for some in results)


class _Graph:
    """A recording, and the memory that it works in."""

    def __init__(
        self, plain: Runner, places: list[Any], kinds: list[str], inputs: Any, variables: Any, hosts: Any, outs: Any
    ) -> None:
        self.plain, self.places, self.at = plain, places, where()
        self.pool, self.stream = cupy.cuda.MemoryPool(), cupy.cuda.Stream(non_blocking=True)
        with cupy.cuda.using_allocator(self.pool.malloc):
            self.given = [x.copy(order="K") for x in inputs]
            self.kept = [_same(x) for x in outs]
            self.read = list(variables)  # what the program does not change is read where it lies
            for at, x in zip(places, self.kept, strict=True):
                if at is not None:
                    self.read[at] = x
            self.unchanged = [k for k in range(len(variables)) if k not in places]
            self.numbers = Numbers(kinds)
            self.numbers.write(hosts)
            self.views: list[Any] = [lambda: None] * len(self.kept)
            self.lists: Any = None
            self.launches = 0
            cupy.cuda.get_current_stream().synchronize()  # the recording's stream waits for no other one
            self.launch, self.outputs = record(self.stream, self._body)
        copy_all(outs, self.kept)  # recording made one step of its own

    def _body(self) -> list[Any]:
        outputs, updates = _own(self.plain(self.given, self.read, self.numbers.arrays, []), self.read)
        copy_all(updates, self.kept)
        return outputs

    def replay(self, inputs: list[Any], variables: list[Any], hosts: list[Any], outs: list[Any]) -> Any:
        """Launch it and return outputs and updates; None if it does not fit."""
        steady = self.lists is not None and variables is self.lists[0] and outs is self.lists[1]
        if not steady:
            self.lists = None  # it would hold arrays that nobody else does
        if where() == self.at:
            return self.launched(inputs, hosts) if steady or self._fits(variables, outs) else None
        return self._elsewhere(inputs, variables, hosts, outs) if steady else None

    def _elsewhere(self, inputs: list[Any], variables: list[Any], hosts: list[Any], outs: list[Any]) -> Any:
        """Replay kernel by kernel on another stream, into the arrays that the caller counts on."""
        outputs, updates = _own(self.plain(inputs, variables, hosts, []), variables)
        copy_all(updates, outs)
        return outputs, outs

    def _fits(self, variables: list[Any], outs: list[Any]) -> bool:
        """Whether Variables are where they are read, and nobody else holds what is written over.

        A Variable that was given another value, while nobody holds its former one, is brought back by a copy.
        """
        if any(variables[k] is not self.read[k] for k in self.unchanged):
            return False
        views = [view() for view in self.views]
        if any(view is not None and view is not out for view, out in zip(views, outs, strict=True)):
            return False
        for k, view in enumerate(views):
            if view is None and (at := self.places[k]) is not None:
                _copy(variables[at], self.kept[k])
        self.lists = (variables, outs) if _all_there(views) else None
        return True

    def launched(self, inputs: list[Any], hosts: list[Any]) -> Any:
        """Launch it on inputs; return outputs, of their own, and the Variables' arrays."""
        self.numbers.write(hosts)
        for x, place in zip(inputs, self.given, strict=True):
            _copy(x, place)
        self.launch()
        self.launches += 1
        updates = [view() for view in self.views]
        if not _all_there(updates):
            updates = [_exposed(x) if view is None else view for view, x in zip(updates, self.kept, strict=True)]
            self.views = [weakref.ref(x) for x in updates]
        return [x.copy() for x in self.outputs], updates


def _same(x: Any) -> Any:
    """A copy that lies in memory as its original does."""
    y = x.copy(order="K")
    if y.strides != x.strides:
        raise UnrecordableError(f"a Variable has gaps in memory: shape {x.shape}, strides {x.strides}")
    return y


def _exposed(x: Any) -> Any:
    """The same memory as an array that views of it keep alive: as long as it lives somebody looks at the memory."""
    memory = cupy.cuda.UnownedMemory(x.data.ptr, x.nbytes, x, x.device.id)
    return cupy.ndarray(x.shape, x.dtype, cupy.cuda.MemoryPointer(memory, 0), x.strides)


def _copy(x: Any, y: Any) -> None:
    """Queue a copy into an array of the same shape and dtype."""
    if x.strides == y.strides and x.size == y.size and (x.flags.c_contiguous or x.flags.f_contiguous):
        y.data.copy_from_device_async(x.data, x.nbytes)
    else:
        y[...] = x
