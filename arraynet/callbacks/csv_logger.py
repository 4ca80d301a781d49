"""Write every epoch's values to a file of comma-separated values."""

from io import StringIO
from pathlib import Path
from typing import Any

from arraynet.callbacks.callback import Callback, Logs
from arraynet.saving.files import replacing

__all__ = ["CSVLogger"]


class CSVLogger(Callback):
    """Write epochs and their values as rows of a file; each row is on disk when its epoch ends.

    Parameters
    ----------
    filename : path
        Where to write.
    separator : str
        What stands between two values.
    append : bool
        Whether an existing file is continued, without a second head line.
    """

    def __init__(self, filename: str | Path, separator: str = ",", append: bool = False) -> None:
        if not isinstance(separator, str) or len(separator) != 1 or separator in '"\r\n':
            raise ValueError(f"CSVLogger: separator must be one character, as ',' or ';', received {separator!r}.")
        self.filename, self.sep, self.append = str(filename), separator, append  # called so in Keras
        self._path = Path(filename)
        self.keys: list[str] = []
        self._file: Any = None

    def on_train_begin(self, logs: Logs = None) -> None:
        old = self._rows() if self.append and self._path.exists() else []
        self.keys = old[0][1:] if old else []
        self._file = self._path.open("a" if self.append else "w", newline="", encoding="utf-8")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        if not self.keys:
            self.keys = sorted(logs)
            self._write(self._file, [["epoch", *self.keys]])
        elif new := sorted(set(logs) - set(self.keys)):  # with validation_freq, a later epoch is the first to validate
            self._widen(new)
        self._write(self._file, [[epoch, *(logs.get(key, "NA") for key in self.keys)]])
        self._file.flush()

    def _rows(self) -> list[list[str]]:
        import csv  # here and below, since `fit` without it shall not wait for it

        with self._path.open(newline="", encoding="utf-8") as old:
            return list(csv.reader(old, delimiter=self.sep))

    def _write(self, stream: Any, rows: list[list[Any]]) -> None:
        import csv

        csv.writer(stream, delimiter=self.sep).writerows(rows)

    def _widen(self, new: list[str]) -> None:
        """Add columns to the file, with NA in the rows that are there."""
        self._file.close()
        rows, text = self._rows()[1:], StringIO(newline="")
        self.keys += new
        self._write(text, [["epoch", *self.keys], *(row + ["NA"] * len(new) for row in rows)])
        with replacing(self._path) as stream:
            stream.write(text.getvalue().encode())
        self._file = self._path.open("a", newline="", encoding="utf-8")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
