"""Predictions: a model's outputs for all samples, batch by batch; and what `fit` and `evaluate` prepare alike."""

from typing import Any

import numpy as np

from arraynet.callbacks import CallbackList
from arraynet.callbacks.progress import resolve_verbose
from arraynet.checks import optional_count
from arraynet.models.batches import ArrayData, IterableData
from arraynet.models.checks import warn_of_nan
from arraynet.models.data import data_of
from arraynet.models.fetching import Outputs
from arraynet.models.steps import Steps
from arraynet.plugins import use_backend
from arraynet.tree import flatten, map_structure, unflatten

__all__ = ["ALL", "Data", "Predictor"]

Data = ArrayData | IterableData
ALL = 2**62  # samples a batch: as many as there are


class Predictor(Steps):
    """A layer that can be asked for its outputs; it need not be compiled for that."""

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Return the model's outputs for inputs as `fit` takes them.

        Parameters
        ----------
        x, batch_size, verbose, callbacks
            As for `fit`; labels and weights that an iterable yields are not looked at.
        steps : int, optional
            Number of batches to predict; all without it.

        Returns
        -------
        numpy.ndarray, or a nested structure of them
            One row for each sample, in arrays that nothing else refers to.

        Raises
        ------
        ValueError
            The data cannot be used.
        """
        with use_backend(self._home(())):
            data = self._data(x, None, None, batch_size, steps, {})
            self._ready(data)
            with self._telling(callbacks, verbose, data.steps) as told:
                return self._predicted(data, told)

    def _predicted(self, data: Data, told: CallbackList) -> Any:
        self.stop_predicting = False
        told.call("on_predict_begin", {})
        begin, end = (told.listeners(f"on_predict_batch_{when}") for when in ("begin", "end"))
        collected = Outputs()
        outputs: Any = None
        step = self._step("predict")
        for k, (x, _, _) in enumerate(data.epoch()):
            for hook in begin:
                hook(k, {})
            outputs = step(x, None, None)
            collected.add(flatten(outputs))
            for hook in end:
                hook(k, {"outputs": outputs})
            if self.stop_predicting:
                break
        told.call("on_predict_end", {})
        made = collected.whole()
        warn_of_nan(made, data, self)
        return unflatten(outputs, made)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the model's outputs for one batch, as fresh NumPy arrays."""
        with use_backend(self._home(())):
            data = self._data(x, None, None, ALL, None, {})
            self._ready(data)
            outputs = self._step("predict")(*next(data.epoch()))
            return map_structure(np.array, outputs)

    def _telling(
        self, callbacks: Any, verbose: int | str, steps: int | None, epochs: int = 1, history: bool = False
    ) -> CallbackList:
        """Callbacks and progress display, to be closed in the end."""
        shown = resolve_verbose(verbose)
        return CallbackList(callbacks, history, bool(shown), self, epochs=epochs, steps=steps, verbose=shown)

    def _data(
        self, x: Any, y: Any, sample_weight: Any, batch_size: Any, steps: int | None, options: dict[str, Any]
    ) -> Data:
        size, steps = optional_count("batch_size", batch_size), optional_count("steps", steps)
        widest = max((layer.variable_dtype for layer in self._walk()), key=lambda name: np.dtype(name).itemsize)
        return data_of(x, y, sample_weight, size, steps, floats=widest, **options)

    def _ready(self, data: Data) -> None:
        """See to it that there is a batch, and that the weights exist."""
        data.first()
        if not self.built:
            self._looked_at(data)
