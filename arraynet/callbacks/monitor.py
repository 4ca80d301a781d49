"""What it means that a value got better: shared by every callback that watches one."""

import math
from typing import Any

from arraynet.callbacks.callback import Callback, Logs
from arraynet.checks import number, warn

__all__ = ["Monitor", "Watcher"]

RISING = ("acc", "auc", "precision", "recall", "f1", "top_k")


class Monitor:
    """The best value of one entry of the logs.

    Parameters
    ----------
    name : str
        The entry, such as ``"val_loss"``.
    mode : {"auto", "min", "max"}
        Which way is better; "auto" asks the model's metric of that name, else goes by the name.
    min_delta : float
        Smaller changes are no improvement.
    owner : str
        The callback's class, for messages.
    """

    def __init__(self, name: str, mode: str, min_delta: float, owner: str) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"{owner}: mode must be 'auto', 'min' or 'max', received {mode!r}.")
        self.name, self.mode, self.owner = name, mode, owner
        self.min_delta = float(abs(number(f"{owner}: min_delta", min_delta)))
        self.rising = mode == "max"
        self.best = math.nan

    def start(self, model: Any, best: float | None = None) -> None:
        """Settle which way is better, and forget all values seen; `best` is what the first has to beat."""
        if self.mode == "auto":
            self.rising = _rising(self.name, model)
        self.best = math.nan if best is None else best

    def value(self, logs: Logs) -> float | None:
        """Return the value in the logs; None with a warning where there is none."""
        logs = logs or {}
        if self.name not in logs:
            warn(
                f"{self.owner} watches {self.name!r}, which is not reported: only {', '.join(logs) or 'nothing'} is. "
                f"Values that begin with val_ need validation_data or validation_split.",
            )
        return logs.get(self.name)

    def better(self, value: float, than: float | None = None) -> bool:
        """Tell whether a value beats another one, the best so far unless it is given."""
        reference = self.best if than is None else than
        if math.isnan(reference):  # the first value is the best so far, an infinite one too
            return not math.isnan(value)
        gain = value - reference if self.rising else reference - value
        return gain > self.min_delta


class Watcher(Callback):
    """A callback that watches one entry of the logs."""

    watched: Monitor

    @property
    def best(self) -> float:
        """The best value so far, NaN before the first."""
        return self.watched.best


def _rising(name: str, model: Any) -> bool:
    plain = name.removeprefix("val_")
    for metric in getattr(model, "metrics", ()):
        if metric.name == plain and metric.direction is not None:
            return bool(metric.direction == "up")
    return any(word in plain for word in RISING) and "loss" not in plain
