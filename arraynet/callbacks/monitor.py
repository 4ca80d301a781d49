"""What callbacks that watch a value have in common: what it means that the value got better."""

import math
from typing import Any

from arraynet.callbacks.callback import Callback, Logs
from arraynet.checks import choice, number, resembling, warn

__all__ = ["Watcher"]

RISING = ("acc", "auc", "precision", "recall", "f1", "top_k")


class Watcher(Callback):
    """A callback that watches one entry of the logs.

    Parameters
    ----------
    monitor : str
        The entry, such as ``"val_loss"``.
    mode : {"auto", "min", "max"}
        Which way is better; "auto" asks the model's metric of that name, else goes by the name.
    min_delta : float
        Smaller changes are no improvement.

    Attributes
    ----------
    best : float or None
        The best value so far, None before the first.
    """

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        owner = type(self).__name__
        if not isinstance(monitor, str):
            raise ValueError(f"{owner}: monitor names an entry of the logs, such as 'val_loss', received {monitor!r}.")
        self.monitor, self.mode = monitor, choice(f"{owner}: mode", mode, ("auto", "min", "max"))
        self.min_delta = float(abs(number(f"{owner}: min_delta", min_delta)))
        self.best: float | None = None
        self._rising = mode == "max"

    def _start(self, best: float | None = None) -> None:
        """Settle which way is better, and forget all values seen; `best` is what the first has to beat."""
        if self.mode == "auto":
            self._rising = _rising(self.monitor, self.model)
        self.best = best

    def _watched(self, logs: Logs) -> float | None:
        """The value in the logs; None with a warning where there is none."""
        logs = logs or {}
        if self.monitor not in logs:
            unvalidated = self.monitor.startswith("val_") and not any(name.startswith("val_") for name in logs)
            hint = (
                "Values that begin with val_ need validation_data or validation_split."
                if unvalidated
                else resembling(self.monitor, logs)
            )
            warn(
                f"{type(self).__name__} watches {self.monitor!r}, which is not reported, so it does nothing. "
                f"What is reported: {', '.join(logs) or 'nothing'}. {hint}".rstrip()
            )
        return logs.get(self.monitor)

    def _better(self, value: float, than: float | None) -> bool:
        """Whether a value beats another one; the first value, an infinite one too, beats None and NaN."""
        if than is None or math.isnan(than):
            return not math.isnan(value)
        return (value - than if self._rising else than - value) > self.min_delta


def _rising(name: str, model: Any) -> bool:
    plain = name.removeprefix("val_")
    for metric in getattr(model, "metrics", ()):
        if metric.name == plain and metric.direction is not None:
            return bool(metric.direction == "up")
    return any(word in plain for word in RISING) and "loss" not in plain
