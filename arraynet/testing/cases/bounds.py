"""Cases of the ops in ops.bounds."""

from functools import partial
from typing import Any

import numpy as np

from arraynet.testing.case import case, normal

X, Y = normal(3, 4), normal(3, 4, seed=1)
FULL = np.array([[1.5, 2.5, 3.5], [3.5, 2.5, 1.5]])
HOLES = np.array([[1.5, np.nan, -np.inf], [np.inf, -2.5, np.nan]])
REPLACED: dict[str, Any] = {"nan": 1.0, "posinf": 2.0, "neginf": 3.0}

CASES = [
    case("clip", lambda x: np.clip(x, -0.5, 0.75), X, x_min=-0.5, x_max=0.75),
    case("clip", lambda x: np.minimum(x, 0.25), X, x_min=None, x_max=0.25, variant="above"),
    case("clip", lambda x: np.maximum(x, 0.25), X, x_min=0.25, x_max=None, variant="below"),
    case("clip", np.clip, X, Y[0] - 0.5, Y[:, :1] + 0.5, variant="arrays"),
    case("fmax", np.fmax, X, Y[0]),
    case("fmax", np.fmax, HOLES, FULL, grad=False, variant="nan"),
    case("fmin", np.fmin, X, Y[0]),
    case("fmin", np.fmin, HOLES, FULL, grad=False, variant="nan"),
    case("heaviside", np.heaviside, X, Y[0]),
    case("heaviside", np.heaviside, np.array([0.0, 1.0, -1.0, 0.0]), Y, variant="zero", grad=False),
    case("maximum", np.maximum, X, Y),
    case("maximum", np.maximum, X, Y[0], variant="broadcast"),
    case("maximum", np.maximum, X, 0.0, variant="scalar"),
    case("minimum", np.minimum, X, Y),
    case("minimum", np.minimum, X, Y[0], variant="broadcast"),
    case("nan_to_num", np.nan_to_num, X),
    case("nan_to_num", partial(np.nan_to_num, **REPLACED), HOLES, grad=False, variant="values", **REPLACED),
    case("signbit", np.signbit, X, grad=False),
    case("nextafter", lambda x, y: x, X, X, grad=False),
]
