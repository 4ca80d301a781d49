"""Cases of the ops in ops.ordering."""

from functools import partial
from typing import Any

import numpy as np

from arraynet.testing.case import case, normal

X = normal(2, 3, 4)
TIES = np.array([[1.0, 3.0, 3.0, 1.0], [2.0, 2.0, 5.0, 2.0]])
INTEGERS = np.array([[3, 0, 3], [-2, 4, 4]], "int32")
HOLES = np.array([2.0, np.nan, -1.0])
EXTREMA: list[tuple[str, np.ndarray, dict[str, Any]]] = [
    ("", X, {}),
    ("axis", X, {"axis": 1}),
    ("kept", TIES, {"axis": -1, "keepdims": True}),
    ("integers", INTEGERS, {"axis": -1}),
    ("booleans", X > 0, {"axis": 0}),
]


def largest(x: np.ndarray, k: int) -> tuple[Any, Any]:
    """Return the k largest of the last axis and where they are, lower indices first."""
    order = np.argsort(-x, axis=-1, stable=True)[..., :k]
    return np.take_along_axis(x, order, -1), order


CASES = [
    *[
        case(name, partial(getattr(np, name), **axes), x, grad=False, variant=variant, **axes)
        for name in ("argmax", "argmin")
        for variant, x, axes in EXTREMA
    ],
    case("argsort", lambda x: np.argsort(x, stable=True), TIES, grad=False),
    case("argsort", lambda x: np.argsort(x, axis=None, stable=True), INTEGERS, axis=None, grad=False, variant="flat"),
    case("argsort", lambda x: np.argsort(x, axis=0, stable=True), X, axis=0, grad=False, variant="axis"),
    case("argpartition", lambda x: np.argsort(x, stable=True), X, kth=1, grad=False),
    case("sort", np.sort, X),
    case("sort", lambda x: np.sort(x, axis=None), X, axis=None, variant="flat"),
    case("sort", lambda x: np.sort(x, axis=1), X, axis=1, variant="axis"),
    case("sort", np.sort, HOLES, grad=False, variant="nan"),
    case("sort", np.sort, INTEGERS, grad=False, variant="integers"),
    case("top_k", lambda x: largest(x, 2), X, k=2),
    case("top_k", lambda x: largest(x, 3), TIES, k=3, grad=False, variant="ties"),
    case("top_k", lambda x: largest(x, 2), INTEGERS, k=2, grad=False, variant="integers"),
    case("in_top_k", lambda t, p: np.array([True, False]), np.array([1, 0]), TIES[:, ::-1], k=1, grad=False),
]
