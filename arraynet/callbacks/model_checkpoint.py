"""Save the model while it is trained."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from arraynet.callbacks.callback import Batches, Logs
from arraynet.callbacks.monitor import Watcher
from arraynet.saving.model_file import described_model

__all__ = ["ModelCheckpoint"]

MODEL, WEIGHTS = (".arraynet",), (".safetensors", ".npz")


class ModelCheckpoint(Watcher):
    """Save the model, or its weights, at the end of epochs or every so many batches.

    Parameters
    ----------
    filepath : path
        Where to save; it may hold ``{epoch}`` (the first is 1) and reported names: ``"{epoch:02d}-{val_loss:.2f}"``.
        With a number for `save_freq` also ``{batch}``.
        It ends in ``.arraynet``, or in ``.safetensors`` or ``.npz`` with `save_weights_only`.
    monitor : str
        The reported name to watch with `save_best_only`.
    verbose : int
        Whether to print what is saved.
    save_best_only : bool
        Whether to save only when the monitored value is better than ever before.
    save_weights_only : bool
        Whether to leave out the architecture and the optimizer.
    mode : {"auto", "min", "max"}
        Which way is better.
    save_freq : "epoch" or int
        When to save: at the end of every epoch, or every so many batches.
    initial_value_threshold : float, optional
        What the first value has to beat.
    """

    def __init__(
        self,
        filepath: str | Path,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        allowed = WEIGHTS if save_weights_only else MODEL
        if not str(filepath).endswith(allowed):
            raise ValueError(
                f"ModelCheckpoint with save_weights_only={save_weights_only} needs a filepath that ends in "
                f"{' or '.join(allowed)}, received {str(filepath)!r}."
            )
        self._epoch, self._batches = 0, Batches("ModelCheckpoint", save_freq)
        _check_braces(str(filepath))
        self.filepath, self.verbose, self.save_freq = str(filepath), verbose, save_freq
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        super().__init__(monitor, mode)
        self.best = self.initial_value_threshold = initial_value_threshold

    def on_train_begin(self, logs: Logs = None) -> None:
        self._batches.seen = 0
        self._start(self.best)  # a second fit goes on from the best value of the first
        if not self.save_weights_only:
            described_model(self.model)  # what cannot be saved is refused now, not after an epoch

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch, self._batches.last = epoch + 1, 0

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self._batches.due(batch):
            self._save(logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            self._save(logs)

    def _save(self, logs: Logs) -> None:
        if self.save_best_only and not self._improved(logs):
            return
        path = Path(self._named(logs or {}))
        path.parent.mkdir(parents=True, exist_ok=True)
        (self.model.save_weights if self.save_weights_only else self.model.save)(path)
        if self.verbose:
            print(f"Epoch {self._epoch}: saved {path}")

    def _named(self, logs: Mapping[str, float]) -> str:
        batch = {} if self.save_freq == "epoch" else {"batch": self._batches.last}
        names = {"epoch": self._epoch} | batch | dict(logs)
        try:
            return self.filepath.format(**names)
        except KeyError as error:
            known = ", ".join(names)
            raise ValueError(f"ModelCheckpoint: {self.filepath!r} names {error}; what is reported: {known}.") from error

    def _improved(self, logs: Logs) -> bool:
        value = self._watched(logs)
        if value is None or not self._better(value, self.best):
            return False
        self.best = value
        return True


class _Number:
    """A number that may turn out to be an int or a float."""

    def __format__(self, spec: str) -> str:
        try:
            return format(0, spec)
        except ValueError:
            return format(0.0, spec)


def _check_braces(filepath: str) -> None:
    """Fill in numbers for all names, so that what cannot be a path shows before an epoch is trained."""
    try:
        filepath.format_map(defaultdict(_Number))
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            f"ModelCheckpoint: filepath {filepath!r} cannot be filled in: {error}. Braces hold names of numbers, as "
            f"'{{epoch:02d}}-{{val_loss:.2f}}'."
        ) from error
