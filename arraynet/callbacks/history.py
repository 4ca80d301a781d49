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
        self._epochs: dict[str, list[int]] = {}  # which those values are of: not every epoch validates

    def on_train_begin(self, logs: Logs = None) -> None:
        self.epoch, self.history, self._epochs = [], {}, {}
        self.model.history = self

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
            self._epochs.setdefault(name, []).append(epoch)
        self.history = dict(sorted(self.history.items()))

    def plot(self) -> Any:
        """Return a figure with one panel a metric over the epochs: see `utils.training_curves`."""
        return training_curves(self)

    def __repr__(self) -> str:
        last = "".join(f", {name} {values[-1]:.4g}" for name, values in self.history.items())
        return f"<History of {self._counted()}{last}>"

    def _repr_html_(self) -> str:
        epochs = (self._epochs.get(name, self.epoch) for name in self.history)
        known = [dict(zip(e, values, strict=False)) for e, values in zip(epochs, self.history.values(), strict=True)]
        rows = [self._row(place, known) for place in ends(len(self.epoch))]
        return html_table(f"History: {self._counted()}", ["epoch", *self.history], rows)

    def _row(self, place: Any, known: list[dict[int, float]]) -> list[Any]:
        if place == "…":
            return ["…"] * (1 + len(known))
        epoch = self.epoch[place]
        return [epoch + 1, *(f"{of[epoch]:.4g}" if epoch in of else "" for of in known)]

    def _counted(self) -> str:
        return f"{len(self.epoch)} epoch{'' if len(self.epoch) == 1 else 's'}"
