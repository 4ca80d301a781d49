"""Cases of the ops in ops.bitwise."""

import numpy as np

from arraynet.testing.case import case

A, B = np.array([[12, -7, 0], [255, 1, -128]], "int32"), np.array([10, 3, -1], "int32")
PLACES = np.array([0, 1, 3], "int32")
TRUE, BOTH = np.array([True, False]), np.array([[True], [False]])

CASES = [
    case("bitwise_and", np.bitwise_and, A, B, grad=False),
    case("bitwise_and", np.bitwise_and, TRUE, BOTH, grad=False, variant="booleans"),
    case("bitwise_or", np.bitwise_or, A, B, grad=False),
    case("bitwise_or", np.bitwise_or, TRUE, BOTH, grad=False, variant="booleans"),
    case("bitwise_xor", np.bitwise_xor, A, B, grad=False),
    case("bitwise_xor", np.bitwise_xor, A, 6, grad=False, variant="scalar"),
    case("bitwise_not", np.bitwise_not, A, grad=False),
    case("bitwise_not", np.bitwise_not, TRUE, grad=False, variant="booleans"),
    case("bitwise_invert", np.invert, A, grad=False),
    case("left_shift", np.left_shift, A, PLACES, grad=False),
    case("bitwise_left_shift", np.left_shift, A, 2, grad=False),
    case("right_shift", np.right_shift, A, PLACES, grad=False),
    case("bitwise_right_shift", np.right_shift, A, 2, grad=False),
]
