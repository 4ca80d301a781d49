"""Taking elements out by position, and putting them back.

Indices are normalised first; every fancy index is one `take` of a linear index, whose derivative is one
`index_add`. Slices are windows, whose derivative is zeros around the gradient.
"""

from typing import Any

from arraynet.dispatch import op

__all__ = ["get_item"]


@op(promote=None, name="get_item")
def get_item(xp: Any, x: Any, /, key: Any) -> Any:
    """Return ``x[key]``."""
    return x[key]
