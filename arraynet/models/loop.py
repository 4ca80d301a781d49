"""The loop over batches, kept lean: with nobody listening, a batch costs one call of its step."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from functools import cached_property
from typing import Any

from arraynet.metrics import Metric
from arraynet.models.interrupts import Interrupts

__all__ = ["RunningLogs", "reported", "run_batches"]


class RunningLogs(MutableMapping[str, float]):
    """Names and values of metrics as they are now; a value is fetched from the backend when it is read.

    A hook may write into them; those behind it read that, and no other batch does.

    Parameters
    ----------
    metrics : iterable of Metric
        Whose values these are, unless a step of the user's own returns a dict of its own. Of one name the first counts.
        A metric whose result is a dict is reported by the names in it.
    """

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics: dict[str, Metric] = {}
        for metric in metrics:
            self._metrics.setdefault(metric.name, metric)
        self.returned: Any = None
        self.written: dict[str, Any] = {}

    @cached_property
    def _owners(self) -> dict[str, Metric]:
        """The metric behind each name; of how many numbers one is does not change, so looking once will do."""
        owners: dict[str, Metric] = {}
        for metric in self._metrics.values():
            for name in _numbers(metric):
                owners.setdefault(name, metric)
        return owners

    def results(self) -> dict[str, Any]:
        """Return the values as they are in the backend; those of several numbers are for the model itself."""
        found: dict[str, Any] = {}
        for metric in self._metrics.values():
            for name, value in _numbers(metric).items():
                found.setdefault(name, value)
        return found

    def __getitem__(self, name: str) -> float:
        if name in self.written:
            return self.written[name]  # type: ignore[no-any-return]
        if isinstance(self.returned, Mapping):
            return float(self.returned[name])
        value = self._owners[name].result()
        return float(value[name] if isinstance(value, Mapping) else value)

    def __setitem__(self, name: str, value: Any) -> None:
        self.written[name] = value

    def __delitem__(self, name: str) -> None:
        del self.written[name]  # what metrics report stays

    def __iter__(self) -> Iterator[str]:
        reported = self.returned if isinstance(self.returned, Mapping) else self._owners
        return iter(dict.fromkeys([*reported, *self.written]))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def copy(self) -> dict[str, float]:
        """Return names and values as they are now, which later batches leave alone."""
        return dict(self)

    def __repr__(self) -> str:
        return repr(dict(self))


def _numbers(metric: Metric) -> dict[str, Any]:
    """What is reported of a metric: by its own name, or by the names in a result that is a dict."""
    value = metric.result()
    found = value if isinstance(value, Mapping) else {metric.name: value}
    return {name: one for name, one in found.items() if math.prod(getattr(one, "shape", ())) == 1}


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
                logs.written = {}
            if stopped():
                break
        if (k + 1) % every:  # what is left of the last ones
            for hook in end:
                hook(k, logs)
        logs.written = {}
    return k + 1
