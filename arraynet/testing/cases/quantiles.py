"""Cases of the ops in ops.quantiles."""

from functools import partial

import numpy as np

from arraynet.testing.case import case, normal
from arraynet.testing.cases.reduction import reductions

X = normal(2, 3, 4)
HOLES = np.array([[3.0, np.nan, 1.0, 7.0], [np.nan, np.nan, 2.0, -1.0], [np.nan] * 4])
INTEGERS = np.array([[3, 1, 2, 9], [0, -4, 6, 6]], "int32")
MANY = np.array([0.0, 0.3, 1.0])


CASES = [
    *reductions("median", np.median, X),
    case("median", partial(np.median, axis=1), HOLES, axis=1, grad=False, variant="nan"),
    case("median", np.median, INTEGERS, grad=False, variant="integers"),
    *[
        case("quantile", partial(np.quantile, q=0.37, axis=1, method=m), X, q=0.37, axis=1, method=m, variant=m)
        for m in ("linear", "lower", "higher", "midpoint", "nearest")
    ],
    case("quantile", partial(np.quantile, q=MANY), X, q=MANY, variant="many"),
    case("quantile", partial(np.quantile, q=MANY, axis=(0, 2), keepdims=True), X, q=MANY, axis=(0, 2), keepdims=True,
         variant="kept"),
    case("percentile", partial(np.percentile, q=80.0, axis=-1), X, q=80.0, axis=-1),
    case("nanmedian", partial(np.nanmedian, axis=1), HOLES[:2], axis=1, grad=False),
    case("nanmedian", np.nanmedian, X, variant="whole"),
    case("nanquantile", partial(np.nanquantile, q=0.6, axis=1), HOLES[:2], q=0.6, axis=1, grad=False),
    case("nanquantile", partial(np.nanquantile, q=MANY, axis=1), X, q=MANY, axis=1, variant="whole"),
    case("nanpercentile", partial(np.nanpercentile, q=60.0, axis=1), HOLES[:2], q=60.0, axis=1, grad=False),
]  # fmt: skip
