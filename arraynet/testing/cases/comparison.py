"""Cases of the ops in ops.comparison."""

import numpy as np

from arraynet.testing.case import case, normal

X = np.round(normal(3, 4))
Y = np.round(normal(4, seed=1))
INTEGERS = np.array([[-1, 0, 2, 1]], "int32")
ODD = np.array([0.0, 1.5, np.nan, np.inf, -np.inf])

CASES = [
    *[
        case(name, getattr(np, name), *inputs, grad=False, variant=variant)
        for name in ("equal", "greater", "greater_equal", "less", "less_equal", "not_equal")
        for variant, inputs in {"": (X, Y), "scalar": (INTEGERS, 1), "mixed": (X, INTEGERS)}.items()
    ],
    *[
        case(name, getattr(np, name), *inputs, grad=False, variant=variant)
        for name in ("logical_and", "logical_or", "logical_xor")
        for variant, inputs in {"": (X, Y), "booleans": (X > 0, Y > 0), "mixed": (X, INTEGERS)}.items()
    ],
    case("logical_not", np.logical_not, X, grad=False),
    case("logical_not", np.logical_not, X > 0, grad=False, variant="booleans"),
    *[
        case(name, getattr(np, name), inputs, grad=False, variant=variant)
        for name in ("isfinite", "isinf", "isnan", "isneginf", "isposinf")
        for variant, inputs in {"": ODD, "integers": INTEGERS}.items()
    ],
    case("isclose", np.isclose, X, Y, grad=False),
    case("isclose", np.isclose, ODD, ODD + 1e-9, grad=False, variant="odd"),
    case(
        "isclose",
        lambda a, b: np.isclose(a, b, equal_nan=True),
        ODD,
        ODD[::-1],
        equal_nan=True,
        grad=False,
        variant="nan",
    ),
    case("isclose", lambda a, b: np.isclose(a, b, 0.5, 0.25), X, Y, rtol=0.5, atol=0.25, grad=False, variant="wide"),
]
