"""The base of all callbacks: every hook, doing nothing."""

from collections.abc import Mapping
from typing import Any

from arraynet.checks import positive_int

__all__ = ["Callback"]

Logs = Mapping[str, float] | None


class Callback:
    """Something that is told what training does; override the hooks you need.

    Logs hold the reported names and their values as floats. Those of a batch are fetched from the backend
    when they are read, so a hook that does not read them costs nothing; hooks before something have none. What a hook
    writes into them, the callbacks behind it read. Setting
    ``self.model.stop_training`` to True ends training after the batch or epoch, and ``stop_evaluating`` or
    ``stop_predicting`` what they are named after.

    Attributes
    ----------
    model : Model
        The model being trained.
    params : dict
        ``epochs``, ``steps`` and ``verbose``; None before the training.
    first_epoch : int
        The epoch to go on from, for a callback that restores an earlier training in `on_train_begin`.
    """

    model: Any = None
    first_epoch = 0
    params: Any = None

    def set_model(self, model: Any) -> None:
        """Take the model that is going to be trained."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the arguments of the training."""
        self.params = params

    def close(self) -> None:
        """Release what the callback holds; called in the end, and after an error too."""

    def on_train_begin(self, logs: Logs = None) -> None:
        """Called once before the first epoch."""

    def on_train_end(self, logs: Logs = None) -> None:
        """Called once after the last epoch, with its logs."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Called before each epoch; the first is 0."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called after each epoch and its validation; values of the validation begin with ``val_``."""

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Another name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Another name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before each batch of an epoch; the first is 0."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after each batch of an epoch, with the means since the epoch began."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Logs = None) -> None:
        """Called before each evaluation, validation included."""

    def on_test_end(self, logs: Logs = None) -> None:
        """Called after each evaluation, with its results."""

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before each batch of an evaluation."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after each batch of an evaluation."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Called before a prediction."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """Called after a prediction."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before each batch of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """Called after each batch of a prediction; ``logs["outputs"]`` is its tensor."""


class Batches:
    """The number of batches seen, also where a hook is called only after several; `last` is 0 as an epoch begins."""

    def __init__(self, owner: str, save_freq: str | int) -> None:
        if save_freq != "epoch":
            positive_int(f"{owner}: save_freq, unless it is 'epoch',", save_freq)
        self.every, self.seen, self.last = save_freq, 0, 0

    def due(self, batch: int) -> bool:
        """Take the end of a batch into account; tell whether their number passed a multiple of `every`."""
        before = self.seen
        self.seen += batch + 1 - self.last
        self.last = batch + 1
        return not isinstance(self.every, str) and before // self.every < self.seen // self.every
