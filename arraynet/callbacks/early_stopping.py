"""Stop when a value no longer gets better."""

from typing import Any

from arraynet.callbacks.callback import Logs
from arraynet.callbacks.monitor import Watcher
from arraynet.checks import number

__all__ = ["EarlyStopping"]


class EarlyStopping(Watcher):
    """Stop training when a monitored value has not improved for some epochs.

    Parameters
    ----------
    monitor : str
        The reported name to watch; one that is not reported gives a warning.
    min_delta : float
        Smaller changes are no improvement.
    patience : int
        Epochs without improvement before training stops.
    verbose : int
        Whether to print why it stopped.
    mode : {"auto", "min", "max"}
        Which way is better.
    baseline : float, optional
        A value that has to be beaten within `patience` epochs.
    restore_best_weights : bool
        Whether the weights of the best epoch are put back in the end.
    start_from_epoch : int
        Epochs to let pass before watching.

    Attributes
    ----------
    stopped_epoch, best_epoch : int
        Where it stopped (0: it did not), and the best epoch.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        for name, value in (("patience", patience), ("start_from_epoch", start_from_epoch)):
            number(f"EarlyStopping: {name}", value, 0)
        super().__init__(monitor, mode, min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best_weights: Any = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self._start()
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best_weights = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        value = self._watched(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self._better(value, self.best):
            self._remember(epoch, value)
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _remember(self, epoch: int, value: float) -> None:
        """Take this epoch as the best; patience begins anew unless a baseline is not beaten."""
        self.best, self.best_epoch = value, epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()
        if self.baseline is None or self._better(value, self.baseline):
            self.wait = 0

    def on_train_end(self, logs: Logs = None) -> None:
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: stopped early, {self.monitor} no longer improves")
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)
            if self.verbose:
                print(f"Restored the weights of the best epoch, {self.best_epoch + 1}")
