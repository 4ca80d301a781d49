"""Cases of the ops in ops.cumulative; those of products hold zeros, where a careless derivative divides."""

import numpy as np

from arraynet.testing.case import case, normal
from arraynet.testing.cases.reduction import reductions

X = normal(2, 3, 4)
ONE_ZERO = np.array([[2.0, 0.0, -1.5, 3.0], [1.0, -2.0, 0.5, 4.0]])
ZEROS = np.array([[2.0, 0.0, -1.5, 0.0], [0.0, 0.0, 0.0, 4.0]])
INTEGERS = np.array([[3, 0, 1], [-2, 4, 5]], "int32")

CASES = [
    *reductions("prod", np.prod, X),
    case("prod", lambda x: np.prod(x, axis=1), ONE_ZERO, axis=1, variant="zero"),
    case("prod", lambda x: np.prod(x, axis=1), ZEROS, axis=1, variant="zeros"),
    case("prod", np.prod, INTEGERS, grad=False, variant="integers"),
    case("cumsum", np.cumsum, X),
    case("cumsum", lambda x: np.cumsum(x, axis=1), X, axis=1, variant="axis"),
    case("cumsum", lambda x: np.cumsum(x, axis=-1), INTEGERS, axis=-1, grad=False, variant="integers"),
    case("cumprod", np.cumprod, ONE_ZERO),
    case("cumprod", lambda x: np.cumprod(x, axis=1), X, axis=1, variant="axis"),
    case("cumprod", lambda x: np.cumprod(x, axis=-1), ZEROS, axis=-1, variant="zeros"),
    case("cumprod", lambda x: np.cumprod(x, axis=0), INTEGERS, axis=0, grad=False, variant="integers"),
    case("diff", np.diff, X),
    case("diff", lambda x: np.diff(x, n=2, axis=1), X, n=2, axis=1, variant="twice"),
    case("diff", lambda x: np.diff(x, axis=0), INTEGERS, axis=0, grad=False, variant="integers"),
    case("trapezoid", np.trapezoid, X),
    case("trapezoid", lambda y, x: np.trapezoid(y, x, axis=1), X, np.array([0.0, 0.5, 2.0]), axis=1, variant="x"),
    case("trapezoid", lambda y: np.trapezoid(y, dx=0.25, axis=0), X, dx=0.25, axis=0, variant="dx"),
]
