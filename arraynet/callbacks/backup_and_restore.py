"""Go on where an interrupted training stopped."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import numpy as np

from arraynet.callbacks.callback import Batches, Callback, Logs
from arraynet.checks import flag, warn
from arraynet.saving.files import replacing
from arraynet.saving.tensors import decoded, encoded
from arraynet.saving.weights import assign, check, check_streams, named_weights, slots

__all__ = ["BackupAndRestore"]

WEIGHTS, OPTIMIZER, STREAMS, EPOCH = "weights/", "optimizer/", "streams", "epoch"


class BackupAndRestore(Callback):
    """Save the state of training, and begin the next `fit` from what is saved.

    Weights, the optimizer's state, random streams and the number of the epoch are kept; an epoch that was
    interrupted begins anew.

    Parameters
    ----------
    backup_dir : path
        The folder of the backup, made if need be.
    save_freq : "epoch" or int
        When to save: after every epoch, or also every so many batches.
    double_checkpoint : bool
        Whether the backup before the last one is kept, too, for a disk that damages the last.
    delete_checkpoint : bool
        Whether the backup is deleted when `fit` comes to its end.
    """

    def __init__(
        self,
        backup_dir: str | Path,
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        self._epoch, self._batches = 0, Batches("BackupAndRestore", save_freq)
        if not isinstance(backup_dir, str | PathLike) or not str(backup_dir):
            raise ValueError(f"BackupAndRestore: backup_dir must name a folder, received {backup_dir!r}.")
        self.backup_dir, self.path = str(backup_dir), Path(backup_dir) / "backup.safetensors"
        self._previous = self.path.with_name("previous.safetensors")
        self.double_checkpoint = flag("BackupAndRestore: double_checkpoint", double_checkpoint)
        self.delete_checkpoint = flag("BackupAndRestore: delete_checkpoint", delete_checkpoint)
        self.save_freq = save_freq

    def on_train_begin(self, logs: Logs = None) -> None:
        self.first_epoch = self._batches.seen = 0
        found = [path for path in (self.path, self._previous)[: 1 + self.double_checkpoint] if path.exists()]
        if found:
            self._restore(self._read(found))

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch, self._batches.last = epoch, 0

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self._batches.due(batch):
            self._save(self._epoch)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._save(epoch + 1)

    def on_train_end(self, logs: Logs = None) -> None:
        if self.delete_checkpoint:
            self.path.unlink(missing_ok=True)
            self._previous.unlink(missing_ok=True)

    def _read(self, found: list[Path]) -> dict[str, np.ndarray]:
        """The arrays of the first file that is whole; the error of the last one if none is."""
        path, *others = found
        try:
            return decoded(path.read_bytes(), str(path))
        except (OSError, ValueError) as error:
            if not others:
                raise
            warn(f"BackupAndRestore goes on from the backup before the last one, {others[0]}: {error}")
            return self._read(others)

    def _save(self, epoch: int) -> None:
        arrays = {WEIGHTS + name: variable.numpy() for name, variable in named_weights(self.model).items()}
        arrays |= {OPTIMIZER + name: value for name, value in slots(self.model.optimizer).items()}
        arrays[STREAMS] = np.array([stream.counter for stream in self.model.seed_generators], np.int64)
        arrays[EPOCH] = np.array(epoch)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.double_checkpoint and self.path.exists():
            self.path.replace(self._previous)
        with replacing(self.path) as file:
            file.write(encoded(arrays))

    def _restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        if not {STREAMS, EPOCH, OPTIMIZER + "iterations"} <= set(arrays):
            raise ValueError(f"{self.path} is no backup of a training: delete it, or choose another backup_dir.")
        found = _within(arrays, WEIGHTS)
        weights = named_weights(self.model, found)
        check(str(self.path), found, weights)
        streams = self.model.seed_generators
        check_streams(str(self.path), arrays[STREAMS], streams)
        self.model.optimizer.build(self.model.trainable_variables)
        self.model.optimizer.load_own_variables(_within(arrays, OPTIMIZER))
        assign(weights, found)
        for stream, counter in zip(streams, arrays[STREAMS], strict=True):
            stream.set_counter(int(counter))
        self.first_epoch = int(arrays[EPOCH])


def _within(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
