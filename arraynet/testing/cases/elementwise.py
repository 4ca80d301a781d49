"""Cases of the ops in ops.elementwise."""

import numpy as np

from arraynet.testing.case import case, normal, positive

X, Y = normal(3, 4), normal(3, 4, seed=1)

CASES = [
    case("add", np.add, X, Y),
    case("add", np.add, X, Y[0], variant="broadcast"),
    case("exp", np.exp, X),
    case("log", np.log, positive(3, 4)),
]
