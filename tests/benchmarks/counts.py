"""The counters of counting.py, tracked over time."""

from functools import cache

from benchmarks.base import BACKENDS, check_source, runnable
from benchmarks.counting import counters
from benchmarks.networks import NETWORKS

__all__ = ["Counters"]

NAMES = ("launches", "calls", "allocations", "copies", "updates_out_of_place", "buffer_bytes", "bytes_moved")
NAMES += ("captures", "fit_bytes", "step_bytes", "ops", "tape_nodes")
counted = cache(counters)


class Counters:
    """One number of a training step that does not depend on the clock."""

    params = [BACKENDS, list(NETWORKS), list(NAMES)]
    param_names = ["backend", "network", "counter"]

    def setup(self, backend: str, network: str, counter: str) -> None:
        check_source()
        runnable(backend)
        self.found = counted(backend, network)
        if counter not in self.found:
            raise NotImplementedError(f"{backend} has no {counter}")

    def track_count(self, backend: str, network: str, counter: str) -> int:
        return self.found[counter]
