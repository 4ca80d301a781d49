"""Whether threads share a program's loops or one computes them all: what is faster just now.

Where cores share no cache, each waits for what the other has written, and a small batch is trained faster by one. The
cores of a virtual machine may share a cache now and none a second later. So both ways are timed, again and again.
"""

import math
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

__all__ = ["Pace"]

TRIALS = 4  # calls each way, of which the shortest counts: the first may wake a thread, any may be interrupted
RATIO = 10, 50, 800  # the calls between trials to those that they cost: after a change, at first, and when none comes
CLEARLY = 0.95  # of the time is what the other way has to take


class Pace:
    """A call that is made in one of several ways, with the same result.

    Parameters
    ----------
    function : callable
        ``function(way, x)``.
    ways : list
        The way to begin with and the other one; with a single one nothing is timed.
    """

    def __init__(self, function: Callable[[Any, Any], Any], ways: list[Any]) -> None:
        self.function, self.ways = function, ways
        self.times: list[int] = []  # of calls in the first way, then in the other
        self.rest: float = 0 if len(ways) > 1 else math.inf  # calls that are not timed
        self.ratio = RATIO[1]

    def __call__(self, x: Any) -> None:
        """Call the function in the way that was faster, or in the one whose turn it is to be timed."""
        if self.rest:
            self.rest -= 1
            self.function(self.ways[0], x)
            return
        began = perf_counter_ns()
        self.function(self.ways[len(self.times) >= TRIALS], x)
        self.times.append(perf_counter_ns() - began)
        if len(self.times) >= 2 * TRIALS:  # more, if a choice was interrupted
            self._choose()

    def _choose(self) -> None:
        first, other = min(self.times[:TRIALS]), min(self.times[TRIALS:])
        cost = max(1, TRIALS * (other - first) / max(1, first))
        self.ratio = min(2 * self.ratio, RATIO[2])
        if other < CLEARLY * first:
            self.ways.reverse()
            self.ratio = RATIO[0]  # or another program had the cores, and the first way was as good as before
        self.times, self.rest = [], int(self.ratio * cost)
