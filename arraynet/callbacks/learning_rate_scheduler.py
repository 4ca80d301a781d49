"""Set the learning rate of every epoch by a function."""

from collections.abc import Callable, Mapping

from arraynet.callbacks.callback import Callback

__all__ = ["LearningRateScheduler"]


class LearningRateScheduler(Callback):
    """Set the learning rate before every epoch.

    Parameters
    ----------
    schedule : callable
        ``schedule(epoch, learning_rate) -> float``.
    verbose : int
        Whether to print each rate.
    """

    def __init__(self, schedule: Callable[[int, float], float], verbose: int = 0) -> None:
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        rate = self.schedule(epoch, float(self.model.optimizer.learning_rate))
        if not isinstance(rate, float):
            raise TypeError(f"LearningRateScheduler: schedule must return a float, it returned {rate!r}.")
        self.model.optimizer.learning_rate = rate
        if self.verbose:
            print(f"Epoch {epoch + 1}: learning rate set to {rate:g}")

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        if isinstance(logs, dict):
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)
