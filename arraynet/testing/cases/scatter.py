"""Cases of the ops in ops.scatter."""

from typing import Any

import numpy as np

from arraynet.testing.case import case, normal

X, ROW = normal(4, 3), normal(5)
PLACES = np.array([[0], [3], [0], [-1], [2]], "int32")
PAIRS = np.array([[[0, 1], [2, 2]], [[0, 1], [3, 0]]])
IDS = np.array([0, 2, 2, 7, 0], "int32")


def added(x: np.ndarray, key: Any, values: Any) -> np.ndarray:
    """Return a copy of `x` with values added at a key."""
    y = np.array(x)
    np.add.at(y, key, values)
    return y


def put(x: np.ndarray, key: Any, values: Any) -> np.ndarray:
    """Return a copy of `x` with values assigned at a key."""
    y = np.array(x)
    y[key] = values
    return y


def at(choice: np.ufunc, x: np.ndarray, key: Any, values: Any) -> np.ndarray:
    """Return a copy of `x` with the larger, the smaller or the product of what is there and all values at a key."""
    y = np.array(x)
    choice.at(y, key, values)
    return y


FIVE = normal(5, 3)
INF = np.full((3, 3), np.inf)
IDS_OF_3 = np.array([0, 2, 1, 2, 5])

CASES = [
    case("scatter", lambda i, v: added(np.zeros(4), i[:, 0], v), PLACES, ROW, shape=(4,)),
    case("scatter", lambda i, v: added(np.zeros((4, 3)), i[:, 0], v), PLACES, normal(5, 3), shape=(4, 3),
         variant="rows"),
    case("scatter", lambda i, v: added(np.zeros((4, 3)), (i[..., 0], i[..., 1]), v), PAIRS, normal(2, 2),
         shape=(4, 3), variant="pairs"),
    case("scatter_update", lambda x, i, v: put(x, i[:, 0], v), X, PLACES, normal(5, 3)),
    case("scatter_update", lambda x, i, v: put(x, (i[..., 0], i[..., 1]), v), X, PAIRS, normal(2, 2), variant="pairs"),
    case("scatter_update", lambda x, i, v: added(x, i[:, 0], v), X, PLACES, normal(5, 3), reduction="add",
         variant="add"),
    case("scatter_update", lambda x, i, v: at(np.maximum, x, i[:, 0], v), X, PLACES, normal(5, 3), reduction="max",
         variant="max"),
    case("scatter_update", lambda x, i, v: at(np.minimum, x, i[:, 0], v), X, PLACES, normal(5, 3), reduction="min",
         variant="min"),
    case("scatter_update", lambda x, i, v: at(np.multiply, x, i[:, 0], v), X, PLACES, normal(5, 3),
         reduction="mul", variant="mul"),
    case("segment_sum", lambda x, i: added(np.zeros(4), np.array([0, 2, 2, 0]), x[[0, 1, 2, 4]]), ROW, IDS,
         num_segments=4),
    case("segment_sum", lambda x, i: added(np.zeros((8, 3)), i, x), normal(5, 3), IDS, jit=False, variant="counted"),
    case("segment_max", lambda x, i: at(np.maximum, -INF, i[:4], x[:4]), FIVE, IDS_OF_3, num_segments=3),
    case("segment_min", lambda x, i: at(np.minimum, INF, i[:4], x[:4]), FIVE, IDS_OF_3, num_segments=3),
    case("one_hot", lambda x: np.eye(8)[:, :4][x], IDS, num_classes=4, grad=False),
    case("one_hot", lambda x: np.moveaxis(np.eye(4)[x], -1, 1), PAIRS, num_classes=4, axis=1, variant="axis",
         grad=False),
    case("multi_hot", lambda x: np.eye(4)[x].max(axis=1), PAIRS[0], num_classes=4, grad=False),
]  # fmt: skip
