"""Cases of the ops in ops.exponential."""

import numpy as np

from arraynet.testing.case import case, normal, positive

X, Y = normal(3, 4), normal(3, 4, seed=1)
P = positive(3, 4)
PLACES = np.array([-3, 0, 1, 5], "int32")
SMALL = np.array([-0.0009765625, 0.0, 0.0001220703125, 0.0078125])  # where the plain formulas lose digits

CASES = [
    case("exp", np.exp, X),
    case("exp2", np.exp2, X),
    case("expm1", np.expm1, X),
    case("ldexp", np.ldexp, X, PLACES),
    case("expm1", np.expm1, SMALL, variant="small"),
    case("log", np.log, P),
    case("log10", np.log10, P),
    case("log1p", np.log1p, P),
    case("log1p", np.log1p, SMALL, variant="small"),
    case("log2", np.log2, P),
    case("logaddexp", np.logaddexp, X, Y),
    case("logaddexp", np.logaddexp, 8 * X, Y[0], variant="broadcast"),
    case("logaddexp2", np.logaddexp2, X, Y),
    case("logaddexp2", np.logaddexp2, 8 * X, Y[0], variant="broadcast"),
]
