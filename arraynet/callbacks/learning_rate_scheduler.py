"""Set the learning rate of every epoch by a function."""

import inspect
from collections.abc import Callable

from arraynet.callbacks.callback import Callback, Logs
from arraynet.checks import number

__all__ = ["LearningRateScheduler"]


class LearningRateScheduler(Callback):
    """Set the learning rate before every epoch.

    Parameters
    ----------
    schedule : callable
        ``schedule(epoch, learning_rate) -> float``, or ``schedule(epoch) -> float``.
    verbose : int
        Whether to print each rate.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        if not callable(schedule):
            raise TypeError(f"LearningRateScheduler: schedule must be a function of the epoch, received {schedule!r}.")
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        known = (epoch, self.model.optimizer.learning_rate)
        rate = self.schedule(*known[: _arity(self.schedule)])
        rate = float(number("LearningRateScheduler: the rate that schedule returned", rate, 0))
        self.model.optimizer.learning_rate = rate
        if self.verbose:
            print(f"Epoch {epoch + 1}: learning rate set to {rate:g}")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if isinstance(logs, dict):
            logs["learning_rate"] = self.model.optimizer.learning_rate


def _arity(schedule: Callable[..., float]) -> int:
    """How many of epoch and rate a schedule takes."""
    try:
        inspect.signature(schedule).bind(0, 0.0)
    except TypeError:
        return 1
    return 2
