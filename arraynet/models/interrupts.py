"""Ctrl-C between steps: a step that has begun ends first.

It writes into the arrays of many Variables, and one that stopped among them left each at another time.
"""

import signal
import threading
from typing import Any

__all__ = ["Interrupts"]


class Interrupts:
    """A context, entered around a loop of steps, in which Ctrl-C waits for the end of a step.

    A second one does not wait. Signals reach the main thread alone; in others nothing is changed.

    Attributes
    ----------
    wait : bool
        Set by the loop while a step runs.
    came : bool
        Whether one waits: the loop then calls `pass_on` between two steps.
    """

    def __enter__(self) -> "Interrupts":
        self.wait = self.came = False
        self._handler: Any = signal.getsignal(signal.SIGINT)
        self._ours = callable(self._handler) and threading.current_thread() is threading.main_thread()
        if self._ours:
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        if signal.getsignal(signal.SIGINT) == self._note:  # a callback may have set its own
            signal.signal(signal.SIGINT, self._handler)
        if self.came:
            self.pass_on()

    def _note(self, number: int, frame: Any) -> None:
        if self.wait and not self.came:
            self.came, self._frame = True, frame
        else:
            self._handler(number, frame)

    def pass_on(self) -> None:
        """Tell the handler that was there before, which mostly raises KeyboardInterrupt."""
        self.came = False
        self._handler(signal.SIGINT, self._frame)
