"""What a call is like, as far as a captured program depends on it: the key under which a program is found.

Arrays count by shape, dtype and layout, Python's numbers by themselves, and other objects by what they are and hold.
"""

from typing import Any

import numpy as np

from arraynet.rows import Rows
from arraynet.tensor import Tensor

__all__ = ["NESTED", "kind_of"]

NESTED = object()  # a container's kind, which stands for its leaves
PLAIN = (bool, int, str, float, complex, np.generic)  # what is compared by value


def kind_of(x: Any) -> Any:
    """Return what a signature says of an argument: something hashable, equal for equal kinds."""
    if x is None:
        return None
    if isinstance(x, np.ndarray):
        return type(x), x.shape, x.dtype, x.flags.c_contiguous or x.strides  # other strides may be other bits
    if type(x) is Rows:
        return np.ndarray, x.shape, x.dtype, True
    if isinstance(x, Tensor):
        array = kind_of(x.array) if isinstance(x.array, np.ndarray) else (x.shape, x.dtype)
        return x.backend.name, array, x.logits is None
    if isinstance(x, (float, complex, np.generic)):  # a union would be made in each call
        return type(x), repr(x)  # 0.0 and -0.0 are equal, not the same
    if isinstance(x, (bool, int, str)):
        return type(x), x
    return NESTED if isinstance(x, (list, tuple, dict)) else _held(x)


def _held(x: Any) -> Any:
    """An object by itself; a set or a dataclass by what it holds, too, which may have changed at the next call."""
    kinds: list[Any] = []
    held, seen = [x], set()  # each object once, as several may hold it
    for x in held:
        kinds.append(kind_of(x) if isinstance(x, PLAIN) else _Same(x))
        if isinstance(x, PLAIN) or id(x) in seen:
            continue
        seen.add(id(x))
        inside = [getattr(x, name, None) for name in getattr(type(x), "__dataclass_fields__", ())]
        if isinstance(x, list | tuple | dict | set | frozenset):
            inside = [*x, *x.values()] if isinstance(x, dict) else [*x]
        kinds.append(len(inside))
        held += inside
    return tuple(kinds)


class _Same:
    """An object as part of a key: equal to itself alone, and kept, so that no other one comes to its address."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.x is other.x

    def __hash__(self) -> int:
        return id(self.x)
