"""Cases of the ops in ops.elementwise."""

from functools import partial
from typing import Any

import numpy as np

from arraynet.testing.case import case, normal, positive

X, Y = normal(3, 4), normal(3, 4, seed=1)
P, Q = positive(3, 4), positive(4, seed=1)
TIED = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
HOLES = np.array([[1.5, np.nan, -np.inf], [np.inf, -2.5, np.nan]])
INTEGERS = np.array([[-3, 0, 2], [5, 1, -1]], dtype="int32")


REPLACED: dict[str, Any] = {"nan": 1.0, "posinf": 2.0, "neginf": 3.0}
SOME_ZERO = np.array([0.0, 0.5])

CASES = [
    case("abs", np.abs, X),
    case("absolute", np.abs, X),
    case("absolute", np.abs, INTEGERS, grad=False, variant="integers"),
    case("add", np.add, X, Y),
    case("add", np.add, X, Y[0], variant="broadcast"),
    case("add", np.add, X[:, :1], Y[0], variant="broadcast-both"),
    case("add", np.add, X, 2.5, variant="scalar"),
    case("cbrt", np.cbrt, X),
    case("clip", lambda x: np.clip(x, -0.5, 0.75), X, x_min=-0.5, x_max=0.75),
    case("clip", lambda x: np.minimum(x, 0.25), X, x_min=None, x_max=0.25, variant="above"),
    case("clip", lambda x: np.maximum(x, 0.25), X, x_min=0.25, x_max=None, variant="below"),
    case("clip", np.clip, X, Y[0] - 0.5, Y[:, :1] + 0.5, variant="arrays"),
    case("divide", np.divide, X, P),
    case("divide", np.divide, X, Q, variant="broadcast"),
    case("divide_no_nan", np.divide, X, P),
    case(
        "divide_no_nan",
        lambda a, b: np.array([0.0, 2.0]),
        np.array([1.0, 1.0]),
        np.array([0.0, 0.5]),
        grad=False,
        variant="zero",
    ),
    case("divide_no_nan", np.divide, X, Q, variant="broadcast"),
    case("fabs", np.fabs, X),
    case("fmax", np.fmax, X, Y[0]),
    case("fmax", np.fmax, HOLES, TIED[:, ::-1] + 0.5, grad=False, variant="nan"),
    case("fmin", np.fmin, X, Y[0]),
    case("fmin", np.fmin, HOLES, TIED[:, ::-1] + 0.5, grad=False, variant="nan"),
    case("heaviside", np.heaviside, X, Y[0]),
    case("heaviside", np.heaviside, np.array([0.0, 1.0, -1.0, 0.0]), Y, variant="zero", grad=False),
    case("hypot", np.hypot, X, Y),
    case("hypot", np.hypot, X, Y[0], variant="broadcast"),
    case("identity_op", lambda x: x, X),
    case("maximum", np.maximum, X, Y),
    case("maximum", np.maximum, X, Y[0], variant="broadcast"),
    case("maximum", np.maximum, X, 0.0, variant="scalar"),
    case("minimum", np.minimum, X, Y),
    case("minimum", np.minimum, X, Y[0], variant="broadcast"),
    case("multiply", np.multiply, X, Y),
    case("multiply", np.multiply, X, Y[0], variant="broadcast"),
    case("nan_to_num", np.nan_to_num, X),
    case("nan_to_num", partial(np.nan_to_num, **REPLACED), HOLES, grad=False, variant="values", **REPLACED),
    case("negative", np.negative, X),
    case("power", np.power, P, Y),
    case("power", np.power, P, Y[0], variant="broadcast"),
    case("power", lambda x: x**2, X, x2=2, variant="square"),
    case("power", lambda x: x**3, X, x2=3, variant="cube"),
    case("power", lambda x: x**-1.5, P, x2=-1.5, variant="negative"),
    case("power", np.power, 2.0, X, variant="scalar-base"),
    case("power", np.power, INTEGERS, np.array([2, 5, 3]), grad=False, variant="integers"),
    case("reciprocal", np.reciprocal, P),
    case("rsqrt", lambda x: 1 / np.sqrt(x), P),
    case("sign", np.sign, X, grad=False),
    case("signbit", np.signbit, X, grad=False),
    case("sqrt", np.sqrt, P),
    case("square", np.square, X),
    case("subtract", np.subtract, X, Y),
    case("subtract", np.subtract, X, Y[0], variant="broadcast"),
    case("subtract", np.subtract, 1.0, X, variant="scalar"),
    case("true_divide", np.true_divide, X, P),
    case("true_divide", np.true_divide, X[:, :1], Q, variant="broadcast"),
]
