"""What `fit` returns: the values of every epoch."""

from collections.abc import Mapping

from arraynet.callbacks.callback import Callback

__all__ = ["History"]


class History(Callback):
    """A record of the epochs.

    Attributes
    ----------
    epoch : list of int
        The epochs that ran.
    history : dict of str to list of float
        For each reported name its value in each epoch, names in alphabetical order.
    """

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self.epoch, self.history = [], {}
        self.model.history = self

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.history = dict(sorted(self.history.items()))
