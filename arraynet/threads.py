"""How many threads the libraries below may use, one number for all of them, and locks for those of the user.

The core starts no threads; matrix products do, inside BLAS, by default one for each core. A backend that has threads
of its own has as many, and lets them work where BLAS is not asked, so that default does not oversubscribe the machine.
A container may see more cores than it has the time of; there it is one for each of those.
"""

import math
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import Any
from weakref import WeakSet

from arraynet import config

__all__ = ["in_forked", "limit_threads", "new_lock", "wanted_threads"]

VARIABLE = "ARRAYNET_NUM_THREADS"
ROOT = Path("/")  # of what Linux tells of a process
MOST = 2**31 - 1  # libraries take a C int


def wanted_threads() -> int | None:
    """Return ``ARRAYNET_NUM_THREADS``, or None where the libraries keep their own defaults."""
    text = config.environment(VARIABLE)
    if text is None:
        return None
    if not text.isdecimal() or not 0 < int(text) <= MOST:
        raise ValueError(
            f"{VARIABLE} must be an integer from 1 to {MOST}, received {text!r}. Unset it for one thread a core."
        )
    return int(text)


def limit_threads() -> None:
    """Set the number of threads of BLAS, and of every other library loaded so far that has threads of its own.

    Without ``ARRAYNET_NUM_THREADS`` it is only ever lowered: to what a container or service may use.
    """
    count, share = wanted_threads(), core_share()
    if count or share < (os.cpu_count() or 1):
        import threadpoolctl

        for library in threadpoolctl.ThreadpoolController().lib_controllers:
            if count or library.num_threads > share:
                library.set_num_threads(count or share)


def core_share() -> float:
    """Return how many threads are enough for the time that a container or service may use, or infinity.

    That stands in files of Linux' control groups: those that the process is in, and those around them. Threads beyond
    it wait for one another, which BLAS does by spinning, and that is taken from the same time.
    """
    return min(map(math.ceil, _quotas()), default=math.inf)


def _quotas() -> Iterator[float]:
    """Yield how many cores' time each control group has, of those that are limited."""
    with suppress(OSError, ValueError):  # another system, or another layout
        for line in (ROOT / "proc/self/cgroup").read_text().splitlines():
            _, controllers, inside = line.split(":", 2)  # no controllers in the second version, which has one tree
            if controllers and "cpu" not in controllers.split(","):
                continue
            files = ("cpu.cfs_quota_us", "cpu.cfs_period_us") if controllers else ("cpu.max",)
            group = ROOT / "sys/fs/cgroup" / ("cpu" if controllers else "") / inside.lstrip("/")
            for folder in (group, *group.parents):
                with suppress(FileNotFoundError):
                    quota, period = " ".join((folder / file).read_text() for file in files).split()
                    if quota not in ("max", "-1"):
                        yield int(quota) / int(period)


_locks: WeakSet[Any] = WeakSet()


def new_lock() -> Any:
    """Return a lock that a forked process finds free: the thread that held it in its parent is not there."""
    made = RLock()
    _locks.add(made)
    return made


def in_forked(function: Callable[[], object]) -> None:
    """Have a function called in each process that is forked from this one, before anything else."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=function)


in_forked(lambda: [made._at_fork_reinit() for made in _locks])
