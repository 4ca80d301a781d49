"""Classes and functions of the user's own by name, so that a saved model which uses them can be loaded.

They are registered once, or named for the length of a block; every look-up by name asks here as well.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, TypeVar

__all__ = ["custom_object", "custom_object_scope", "register_serializable"]

Thing = TypeVar("Thing", bound=Callable[..., Any])

_registered: dict[str, Any] = {}
_nothing: Mapping[str, Any] = MappingProxyType({})
_scope: ContextVar[Mapping[str, Any]] = ContextVar("arraynet_custom_objects", default=_nothing)


def register_serializable(thing: Thing) -> Thing:
    """Let a class or function be found by its name when a model that uses it is loaded; a decorator.

    Raises
    ------
    ValueError
        Another class or function of that name is registered already. The same one defined again, as in a
        notebook's cell, takes the place of the old.

    Examples
    --------
    >>> import arraynet
    >>> @arraynet.saving.register_serializable
    ... class Twice(arraynet.layers.Layer):
    ...     def call(self, inputs):
    ...         return 2 * inputs
    """
    known = _registered.get(thing.__name__)
    if known is not None and _origin(known) != _origin(thing):
        raise ValueError(
            f"{thing.__name__!r} is registered already, as {'.'.join(_origin(known))}. Give one of them another name."
        )
    _registered[thing.__name__] = thing
    return thing


def _origin(thing: Any) -> tuple[str, str]:
    return thing.__module__, thing.__qualname__


@contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Let classes and functions be found under the given names within a block, in this thread.

    Parameters
    ----------
    custom_objects : mapping of str to class or function
        What names stand for.

    Examples
    --------
    >>> from arraynet import activations, saving
    >>> with saving.custom_object_scope({"halved": lambda x: x / 2}):
    ...     activations.get("halved")(3.0)
    1.5
    """
    if not isinstance(custom_objects, Mapping | None):
        raise TypeError(f"Custom objects are a dict from names to classes and functions, received {custom_objects!r}.")
    token = _scope.set({**_scope.get(), **(custom_objects or {})})
    try:
        yield
    finally:
        _scope.reset(token)


def custom_object(name: Any) -> Any:
    """Return the class or function that goes by a name, or None; a scope comes before what is registered."""
    return _scope.get().get(name, _registered.get(name)) if isinstance(name, str) else None
