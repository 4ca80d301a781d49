"""Evaluate with the averages of the weights that an optimizer keeps."""

from typing import Any

from arraynet.callbacks.callback import Callback, Logs
from arraynet.checks import flag

__all__ = ["SwapEMAWeights"]


class SwapEMAWeights(Callback):
    """Put the moving averages of the weights into the model while it is evaluated or predicts, and take them out again.

    The optimizer keeps them with ``use_ema=True``; `fit` itself puts them in for good at its end.

    Parameters
    ----------
    swap_on_epoch : bool
        Whether they are also there from the end of each epoch to the begin of the next one, for callbacks behind this
        one, as for a `ModelCheckpoint` that saves them.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        self.swap_on_epoch = flag("SwapEMAWeights: swap_on_epoch", swap_on_epoch)
        self._trained: list[tuple[Any, Any]] = []  # weights and their values meanwhile; the averages stay as they are

    def on_train_begin(self, logs: Logs = None) -> None:
        self._check()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._back()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.swap_on_epoch:
            self._swap()

    def on_test_begin(self, logs: Logs = None) -> None:
        self._swap()

    def on_test_end(self, logs: Logs = None) -> None:
        self._back()

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._swap()

    def on_predict_end(self, logs: Logs = None) -> None:
        self._back()

    def on_train_end(self, logs: Logs = None) -> None:
        self._trained = []  # the model has the averages for good

    def close(self) -> None:
        self._back()  # after an error

    def _check(self) -> None:
        optimizer = self.model.optimizer
        if not getattr(optimizer, "use_ema", False):
            known = "a model that is not compiled" if optimizer is None else f"{type(optimizer).__name__} without them"
            raise ValueError(
                f"SwapEMAWeights needs an optimizer that averages weights, such as optimizers.SGD(use_ema=True); "
                f"received {known}."
            )

    def _swap(self) -> None:
        self._check()
        if self._trained:
            return
        optimizer = self.model.optimizer
        self._trained = [(weight, weight.value) for weight in optimizer._targets]
        for weight, _ in self._trained:
            weight.assign(optimizer._slot(weight, "average"))

    def _back(self) -> None:
        for weight, value in self._trained:
            weight.assign(value.to(weight.backend))  # another callback may have moved the model
        self._trained = []
