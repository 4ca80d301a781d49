"""Cases of the ops in ops.reduction: every one over all axes, one axis, the last kept, and two at once."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from arraynet.testing.case import Case, case, normal, positive

X = normal(2, 3, 4)
WEIGHTS = positive(3)
INTEGERS = np.array([[3, 0, 1], [-2, 0, 5]], "int32")
AXES: dict[str, dict[str, Any]] = {
    "": {},
    "axis": {"axis": 1},
    "last-kept": {"axis": -1, "keepdims": True},
    "two": {"axis": (0, -1)},
    "all-kept": {"axis": None, "keepdims": True},
}


def reductions(name: str, oracle: Callable[..., Any], x: np.ndarray, grad: bool = True) -> list[Case]:
    """Return the cases of one reduction over each choice of axes."""
    return [
        case(name, partial(oracle, **axes), x, grad=grad, variant=variant, **axes) for variant, axes in AXES.items()
    ]


def logsumexp(x: np.ndarray, **axes: Any) -> Any:
    """Return the plain formula, which the sample inputs do not overflow."""
    return np.log(np.sum(np.exp(x), **axes))


CASES = [
    *reductions("all", np.all, X > -1, grad=False),
    *reductions("amax", np.amax, X),
    *reductions("amin", np.amin, X),
    *reductions("any", np.any, X > 1, grad=False),
    *reductions("logsumexp", logsumexp, X),
    case("logsumexp", lambda x: np.max(x, axis=-1), 1e4 * X, axis=-1, variant="large"),
    *reductions("max", np.max, X),
    case("max", lambda x: np.max(x, axis=1, initial=0.25), X, axis=1, initial=0.25, variant="initial"),
    case("max", np.max, INTEGERS, grad=False, variant="integers"),
    *reductions("mean", np.mean, X),
    *reductions("min", np.min, X),
    case("min", lambda x: np.min(x, axis=1, initial=-0.25), X, axis=1, initial=-0.25, variant="initial"),
    *reductions("ptp", np.ptp, X),
    *reductions("std", np.std, X),
    *reductions("sum", np.sum, X),
    case("sum", np.sum, INTEGERS, grad=False, variant="integers"),
    *reductions("var", np.var, X),
    case("var", np.var, 1000 + X, variant="far-from-zero"),
    case("average", np.average, X),
    case("average", lambda x: np.average(x, axis=1, weights=WEIGHTS), X, axis=1, weights=WEIGHTS, variant="weights"),
    case("average", lambda x: np.average(x, axis=(0, 2), weights=X * X), X, axis=(0, 2), weights=X * X, variant="full"),
    case("count_nonzero", np.count_nonzero, INTEGERS, grad=False),
    case("count_nonzero", lambda x: np.count_nonzero(x, axis=-1), INTEGERS, axis=-1, grad=False, variant="axis"),
    case("count_nonzero", lambda x: np.count_nonzero(x, axis=(0, 1)), X > 0, axis=(0, 1), grad=False, variant="two"),
    case("allclose", np.allclose, X, X + 1e-9, grad=False),
    case("allclose", np.allclose, X, X[0] + 1, grad=False, variant="far"),
]
