"""Cases of the ops in ops.trigonometry."""

import numpy as np

from arraynet.testing.case import case, normal, positive

X, Y = normal(3, 4), normal(3, 4, seed=1)
INSIDE = X / 4  # within -1..1
P = positive(3, 4)

CASES = [
    case("arccos", np.arccos, INSIDE),
    case("arccosh", np.arccosh, 1 + P),
    case("arcsin", np.arcsin, INSIDE),
    case("arcsinh", np.arcsinh, X),
    case("arctan", np.arctan, X),
    case("arctan2", np.arctan2, X, Y),
    case("arctan2", np.arctan2, X, Y[0], variant="broadcast"),
    case("arctanh", np.arctanh, INSIDE),
    case("cos", np.cos, X),
    case("cosh", np.cosh, X),
    case("deg2rad", np.deg2rad, 90 * X),
    case("rad2deg", np.rad2deg, X),
    case("sin", np.sin, X),
    case("sinc", np.sinc, X),
    case("sinc", np.sinc, np.array([0.0, 1.0, -2.5]), grad=False, variant="zero"),
    case("sinh", np.sinh, X),
    case("tan", np.tan, INSIDE),
    case("tanh", np.tanh, X),
]
