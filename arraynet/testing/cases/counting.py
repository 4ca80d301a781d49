"""Cases of the ops in ops.counting."""

from functools import partial
from typing import Any

import numpy as np

from arraynet.testing.case import case, normal

X = normal(3, 4)
EDGES = np.array([-1.0, -0.5, 0.5, 1.5])
LABELS = np.array([3, 0, 3, 1, 3], "int32")
GRID = np.array([[3, 1, 3], [2, 1, 7]], "int32")
WEIGHTS = np.array([0.5, 1.0, -1.0, 2.0, 0.25])
NEAR = np.array([-0.5, 0.5, 2.0])
RANGE: dict[str, Any] = {"bins": 4, "range": (-1, 1)}
FULL: dict[str, Any] = {"return_index": True, "return_inverse": True, "return_counts": True}

CASES = [
    case("bincount", np.bincount, LABELS, grad=False, jit=False),
    case("bincount", partial(np.bincount, minlength=6), LABELS, minlength=6, grad=False, jit=False, variant="longer"),
    case("bincount", np.bincount, LABELS, WEIGHTS, jit=False, variant="weights"),
    case("digitize", np.digitize, X, EDGES, grad=False),
    case("digitize", np.digitize, X, EDGES[::-1].copy(), grad=False, variant="descending"),
    case("histogram", np.histogram, X, grad=False),
    case("histogram", partial(np.histogram, bins=EDGES), X, bins=EDGES, grad=False, variant="edges"),
    case("histogram", partial(np.histogram, **RANGE), X, grad=False, variant="range", **RANGE),
    case("histogram", partial(np.histogram, bins=3), np.full(5, 2.0), bins=3, grad=False, variant="one-point"),
    case("isin", np.isin, GRID, LABELS, grad=False),
    case("isin", partial(np.isin, invert=True), GRID, np.array([7]), invert=True, grad=False, variant="invert"),
    case("searchsorted", np.searchsorted, EDGES, X, grad=False),
    case(
        "searchsorted", partial(np.searchsorted, side="right"), EDGES, NEAR, side="right", grad=False, variant="behind"
    ),
    case("unique", np.unique, GRID, grad=False, jit=False),
    case("unique", partial(np.unique, **FULL), GRID, grad=False, jit=False, variant="full", **FULL),
    case("unique", lambda x: np.array([1, 2, 3, 7, 9, 9]), GRID, size=6, fill_value=9, grad=False, variant="size"),
]
