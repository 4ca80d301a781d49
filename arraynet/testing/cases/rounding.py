"""Cases of the ops in ops.rounding."""

import numpy as np

from arraynet.testing.case import case, normal, positive

X, P = 3 * normal(3, 4), positive(3, 4, seed=1)
HALVES = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
A, B = np.array([[12, -18, 0], [7, 0, 1]], "int32"), np.array([[18, 12, 5], [-3, 0, 1]], "int32")
DIVISOR = np.array([5, -3, 2], "int32")
TENS = np.array([15, 25, -14, 6], "int32")

CASES = [
    case("ceil", np.ceil, X, grad=False),
    case("floor", np.floor, X, grad=False),
    case("floor", np.floor, A, grad=False, variant="integers"),
    case("floor_divide", np.floor_divide, X, P, grad=False),
    case("floor_divide", np.floor_divide, A, DIVISOR, grad=False, variant="integers"),
    case("fmod", np.fmod, X, P),
    case("fmod", np.fmod, X, P[0], variant="broadcast"),
    case("fmod", np.fmod, A, DIVISOR, grad=False, variant="integers"),
    case("gcd", np.gcd, A, B, grad=False),
    case("gcd", np.gcd, np.array([1836311903, 2147483647]), np.array([1134903170, 65536]), grad=False, variant="long"),
    case("lcm", np.lcm, A, B, grad=False),
    case("mod", np.mod, X, P),
    case("mod", np.mod, X, P[0], variant="broadcast"),
    case("mod", np.mod, A, DIVISOR, grad=False, variant="integers"),
    case("round", np.round, X, grad=False),
    case("round", np.round, HALVES, grad=False, variant="halves"),
    case("round", lambda x: np.round(x, 1), X, decimals=1, grad=False, variant="decimals"),
    case("round", lambda x: np.round(x, -1), TENS, decimals=-1, grad=False, variant="tens"),
    case("trunc", np.trunc, X, grad=False),
    case("trunc", np.trunc, A, grad=False, variant="integers"),
]
