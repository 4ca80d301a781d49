"""Several callbacks as one, which knows which hooks anybody listens to, so that batches call nobody in vain."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from arraynet.callbacks.callback import Callback
from arraynet.callbacks.history import History
from arraynet.callbacks.progress import ProgbarLogger
from arraynet.checks import resembling, warn

__all__ = ["CallbackList"]

ALIASES = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}

HOOKS = [name for name in vars(Callback) if name.startswith("on_")]


class CallbackList:
    """Callbacks in the user's order, then the history, then the progress display.

    Parameters
    ----------
    callbacks : Callback, or list of them, optional
        The user's.
    add_history, add_progbar : bool
        Whether a `History` and a `ProgbarLogger` are added if none is there.
    model : Model, optional
        What they are told about.
    **params
        What `Callback.params` holds.
    """

    def __init__(
        self,
        callbacks: Callback | Sequence[Callback] | None = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        given = callbacks if isinstance(callbacks, list | tuple) else [] if callbacks is None else [callbacks]
        self.callbacks = [_checked(callback) for callback in given]
        if add_history and self.find(History) is None:
            self.callbacks.append(History())
        if add_progbar and self.find(ProgbarLogger) is None:
            self.callbacks.append(ProgbarLogger())
        for callback in self.callbacks:
            callback.set_model(model)
            callback.set_params(params)

    def __enter__(self) -> "CallbackList":
        return self

    def __exit__(self, *error: object) -> None:
        self.call("close")

    def find(self, kind: type) -> Any:
        """Return the first callback of a class, or None."""
        return next((callback for callback in self.callbacks if isinstance(callback, kind)), None)

    def listeners(self, hook: str) -> list[Callable[..., None]]:
        """Return the methods of the callbacks that define a hook themselves."""
        names = [name for name in (hook, ALIASES.get(hook)) if name]
        return [getattr(c, hook) for c in self.callbacks if any(_overridden(c, name) for name in names)]

    def call(self, hook: str, *args: Any) -> None:
        """Call a hook of all callbacks."""
        for callback in self.callbacks:
            getattr(callback, hook)(*args)


def _overridden(callback: Callback, hook: str) -> bool:
    method = getattr(callback, hook)
    return getattr(method, "__func__", method) is not getattr(Callback, hook)


def _checked(callback: Any) -> Callback:
    if not isinstance(callback, Callback):
        hint = f"; call it: {callback.__name__}()" if isinstance(callback, type) else ""
        raise TypeError(f"callbacks must be callbacks.Callback objects, received {callback!r}{hint}.")
    for name in set(dir(callback)).difference(HOOKS):
        if name.startswith("on_") and (meant := resembling(name, HOOKS)):
            warn(f"{type(callback).__name__}.{name} is no hook, so nothing calls it. {meant}")
    for hook in HOOKS:
        if _overridden(callback, hook):
            _check_parameters(getattr(callback, hook), hook, type(callback).__name__)
    return callback


def _check_parameters(method: Callable[..., None], hook: str, owner: str) -> None:
    """Refuse a hook that cannot be called as it will be, before anything is trained."""
    expected = list(inspect.signature(getattr(Callback, hook)).parameters)[1:]
    try:
        inspect.signature(method).bind(*expected)
    except TypeError as error:
        raise TypeError(f"{owner}.{hook} is called with ({', '.join(expected)}): {error}.") from error
