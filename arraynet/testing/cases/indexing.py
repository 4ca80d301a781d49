"""Cases of the ops in ops.indexing and ops.taking."""

from typing import Any

import numpy as np

from arraynet.testing.case import case, normal

X, Y, CUBE, ROW = normal(3, 4), normal(3, 4, seed=1), normal(3, 4, 5), normal(4)
PLACES = np.array([[0, -1], [2, 0]], "int32")
MASK = np.array([[True, False, False, True], [False] * 4, [True, True, False, False]])
ALONG = np.array([[3, 0], [1, 1], [-1, 2]])

KEYS = {
    "int": -1,
    "slice": np.s_[1:3],
    "steps": np.s_[::2, 3:0:-2],
    "backwards": np.s_[::-1],
    "ellipsis": np.s_[..., 2],
    "new axes": np.s_[None, :, None, 1, ...],
    "empty slice": np.s_[2:1],
    "whole": np.s_[...],
    "list": [2, 0, 2],
    "empty list": [],
    "lists": ([0, 2], [1, -1]),
    "apart": ([0, 2], np.s_[:], [1, -1]),
    "broadcast": ([[0], [2]], [1, 3], np.s_[::2]),
    "int apart": (0, np.s_[:], [1, 3]),
    "nothing apart": (np.s_[:], [1, 3], ..., 2),
    "beside": (np.s_[:], [1, 3], 2),
    "behind a new axis": (None, np.s_[:], [1, 3]),
    "mask": MASK,
    "mask of an axis": (np.s_[:], [True, False, False, True]),
    "mask and list": (MASK[:, 0], np.s_[:], [0, 1]),
}


def updated(x: np.ndarray, key: Any, values: np.ndarray) -> np.ndarray:
    """Return a copy of `x` with values assigned at a key."""
    y = np.array(x)
    y[key] = values
    return y


CASES = [
    *[case("get_item", lambda x, key=key: x[key], CUBE, key=key, variant=name) for name, key in KEYS.items()],
    case("get_item", lambda x, i: x[i], X, PLACES, variant="tensor"),
    case("get_item", lambda x, m: x[m], X, MASK, variant="mask tensor", jit=False),
    case("take", lambda x, i: np.take(x, i, 1), X, PLACES, axis=1),
    case("take", lambda x, i: np.take(x, i), X, PLACES, variant="flat"),
    case("take", lambda x: np.take(x, [2, -1, 2], 0), X, indices=[2, -1, 2], axis=0, variant="host"),
    case("take", lambda x: x[:, 1], X, indices=1, axis=1, variant="one"),
    case("take_along_axis", lambda x, i: np.take_along_axis(x, i, 1), X, ALONG, axis=1),
    case("take_along_axis", lambda x, i: np.take_along_axis(x, i, 0), X, ALONG[2:, [1, 0, 1, 1]], axis=0,
         variant="first axis"),
    case("take_along_axis", lambda x, i: np.take_along_axis(x, i, -1), X[:1], ALONG, axis=-1, variant="broadcast"),
    case("take_along_axis", lambda x, i: np.take_along_axis(x.ravel(), i, 0), X, np.array([5, 0]), variant="flat"),
    case("unravel_index", lambda i: np.unravel_index(i, (2, 3)), np.array([3, 5]), shape=(2, 3), grad=False),
    case("where", np.where, MASK, X, Y),
    case("where", np.where, MASK, X, ROW, variant="broadcast"),
    case("where", lambda m, x: np.where(m, x, 0), MASK, X, x2=0, variant="scalar"),
    case("where", lambda m: np.where(m, 1.5, 0), MASK, x1=1.5, x2=0, variant="scalars", grad=False),
    case("where", lambda m: list(np.where(m)), MASK, variant="condition", grad=False, jit=False),
    case("nonzero", lambda x: list(np.nonzero(x)), X * MASK, grad=False, jit=False),
    case("select", lambda c, v: np.select(c, v, 2), [MASK, ~MASK[::-1]], [X, Y], default=2),
    case("slice", lambda x: x[1:3, 0:2], X, start_indices=(1, 0), shape=(2, 2)),
    case("slice", lambda x, i: x[1:3, 2:4], X, np.array([1, 2]), shape=(2, 2), variant="tensor"),
    case("slice_update", lambda x, i, y: updated(x, np.s_[1:, 1:3], y), X, np.array([1, 1]), normal(2, 2)),
]  # fmt: skip
