"""Cases of the ops in ops.correlation."""

from functools import partial

import numpy as np

from arraynet.testing.case import case, normal

X = normal(3, 6)
LENGTHS = ((5, 2), (2, 5), (4, 4), (6, 3), (3, 5))

CASES = [
    case("corrcoef", np.corrcoef, X),
    case("corrcoef", np.corrcoef, X[0], grad=False, variant="vector"),
    case("corrcoef", np.corrcoef, X[:1], grad=False, variant="row"),
    *[
        case("correlate", partial(np.correlate, mode=m), normal(a), normal(b, seed=1), mode=m, variant=f"{m}-{a}-{b}")
        for m in ("valid", "same", "full")
        for a, b in LENGTHS
    ],
    case("correlate", np.correlate, np.array([1, 2, 3, 4]), np.array([1, -1]), grad=False, variant="integers"),
]
