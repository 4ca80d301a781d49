"""Training as users ask for it: fit and evaluate, and the same for one batch."""

from collections.abc import Container, Iterable
from typing import Any

import numpy as np

from arraynet.callbacks import CallbackList
from arraynet.checks import every, optional_count, positive_int, warn
from arraynet.models.batches import ArrayData, IterableData
from arraynet.models.checks import check_numbers
from arraynet.models.data import is_iterable_of_batches, split_off
from arraynet.models.divergence import check_finite, debugged
from arraynet.models.loop import RunningLogs, run_batches
from arraynet.models.predictor import ALL, Data, Predictor
from arraynet.plugins import use_backend
from arraynet.program.jit import Jitted
from arraynet.random.streams import stream_key

__all__ = ["Trainer"]


class Trainer(Predictor):
    """A layer that can be trained; `Model` inherits from it."""

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Iterable[int] = 1,
        debug: bool = False,
    ) -> Any:
        """Train for a number of epochs and return their `callbacks.History`.

        Ctrl-C ends it after the step that runs, a second one at once; what has been trained stays.

        Parameters
        ----------
        x : array, nested arrays, or iterable of batches
            Inputs; an iterable yields ``x``, ``(x, y)`` or ``(x, y, sample_weight)``.
        y : array or nested arrays, optional
            Labels.
        batch_size : int, optional
            Samples a batch, 32 without it; the last batch may have fewer.
        epochs : int
            The epoch to stop before; with `initial_epoch` 0, how many there are.
        verbose : {"auto", 0, 1, 2}
            Silent, a bar, or one line an epoch; "auto" is a bar where somebody watches.
        callbacks : Callback or list of them, optional
            What is told about the training.
        validation_split : float
            Share of the samples, the last ones, to evaluate after each epoch and not to train on.
        validation_data : tuple or iterable of batches, optional
            What to evaluate after each epoch; goes before `validation_split`.
        shuffle : bool or "batch"
            Whether each epoch takes the samples in a new order, or shuffles within batches only.
        class_weight : dict of int to float, optional
            Weights of classes, 1 for those not named.
        sample_weight : array, optional
            Weights of samples in the loss.
        initial_epoch : int
            The number of the first epoch.
        steps_per_epoch : int, optional
            Batches an epoch; all without it.
        validation_steps, validation_batch_size : int, optional
            Batches to evaluate, and their size.
        validation_freq : int or iterable of int
            After how many epochs to evaluate, or after which ones, the first being 1.
        debug : bool
            Whether to look at the loss and the weights after every step, which is slow, and to say which op of
            which layer made the first value that is not finite.

        Raises
        ------
        ValueError
            The model is not compiled, or the data cannot be used; nothing has been trained then.
        FloatingPointError
            The loss and the weights have become NaN or infinite, so that there is nothing left to train.
        """
        self._require_compiled("fit")
        epochs = positive_int("epochs", epochs)
        validated = every("validation_freq", validation_freq, epochs)
        first = positive_int("initial_epoch", initial_epoch) if initial_epoch else 0
        optional_count("steps_per_epoch", steps_per_epoch)
        optional_count("validation_steps", validation_steps)
        optional_count("validation_batch_size", validation_batch_size)
        if first >= epochs:
            warn(f"Nothing is trained: training ends before epoch {epochs}, counted from 0, and begins with {first}.")
        with use_backend(self._home(())):
            if validation_data is None and validation_split:
                (x, y, sample_weight), validation_data = split_off((x, y, sample_weight), validation_split)
            options = {"shuffle": shuffle, "class_weight": class_weight}
            data = self._data(x, y, sample_weight, batch_size, steps_per_epoch, options)
            self._prepare(data)
            size = batch_size if validation_batch_size is None else validation_batch_size
            validation = validation_data is not None and self._validation(validation_data, size, validation_steps)
            with self._telling(callbacks, verbose, data.steps, epochs, history=True) as told:
                self.stop_training = False
                self._train(data, validation, told, range(first, epochs), validated, debug)
        return self.history

    def _train(
        self, data: Data, validation: Any, told: CallbackList, epochs: range, validated: Container[int], debug: bool
    ) -> None:
        logs: dict[str, float] = {}
        told.call("on_train_begin", {})
        resumed = max(callback.first_epoch for callback in told.callbacks)
        for epoch in range(max(epochs.start, resumed), epochs.stop):
            told.call("on_epoch_begin", epoch, {})
            data.number = epoch - epochs.start
            logs = self._epoch("train", data, told, epoch + 1 if debug else None)
            self._shuffle.next()
            if validation and epoch + 1 in validated:
                logs |= {f"val_{name}": value for name, value in self._test(validation, told).items()}
            logs = dict(sorted(logs.items()))
            told.call("on_epoch_end", epoch, logs)
            if data.exhausted and epoch + 1 < epochs.stop:
                warn(f"The data ran out in epoch {epoch + 1} of {epochs.stop}.")
            if self.stop_training or data.exhausted:
                break
            check_finite(self, logs, epoch + 1)
        self.optimizer.finalize_variable_values(self.trainable_variables)
        told.call("on_train_end", logs)

    def _epoch(self, kind: str, data: Data, told: CallbackList, debug: int | None = None) -> dict[str, float]:
        """Run all batches once; return what there is to report."""
        with use_backend(self._home(())):  # where that is now: a callback may have moved the model
            self.reset_metrics()
            low, high = self._shuffle.key
            key = stream_key(low + (high << 64), f"epoch {self._shuffle.counter}") if kind == "train" else None
            logs = RunningLogs(self._fed(data.labelled))
            begin, end = (told.listeners(f"on_{kind}_batch_{when}") for when in ("begin", "end"))
            stopped = (lambda: self.stop_training) if kind == "train" else lambda: self.stop_evaluating
            step = debugged(self, self._step(kind), debug) if debug else self._step(kind)
            if isinstance(data, ArrayData):  # hooks that come before a step may look at its rows, or change them
                data.step = step if isinstance(step, Jitted) and not begin else None
            seen = run_batches(step, data.epoch(key), begin, end, logs, self.steps_per_execution, stopped)
            if not seen:
                warn("The data is used up: a generator yields its batches once.")
            return dict(logs) if seen else {}

    def _test(self, data: Data, told: CallbackList) -> dict[str, float]:
        self.stop_evaluating = False
        told.call("on_test_begin", {})
        logs = self._epoch("test", data, told)
        told.call("on_test_end", logs)
        return logs

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Return the loss, or a list of loss and metrics, over data as `fit` takes it.

        Parameters
        ----------
        x, y, batch_size, verbose, sample_weight, callbacks
            As for `fit`.
        steps : int, optional
            Number of batches to evaluate; all without it.
        return_dict : bool
            Whether to return a dict of names and numbers instead of a list.

        Raises
        ------
        ValueError
            The model is not compiled, or the data cannot be used.
        """
        self._require_compiled("evaluate")
        with use_backend(self._home(())):
            data = self._data(x, y, sample_weight, batch_size, steps, {})
            self._prepare(data, trains=False)
            with self._telling(callbacks, verbose, data.steps) as told:
                logs = self._test(data, told)
            if not np.isfinite(list(logs.values())).all() and not isinstance(data, IterableData):
                check_numbers(data)
        return _reported(logs, return_dict)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Train on one batch; return its loss, or loss and metrics, as `evaluate` does.

        Parameters
        ----------
        x, y, sample_weight, class_weight
            As for `fit`; all samples together are the batch.
        return_dict : bool
            As for `evaluate`.
        """
        return self._on_batch("train", x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Return the loss, or loss and metrics, of one batch, without training; arguments as `train_on_batch`."""
        return self._on_batch("test", x, y, sample_weight, None, return_dict)

    def _on_batch(self, kind: str, x: Any, y: Any, weight: Any, class_weight: Any, return_dict: bool) -> Any:
        self._require_compiled(f"{kind}_on_batch")
        with use_backend(self._home(())):
            data = self._data(x, y, weight, ALL, None, {"class_weight": class_weight})
            if not self._matched:
                self._prepare(data, trains=kind == "train")
            else:
                self._look(data.known()[1])
            self.reset_metrics()
            logs = RunningLogs(self._fed(data.labelled))
            run_batches(self._step(kind), data.epoch(), [], [], logs, 1, lambda: True)
            return _reported(dict(logs), return_dict)

    def _validation(self, given: Any, batch_size: int | None, steps: int | None) -> Data:
        parts = given if isinstance(given, tuple | list) else (given,)
        if len(parts) > 3:
            raise ValueError(
                f"validation_data is (x, y), (x, y, sample_weight) or an iterable, received {len(parts)} parts."
            )
        x, y, weight = (*parts, None, None)[:3]
        batch_size = None if is_iterable_of_batches(x) else batch_size
        try:
            data = self._data(x, y, weight, batch_size, steps, {})
            self._prepare(data)
        except (ValueError, TypeError) as error:
            if type(error) not in (ValueError, TypeError):  # what an iterable raises itself
                raise
            raise type(error)(f"validation_data: {error}") from error
        return data


def _reported(logs: dict[str, float], as_dict: bool) -> Any:
    return logs if as_dict else next(iter(logs.values())) if len(logs) == 1 else list(logs.values())
