"""What every benchmark has: the arraynet that is meant, a backend, warm-up, and an end to queued work.

A benchmark that measured another installation than the one it was asked about, a first call, or the queueing of
work instead of the work would be quick and worthless. So the one base class sees to all three.
"""

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import arraynet
from arraynet import config, plugins

__all__ = ["BACKENDS", "Benchmark", "check_source", "runnable"]

REPOSITORY = Path(__file__).parents[2]
WARM_UP = 3  # calls: one captures, one replays, one finds the caches filled
SLOW = ("strict", "naive")  # one exists to refuse, one to be read


def check_source() -> None:
    """Raise unless arraynet comes from BENCH_SOURCE, asv's environment, or this checkout, in this order."""
    meant = Path(os.environ.get("BENCH_SOURCE") or os.environ.get("ASV_ENV_DIR") or REPOSITORY).resolve()
    found = Path(arraynet.__file__).resolve()
    if not found.is_relative_to(meant):
        raise RuntimeError(f"The benchmarks would measure {found}, and not what is in {meant}.")


def runnable(name: str) -> Any:
    """Return a backend; asv skips the benchmark where it cannot run on this machine, say for want of a GPU."""
    try:
        return plugins.load(name)
    except Exception as error:
        raise NotImplementedError(f"{name} cannot run here: {error}") from error


def runs(name: str) -> bool:
    """Tell whether a backend runs on this machine, and say so where it does not."""
    try:
        return runnable(name) is not None
    except NotImplementedError as error:
        print(str(error).splitlines()[0], file=sys.stderr)
        return False


BACKENDS = [name for name in plugins.available_backends() if name not in SLOW and runs(name)]


class Benchmark(ABC):
    """A timed call; a subclass makes it, for the parameters that follow the backend."""

    params: Any = [BACKENDS]
    param_names: Any = ["backend"]
    timeout = 120

    def setup(self, backend: str, *parameters: Any) -> None:
        check_source()
        self.backend = runnable(backend)
        plugins.set_backend(backend)
        config.set_seed(0)
        self.call = self.make(*parameters)
        for _ in range(WARM_UP):
            self.time_call(backend, *parameters)

    @abstractmethod
    def make(self, *parameters: Any) -> Callable[[], Any]:
        """Return what is timed, a function of no arguments."""

    def time_call(self, *_: Any) -> None:
        self.call()
        self.backend.synchronize()
