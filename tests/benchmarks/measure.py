"""Time part of the suite in this process, on whatever arraynet it imports, and print JSON; see compare.py."""

import inspect
import itertools
import json
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from timeit import Timer
from typing import Any

from benchmarks.base import Benchmark

__all__ = ["selected", "timings"]

MODULES = ("cases", "overhead", "training", "loops")
LEAST = 0.05  # seconds that the calls of one sample take together
SAMPLES = 5


def selected(pattern: str) -> Iterator[tuple[str, type[Benchmark], tuple[Any, ...]]]:
    """Yield name, class and parameters of the benchmarks whose name a pattern finds."""
    for module in MODULES:
        for made in vars(import_module(f"benchmarks.{module}")).values():
            if inspect.isclass(made) and issubclass(made, Benchmark) and not inspect.isabstract(made):
                for parameters in itertools.product(*made.params):
                    name = f"{module}.{made.__name__}({', '.join(map(str, parameters))})"
                    if re.search(pattern, name):
                        yield name, made, parameters


def timings(pattern: str) -> dict[str, float]:
    """Return seconds a call, the least of some samples, by name; what cannot run here is left out."""
    found = {}
    for name, made, parameters in selected(pattern):
        benchmark = made()
        try:
            benchmark.setup(*parameters)
        except NotImplementedError:
            continue
        timer = Timer(lambda: benchmark.time_call(*parameters))  # noqa: B023 (called within this turn)
        count, spent = 1, timer.timeit(1)
        while spent < LEAST:
            count = max(2 * count, int(count * LEAST / max(spent, 1e-9)))
            spent = timer.timeit(count)
        found[name] = min(spent, *timer.repeat(SAMPLES - 1, count)) / count
    return found


if __name__ == "__main__":
    print(json.dumps(timings(sys.argv[1])))
