"""Cases of the ops in ops.elementwise."""

import numpy as np

from arraynet.testing.case import case, normal, positive

X, Y = normal(3, 4), normal(3, 4, seed=1)
P, Q = positive(3, 4), positive(4, seed=1)
INTEGERS = np.array([[-3, 0, 2], [5, 1, -1]], dtype="int32")

CASES = [
    case("abs", np.abs, X),
    case("absolute", np.abs, X),
    case("absolute", np.abs, INTEGERS, grad=False, variant="integers"),
    case("add", np.add, X, Y),
    case("add", np.add, X, Y[0], variant="broadcast"),
    case("add", np.add, X[:, :1], Y[0], variant="broadcast-both"),
    case("add", np.add, X, 2.5, variant="scalar"),
    case("cbrt", np.cbrt, X),
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
    case("hypot", np.hypot, X, Y),
    case("hypot", np.hypot, X, Y[0], variant="broadcast"),
    case("identity_op", lambda x: x, X),
    case("multiply", np.multiply, X, Y),
    case("multiply", np.multiply, X, Y[0], variant="broadcast"),
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
    case("sqrt", np.sqrt, P),
    case("square", np.square, X),
    case("subtract", np.subtract, X, Y),
    case("subtract", np.subtract, X, Y[0], variant="broadcast"),
    case("subtract", np.subtract, 1.0, X, variant="scalar"),
    case("true_divide", np.true_divide, X, P),
    case("true_divide", np.true_divide, X[:, :1], Q, variant="broadcast"),
]
