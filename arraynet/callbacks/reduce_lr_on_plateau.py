"""Lower the learning rate when a value no longer gets better."""

from arraynet.callbacks.callback import Logs
from arraynet.callbacks.monitor import Watcher
from arraynet.checks import number
from arraynet.optimizers.schedules import LearningRateSchedule

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(Watcher):
    """Multiply the learning rate by a factor when a monitored value has not improved for some epochs.

    Parameters
    ----------
    monitor : str
        The reported name to watch; one that is not reported gives a warning.
    factor : float
        Below 1; what the rate is multiplied with.
    patience : int
        Epochs without improvement before the rate is lowered.
    verbose : int
        Whether to print each change.
    mode : {"auto", "min", "max"}
        Which way is better.
    min_delta : float
        Smaller changes are no improvement.
    cooldown : int
        Epochs to wait after a change before counting again.
    min_lr : float
        The rate never falls below it.

    Attributes
    ----------
    wait, cooldown_counter : int
        Epochs without improvement so far, and those still to wait after a change.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        if number("ReduceLROnPlateau: factor", factor, 0) >= 1:
            raise ValueError(f"ReduceLROnPlateau: factor must be below 1, received {factor!r}.")
        for name, value in (("patience", patience), ("cooldown", cooldown), ("min_lr", min_lr)):
            number(f"ReduceLROnPlateau: {name}", value, 0)
        super().__init__(monitor, mode, min_delta)
        self.factor, self.patience, self.verbose = factor, patience, verbose
        self.cooldown, self.min_lr = cooldown, min_lr
        self.wait = self.cooldown_counter = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        if isinstance(self.model.optimizer._learning_rate, LearningRateSchedule):
            raise TypeError(
                "ReduceLROnPlateau cannot lower a learning rate that follows a schedule: leave it out, or make the "
                "optimizer with a float."
            )
        self._start()
        self.wait = self.cooldown_counter = 0

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        value = self._watched(logs)
        if isinstance(logs, dict):
            logs["learning_rate"] = self.model.optimizer.learning_rate
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
        if self._better(value, self.best):
            self.best, self.wait = value, 0
        elif not self.in_cooldown():
            self._wait(epoch)

    def in_cooldown(self) -> bool:
        """Tell whether a change is too recent for epochs to count again."""
        return self.cooldown_counter > 0

    def _wait(self, epoch: int) -> None:
        self.wait += 1
        old = self.model.optimizer.learning_rate
        if self.wait < self.patience or old <= self.min_lr:
            return
        new = max(old * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = new
        self.cooldown_counter, self.wait = self.cooldown, 0
        if self.verbose:
            print(f"Epoch {epoch + 1}: learning rate lowered to {new:g}")
