"""How many threads the libraries below may use, one number for all of them, and locks for those of the user.

The core starts no threads; matrix products do, inside BLAS, by default one for each core. A backend that has threads
of its own has as many, and lets them work where BLAS is not asked, so that default does not oversubscribe the machine.
"""

import os
from collections.abc import Callable
from threading import RLock
from typing import Any
from weakref import WeakSet

from arraynet import config

__all__ = ["in_forked", "limit_threads", "new_lock", "wanted_threads"]

VARIABLE = "ARRAYNET_NUM_THREADS"


def wanted_threads() -> int | None:
    """Return ``ARRAYNET_NUM_THREADS``, or None where the libraries keep their own defaults."""
    text = config.environment(VARIABLE)
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{VARIABLE} must be a positive integer, received {text!r}. Unset it for one thread a core.")
    return int(text)


def limit_threads() -> None:
    """Set the number of threads of BLAS, and of every other library loaded so far that has threads of its own."""
    count = wanted_threads()
    if count is not None:
        import threadpoolctl

        threadpoolctl.threadpool_limits(count)


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
