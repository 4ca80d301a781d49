"""Threads that take a share of a loop: matrix products and updates of a captured program, on all cores.

BLAS has threads of its own, but they compute nothing else, and while they wait for work they leave no core to
anybody. So where loops do everything in a program, these threads do all of it. A loop is cut into parts, which
whoever is free claims: a thread that sleeps, or that the system keeps waiting, costs nothing but its help.
"""

import atexit
import ctypes
import os
import threading
from functools import cache
from typing import Any

import numba
import numpy as np

from arraynet_numba.atomics import acquire, add, call, lowest, peek, poke, release, rest, swap, swap_if
from arraynet_numba.compiling import compiled

__all__ = ["ALONE", "Team", "share", "shared_team"]

INSIDE = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # called by compiled code alone
LINE = 8  # numbers in a cache line; what several threads write lies on lines of its own
LEFT, UNDONE, BUSY, FUNCTION = range(0, 4 * LINE, LINE)  # the parts to claim, as bits, and how many are not finished
DATA, PARTS, MEMBERS, FAILED, STOPPED = range(FUNCTION + 1, FUNCTION + 6)
MEMBER = 4 * LINE  # from here on a line for each thread: whether it sleeps, and the lock that it sleeps on
MOST = 62  # threads; their parts are bits of a number
LEAST = 8192  # elements; telling others of less takes longer than the work
_MAKING = threading.Lock()
PATIENCE = 10000  # looks for work before a thread sleeps, half a millisecond or less: the time between two steps


@numba.njit(**INSIDE)
def claim(team, member):
    """Take a part that is left, or -1: one's own if it is, since its memory may be at hand from the last time."""
    while True:
        left = peek(team, LEFT)
        if not left:
            return -1
        part = member if left >> member & 1 else lowest(left)
        if swap_if(team, LEFT, left, left & ~(1 << part)):
            return part


@numba.njit(**INSIDE)
def help_out(team, member):
    """Compute parts as long as there are any."""
    part = claim(team, member)
    while part >= 0:
        if not call(team[FUNCTION], team[DATA], part, team[PARTS]):
            poke(team, FAILED, 1)
        add(team, UNDONE, -1)
        part = claim(team, member)


def serve(team, member):
    """What a thread does all its life."""
    line = MEMBER + LINE * member
    while not peek(team, STOPPED):
        looks = 0
        while looks < PATIENCE and not peek(team, LEFT):
            rest()
            looks += 1
        if looks < PATIENCE:
            help_out(team, member)
        else:
            poke(team, line, 1)
            # whoever takes this back to 0 has seen the other: the lock is released for a sleeper, and once
            if not (peek(team, LEFT) or peek(team, STOPPED)) or not swap(team, line, 0):
                acquire(team[line + 1])


@numba.njit(**INSIDE)
def wake(team):
    """Wake those who sleep."""
    for member in range(1, team[MEMBERS]):
        line = MEMBER + LINE * member
        if peek(team, line) and swap(team, line, 0):
            release(team[line + 1])


@numba.njit(**INSIDE)
def share(team, work, function, data):
    """Compute all parts of a task, as `call` does one; return how many.

    Small work has one. Who finds the team busy computes the parts of all members: sums depend on how they are cut.
    """
    parts = np.int64(1) if work < LEAST else team[MEMBERS]
    failed = False
    if parts == 1 or not swap_if(team, BUSY, 0, 1):
        for part in range(parts):
            failed |= not call(function, data, part, parts)
    else:
        team[FUNCTION], team[DATA], team[PARTS] = function, data, parts
        poke(team, UNDONE, parts)
        poke(team, LEFT, (1 << parts) - 1)
        wake(team)
        help_out(team, np.int64(0))  # or it would be compiled once more, for a literal 0
        while peek(team, UNDONE):
            rest()
        failed = swap(team, FAILED, 0) != 0
        poke(team, BUSY, 0)
    if failed:
        raise MemoryError("A loop of a captured program failed, probably for want of memory; its error stands above.")
    return parts


def _python(name: str, *args: Any) -> int:
    """Call a function of Python's C interface for locks; these need no GIL, so compiled code can call them as well."""
    function = ctypes.pythonapi[f"PyThread_{name}_lock"]
    function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int][: len(args)]
    return function(*args) or 0


def _held_lock() -> int:
    lock = _python("allocate")
    _python("acquire", lock, 1)
    return lock


class Team:
    """So many threads, the caller's among them, which sleep until a loop is shared.

    Parameters
    ----------
    members : int
        How many; of one, nothing is shared.

    Attributes
    ----------
    state : ndarray
        What `share` is given.
    alone : ndarray
        The same, where the caller computes what the members would, bit for bit.
    """

    def __init__(self, members: int) -> None:
        self.members = min(members, MOST)
        lines = np.zeros(MEMBER + LINE * (self.members + 1), np.int64)
        self.state = lines[-lines.ctypes.data // 8 % LINE :][: lines.size - LINE]
        self.alone = np.zeros(MEMBER, np.int64)
        self.alone[MEMBERS], self.alone[BUSY] = self.members, 1
        self.threads: list[threading.Thread] = []
        self.start()

    def start(self) -> None:
        """Begin anew: a process that was forked has no threads but the one that did it."""
        self.state[:] = 0
        self.state[MEMBERS] = self.members
        for member in range(self.members):
            self.state[MEMBER + LINE * member + 1] = _held_lock()
        self.threads = [
            threading.Thread(target=compiled(serve), args=(self.state, m), name=f"arraynet-{m}", daemon=True)
            for m in range(1, self.members)
        ]
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """End the threads; what is shared afterwards, the caller computes."""
        self.state[STOPPED] = 1
        for member in range(1, self.members):
            _python("release", int(self.state[MEMBER + LINE * member + 1]))
        for thread in self.threads:
            thread.join()
        self.state[MEMBERS] = 1


ALONE = Team(1)  # what is shared with nobody


def shared_team() -> Team:
    """Return the process's team: as many threads as BLAS has, whose work they do."""
    with _MAKING:
        return _team()


@cache
def _team() -> Team:
    import threadpoolctl

    counts = [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    team = Team(max(counts, default=numba.config.NUMBA_NUM_THREADS))
    atexit.register(team.stop)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=team.start)
    return team
