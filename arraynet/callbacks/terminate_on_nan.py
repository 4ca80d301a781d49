"""Stop as soon as the loss is no number."""

import math

from arraynet.callbacks.callback import Callback, Logs

__all__ = ["TerminateOnNaN"]


class TerminateOnNaN(Callback):
    """Stop training at the first batch whose loss is NaN or infinite; it reads the loss of every batch.

    Parameters
    ----------
    raise_error : bool
        Whether to raise a RuntimeError instead of stopping quietly.
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        message = f"Batch {batch}: the loss is {loss}; training stops."
        if self.raise_error:
            raise RuntimeError(f"{message} Lower the learning rate, or look for bad values in the data.")
        print(message)
        self.model.stop_training = True
