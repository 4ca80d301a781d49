"""Progress for people: a live bar on a terminal or in a notebook, one plain line per epoch in a file.

Values are fetched from the backend when the bar is drawn, ten times a second at most, so that watching
does not slow training down.
"""

import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from arraynet.callbacks.callback import Callback, Logs

__all__ = ["ProgbarLogger"]

INTERVAL = 0.1  # seconds between two drawings
WIDTH = 20


def resolve_verbose(verbose: int | str) -> int:
    """Return 0 silent, 1 bar or 2 line; "auto" is a bar where somebody watches, else a line."""
    if verbose == "auto":
        return 1 if watched() else 2
    if verbose not in (0, 1, 2):
        raise ValueError(f"verbose must be 'auto', 0, 1 or 2, received {verbose!r}.")
    return int(verbose)


def watched() -> bool:
    """Return whether a line may change: on a terminal or in a notebook. Without a console, stdout is None."""
    return "ipykernel" in sys.modules or (sys.stdout is not None and sys.stdout.isatty())


def line() -> str:
    """Return what a bar is made of: a file in a Windows code page, or in ASCII, has no such letter."""
    return "━" if (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf") else "-"


def duration(seconds: float) -> str:
    """Return ``12s``, ``1:05`` or ``1:00:05``."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours}:{minutes:02d}:{whole % 60:02d}"
    return f"{minutes}:{whole % 60:02d}" if minutes else f"{whole}s"


def per_step(seconds: float) -> str:
    """Return ``3s/step``, ``9ms/step`` or ``870us/step``."""
    for unit, scale in (("s", 1.0), ("ms", 1e3)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.0f}{unit}/step"
    return f"{seconds * 1e6:.0f}us/step"


def values(logs: Logs) -> str:
    """Return `` - name: value`` for all entries, small values in scientific notation."""
    pairs = sorted((logs or {}).items())
    return "".join(
        f" - {name}: {value:.4f}" if abs(value) > 1e-3 else f" - {name}: {value:.4e}" for name, value in pairs
    )


class ProgbarLogger(Callback):
    """Show the progress of training, evaluation and prediction.

    Parameters
    ----------
    clock : callable
        Seconds as a float; tests bring their own.
    """

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._steps: int | None = None
        self._seen = 0
        self._begun = self._second = self._due = 0.0
        self._display: Any = None
        self._training = False

    def on_train_begin(self, logs: Logs = None) -> None:
        self._training = True

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if self.params["epochs"] > 1:
            print(f"Epoch {epoch + 1}/{self.params['epochs']}")
        self._start()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._step(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._finish(logs)

    def on_train_end(self, logs: Logs = None) -> None:
        self._training = False

    def on_test_begin(self, logs: Logs = None) -> None:
        if not self._training:  # validation inside of training is silent
            self._start()

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        if not self._training:
            self._step(batch, logs)

    def on_test_end(self, logs: Logs = None) -> None:
        if not self._training:
            self._finish(logs)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._start()

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        self._step(batch, None)

    def on_predict_end(self, logs: Logs = None) -> None:
        self._finish(None)

    def _start(self) -> None:
        self.close()
        self._steps, self._seen = self.params["steps"], 0
        self._begun = self._second = self._clock()
        self._due = self._begun + INTERVAL
        if self.params["verbose"] == 1 and watched():
            self._display = _live()

    def _step(self, batch: int, logs: Logs) -> None:
        self._seen = batch + 1
        if not batch:
            self._second = self._clock()  # the first step captures programs and says nothing about the pace
        if self._display is not None and (now := self._clock()) >= self._due:
            self._due = now + INTERVAL
            self._display.update(self._bar(now, logs), refresh=True)

    def _finish(self, logs: Logs) -> None:
        now = self._clock()
        if self._display is not None:
            self._steps = self._seen
            self._display.update(self._bar(now, logs), refresh=True)
            self.close()
        elif self.params["verbose"] == 1:
            print(f"{self._seen}/{self._seen} {line() * WIDTH} {self._times(now)}{values(logs)}")
        else:
            pace = per_step(self._pace(now))
            print(f"{self._seen}/{self._seen} - {duration(now - self._begun)} - {pace}{values(logs)}")

    def close(self) -> None:
        if self._display is not None:
            self._display.stop()
            self._display = None

    def _pace(self, now: float) -> float:
        """Seconds a step, from the second step on."""
        return (now - self._second) / (self._seen - 1) if self._seen > 1 else now - self._begun

    def _times(self, now: float) -> str:
        left = (self._steps or 0) - self._seen
        seconds = left * self._pace(now) if left > 0 else now - self._begun
        return f"{duration(seconds)} {per_step(self._pace(now))}"

    def _bar(self, now: float, logs: Logs) -> Any:
        """One line: bold count, bar, times, values."""
        from rich.text import Text

        total = self._steps or self._seen
        done = WIDTH * self._seen // max(total, 1)
        text = Text(f"{self._seen}/{self._steps or '?'} ", style="bold", overflow="ellipsis", no_wrap=True)
        text.append(line() * done, style="not bold green")
        text.append(line() * (WIDTH - done), style="not bold bright_black")
        return text.append(f" {self._times(now)}{values(logs)}", style="not bold")


def _live() -> Any:
    """A line of the terminal or notebook that is drawn anew when it is told to."""
    from rich.live import Live

    live = Live(auto_refresh=False, redirect_stdout=True)
    live.start()
    return live
