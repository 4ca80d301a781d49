"""What `fit` returns: the values of every epoch."""

from typing import Any

from arraynet.callbacks.callback import Callback, Logs
from arraynet.display import ends, html_table
from arraynet.utils import training_curves

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

    def on_train_begin(self, logs: Logs = None) -> None:
        self.epoch, self.history = [], {}
        self.model.history = self

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.history = dict(sorted(self.history.items()))

    def plot(self) -> Any:
        """Return a figure with one panel a metric over the epochs: see `utils.training_curves`."""
        return training_curves(self)

    def __repr__(self) -> str:
        last = "".join(f", {name} {values[-1]:.4g}" for name, values in self.history.items())
        return f"<History of {len(self.epoch)} epoch{'' if len(self.epoch) == 1 else 's'}{last}>"

    def _repr_html_(self) -> str:
        rows = [
            ["…"] * (1 + len(self.history))
            if place == "…"
            else [self.epoch[place] + 1, *(f"{values[place]:.4g}" for values in self.history.values())]
            for place in ends(len(self.epoch))
        ]
        plural = "" if len(self.epoch) == 1 else "s"
        return html_table(f"History: {len(self.epoch)} epoch{plural}", ["epoch", *self.history], rows)
