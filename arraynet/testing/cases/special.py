"""Cases of the ops in ops.special."""

import math
from statistics import NormalDist

import numpy as np

from arraynet.testing.case import case, normal

X = normal(3, 4)
FAR = np.array([-30.0, -5.0, -3.0, -1.0, -0.25, 0.0, 0.25, 0.75, 2.5, 4.5, 8.0])
INSIDE = np.array([-0.9990234375, -0.875, -0.25, 0.0, 0.125, 0.8125, 0.9375])


def erfinv(x: float) -> float:
    """Return the inverse error function by way of the normal distribution's quantiles."""
    return NormalDist().inv_cdf((1 + x) / 2) / math.sqrt(2)


CASES = [
    case("erf", np.vectorize(math.erf), X),
    case("erf", np.vectorize(math.erf), FAR, variant="far"),
    case("erfc", np.vectorize(math.erfc), X),
    case("erfc", np.vectorize(math.erfc), FAR, variant="far"),
    case("erfinv", np.vectorize(erfinv), INSIDE),
    case("i0", np.i0, X),
    case("i0", np.i0, 10 * FAR[1:], grad=False, variant="far"),
]
