"""Cases of the ops in ops.nanreduction."""

from functools import partial

import numpy as np

from arraynet.testing.case import case, normal

X = normal(3, 4)
HOLES = np.where(np.array([0, 1, 0, 0]) + np.eye(3, 4, 2) > 0, np.nan, X)
INTEGERS = np.array([[3, 1, 2], [0, -4, 6]], "int32")
REDUCTIONS = ("nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum", "nanvar")

CASES = [
    *[case(name, getattr(np, name), HOLES, grad=False) for name in REDUCTIONS],
    *[case(name, partial(getattr(np, name), axis=1), HOLES, axis=1, grad=False, variant="axis") for name in REDUCTIONS],
    *[
        case(name, partial(getattr(np, name), axis=0, keepdims=True), X, axis=0, keepdims=True, variant="whole")
        for name in REDUCTIONS
    ],
    *[
        case(name, getattr(np, name), INTEGERS, grad=False, variant="integers")
        for name in ("nanmax", "nanmin", "nansum")
    ],
    case("nanargmax", partial(np.nanargmax, axis=1), HOLES, axis=1, grad=False),
    case("nanargmin", partial(np.nanargmin, axis=1), HOLES, axis=1, grad=False),
    case("nancumprod", np.nancumprod, HOLES, grad=False),
    case("nancumprod", partial(np.nancumprod, axis=1), X, axis=1, variant="whole"),
    case("nancumsum", np.nancumsum, HOLES, grad=False),
    case("nancumsum", partial(np.nancumsum, axis=1), X, axis=1, variant="whole"),
]
