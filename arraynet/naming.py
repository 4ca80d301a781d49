"""Automatic names, as Keras makes them: the class in snake case, and a counter; and what a mistyped one meant."""

import re
from collections import Counter
from collections.abc import Iterable

__all__ = ["auto_name", "is_automatic", "resembling", "reset_names", "snake_case"]

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


def resembling(name: object, known: Iterable[str]) -> str:
    """Return a question whether the known name most like a mistyped one was meant, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(str(name), list(known))
    close.sort(key=lambda known: sorted(known) != sorted(str(name)))  # two letters exchanged are the likeliest
    return f"Did you mean {close[0]!r}?" if close else ""


def auto_name(prefix: str) -> str:
    """Return `prefix` the first time, then ``prefix_1``, ``prefix_2``, and so on."""
    number = _used[prefix]
    _used[prefix] += 1
    return f"{prefix}_{number}" if number else prefix


def is_automatic(name: str, prefix: str) -> bool:
    """Tell whether a name is of the kind that `auto_name` gives, as the names in a configuration may be."""
    return re.fullmatch(rf"{prefix}(_\d+)?", name) is not None


def reset_names() -> None:
    """Start counting anew."""
    _used.clear()
