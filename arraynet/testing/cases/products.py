"""Cases of the ops in ops.products."""

import numpy as np

from arraynet.testing.case import Case, case, normal

A, B, V = normal(3, 4), normal(4, 5), normal(4)
STACK = normal(2, 3, 4)

CASES: list[Case] = [
    case("matmul", np.matmul, A, B),
    case("matmul", np.matmul, V, V[::-1], variant="vectors"),
    case("matmul", np.matmul, V, B, variant="row"),
    case("matmul", np.matmul, STACK, V, variant="column"),
    case("matmul", np.matmul, STACK, B, variant="stack-matrix"),
    case("matmul", np.matmul, A, normal(2, 4, 5), variant="matrix-stack"),
    case("matmul", np.matmul, normal(2, 1, 3, 4), normal(5, 4, 2), variant="stacks"),
    case("dot", np.dot, A, B),
    case("dot", np.dot, V, V[::-1], variant="vectors"),
    case("dot", np.dot, V, normal(), variant="scalar"),
    case("dot", np.dot, normal(2, 3, 2, 4), V, variant="4d-1d"),
    case("dot", np.dot, normal(2, 3, 2, 4), B, variant="4d-2d"),
    case("dot", np.dot, STACK, normal(5, 4, 2), variant="3d-3d"),
    case("tensordot", np.tensordot, STACK, normal(3, 4, 5)),
    case("tensordot", lambda x, y: np.tensordot(x, y, 1), A, B, axes=1, variant="one"),
    case("tensordot", lambda x, y: np.tensordot(x, y, 0), A, V, axes=0, variant="none"),
    case("tensordot", lambda x, y: np.tensordot(x, y, ([0, 2], [1, 0])), STACK, normal(4, 2, 5),
         axes=([0, -1], [1, 0]), variant="pairs"),
]  # fmt: skip
