"""The loop over batches, kept lean: with nobody listening, a batch costs one call of its step."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from arraynet.metrics import Metric
from arraynet.models.interrupts import Interrupts

__all__ = ["RunningLogs", "reported", "run_batches"]


class RunningLogs(Mapping[str, float]):
    """Names and values of metrics as they are now; a value is fetched from the backend when it is read.

    Parameters
    ----------
    metrics : iterable of Metric
        Whose values these are, unless a step of the user's own returns a dict of its own. Of one name the first counts.
    """

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics: dict[str, Metric] = {}
        for metric in metrics:
            self._metrics.setdefault(metric.name, metric)
        self.returned: Any = None

    @cached_property
    def _names(self) -> list[str]:
        return list(self.results())  # of how many numbers a metric is does not change, so looking once will do

    def results(self) -> dict[str, Any]:
        """Return the values as they are in the backend; those of several numbers are for the model itself."""
        found = {name: metric.result() for name, metric in self._metrics.items()}
        return {name: value for name, value in found.items() if math.prod(getattr(value, "shape", ())) == 1}

    def __getitem__(self, name: str) -> float:
        if isinstance(self.returned, Mapping):
            return float(self.returned[name])
        return float(self._metrics[name].result())

    def __iter__(self) -> Iterator[str]:
        return iter(self.returned if isinstance(self.returned, Mapping) else self._names)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(dict(self))


def reported(step: Callable[..., Any], returned: Any) -> Any:
    """Return what a step of the user's own gave; anything but a dict would be reported as a loss of 0."""
    if not isinstance(returned, Mapping):
        raise TypeError(
            f"{step.__qualname__} must return what is to be reported, a dict such as {{'loss': loss}}, or what "
            f"super().{step.__name__}(data) returns; it returned {type(returned).__name__}."
        )
    return returned


def run_batches(
    step: Callable[..., Any],
    batches: Iterable[tuple[Any, Any, Any]],
    begin: list[Callable[..., Any]],
    end: list[Callable[..., Any]],
    logs: RunningLogs,
    every: int,
    stopped: Callable[[], bool],
) -> int:
    """Run a step on batches and return their number.

    Parameters
    ----------
    step : callable
        ``step(x, y, sample_weight)``.
    batches : iterable
        Its arguments.
    begin, end : list of callable
        Called with the number of the batch and nothing or `logs`, around every batch or around every so many.
    logs : RunningLogs
        What is reported.
    every : int
        How many steps lie between two calls of the hooks.
    stopped : callable
        Whether to end before the batches do.
    """
    k = -1
    with Interrupts() as interrupts:
        for k, (x, y, weight) in enumerate(batches):
            if begin and not k % every:
                for hook in begin:
                    hook(k, {})
            interrupts.wait = True
            logs.returned = step(x, y, weight)
            interrupts.wait = False
            if interrupts.came:
                interrupts.pass_on()
            if end and not (k + 1) % every:
                for hook in end:
                    hook(k, logs)
            if stopped():
                break
        if (k + 1) % every:  # what is left of the last ones
            for hook in end:
                hook(k, logs)
    return k + 1
