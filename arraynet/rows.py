"""Rows of an array that are copied only if somebody needs them in one place.

A batch in random order is the largest thing that a step reads from memory. A loop that reads rows where they are
waits for none of them, as it multiplies meanwhile; a copy would do nothing but wait.
"""

from typing import Any

import numpy as np

__all__ = ["Rows", "gathered"]


class Rows:
    """What `source[order]` is, before it is made; an argument by itself, not in a list or a dict.

    Parameters
    ----------
    source : ndarray
        Its rows lie in order, without gaps.
    order : ndarray of int
        Which of them, each within the array.
    """

    def __init__(self, source: np.ndarray, order: np.ndarray) -> None:
        self.source, self.order = source, np.ascontiguousarray(order, np.int64)
        self.shape, self.dtype = (len(order), *source.shape[1:]), source.dtype


def gathered(x: Any) -> Any:
    """Return rows as an array, and anything else as it is."""
    return x.source.take(x.order, 0, None, "clip") if type(x) is Rows else x
