"""Nested lists, tuples, dicts (by sorted key) and namedtuples, taken apart and put together again."""

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

__all__ = ["flatten", "map_structure", "unflatten"]


def flatten(structure: Any) -> list[Any]:
    """Return the leaves in order; whatever is no container is a leaf, None included.

    Examples
    --------
    >>> flatten({"b": [1, 2], "a": (3,)})
    [3, 1, 2]
    """
    items = [structure[key] for key in _keys(structure)] if isinstance(structure, dict) else structure
    return [leaf for item in items for leaf in flatten(item)] if isinstance(items, list | tuple) else [structure]


def _keys(structure: Any) -> list[Any]:
    """The keys of a dict in an order that does not depend on theirs; those of several kinds cannot be compared."""
    return sorted(structure, key=lambda key: (type(key).__name__, key))


def unflatten(structure: Any, leaves: Any) -> Any:
    """Return the structure with its leaves replaced, in order.

    Examples
    --------
    >>> unflatten({"b": [1, 2], "a": (3,)}, "xyz")
    {'b': ['y', 'z'], 'a': ('x',)}
    """
    return _filled(structure, iter(leaves))


def _filled(structure: Any, leaves: Iterator[Any]) -> Any:
    if isinstance(structure, dict):
        filled = copy(structure)  # of the same class, which may want more than items, and in the same order
        dict.update(filled, ((key, _filled(structure[key], leaves)) for key in _keys(structure)))  # a Counter adds
        return filled
    if isinstance(structure, list | tuple):
        items = [_filled(item, leaves) for item in structure]
        return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)
    return next(leaves)


def map_structure(function: Callable[..., Any], structure: Any) -> Any:
    """Return the structure with `function` applied to every leaf."""
    return unflatten(structure, map(function, flatten(structure)))
