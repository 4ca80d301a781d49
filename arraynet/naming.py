"""Automatic names, as Keras makes them: the class in snake case, and a counter."""

import re
from collections import Counter
from collections.abc import Container

__all__ = ["auto_name", "free_name", "is_automatic", "reset_names", "snake_case"]

_used: Counter[str] = Counter()


def snake_case(name: str) -> str:
    """Return a class name in snake case.

    Examples
    --------
    >>> snake_case("BatchNormalization"), snake_case("ReLU")
    ('batch_normalization', 're_lu')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(prefix: str) -> str:
    """Return `prefix` the first time, then ``prefix_1``, ``prefix_2``, and so on."""
    number = _used[prefix]
    _used[prefix] += 1
    return f"{prefix}_{number}" if number else prefix


def free_name(base: str, taken: Container[str]) -> str:
    """Return a name that is not taken: `base`, or with the first number that makes it one."""
    number, name = 0, base
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    return name


def is_automatic(name: str, prefix: str) -> bool:
    """Tell whether a name is of the kind that `auto_name` gives, as the names in a configuration may be."""
    return re.fullmatch(rf"{prefix}(_\d+)?", name) is not None


def reset_names() -> None:
    """Start counting anew."""
    _used.clear()
