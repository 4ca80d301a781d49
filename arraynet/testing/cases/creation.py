"""Cases of the ops in ops.creation."""

import numpy as np

from arraynet.testing.case import case, normal, positive

X, ROW = normal(3, 4), normal(4)
START, STOP = normal(3), normal(2, 1, seed=1)

CASES = [
    case("zeros", lambda: np.zeros((2, 3)), shape=(2, 3), grad=False),
    case("ones", lambda: np.ones(4), shape=4, grad=False),
    case("empty", lambda: np.zeros((0, 2)), shape=(0, 2), grad=False),
    case("empty_like", np.zeros_like, X, grad=False),
    case("full", lambda: np.full((2, 3), 7.0), shape=(2, 3), fill_value=7, grad=False),
    case("full_like", np.full_like, X, ROW),
    case("eye", lambda: np.eye(3, 4, 1), N=3, M=4, k=1, grad=False),
    case("identity", lambda: np.eye(3), n=3, grad=False),
    case("tri", lambda: np.tri(3, 4, -1), N=3, M=4, k=-1, grad=False),
    case("arange", lambda: np.arange(2, 9, 3), start=2, stop=9, step=3, grad=False),
    case("arange", lambda: np.arange(0, 1, 0.25), start=0, stop=1, step=0.25, grad=False, variant="float"),
    case("linspace", lambda a, b: np.linspace(a, b, 5), START, STOP, num=5),
    case("linspace", lambda a, b: np.linspace(a, b, 4, False, axis=-1), START, STOP, num=4, endpoint=False, axis=-1,
         variant="open"),
    case("linspace", lambda a, b: np.linspace(a, b, 1), START, STOP, num=1, variant="one"),
    case("linspace", lambda a, b: np.linspace(a, b, 3, retstep=True), START, STOP, num=3, retstep=True,
         variant="step"),
    case("logspace", lambda: np.logspace(0, 3, 4), start=0, stop=3, num=4, grad=False),
    case("geomspace", lambda a, b: np.geomspace(a, b, 5), positive(3), positive(2, 1, seed=1), num=5),
    case("geomspace", lambda a, b: np.geomspace(a, b, 4, False, axis=-1), -positive(3), -positive(2, 1, seed=1), num=4,
         endpoint=False, axis=-1, variant="open"),
    case("vander", np.vander, ROW),
    case("vander", lambda x: np.vander(x, 3, True), np.array([0.0, 2.0]), N=3, increasing=True, variant="zero"),
    case("array", np.array, X),
    case("convert_to_tensor", np.array, X),
    case("copy", np.copy, X),
]  # fmt: skip
