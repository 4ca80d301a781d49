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
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, list | tuple):
        return [leaf for item in structure for leaf in flatten(item)]
    return [structure]


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
        filled.update((key, _filled(structure[key], leaves)) for key in sorted(structure))
        return filled
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*(_filled(item, leaves) for item in structure))
    if isinstance(structure, list | tuple):
        return type(structure)(_filled(item, leaves) for item in structure)
    return next(leaves)


def map_structure(function: Callable[..., Any], structure: Any) -> Any:
    """Return the structure with `function` applied to every leaf."""
    return unflatten(structure, map(function, flatten(structure)))
