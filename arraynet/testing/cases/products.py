"""Cases of the ops in ops.products."""

import numpy as np

from arraynet.testing.case import Case, case, normal

A, B, V = normal(3, 4), normal(4, 5), normal(4)
STACK = normal(2, 3, 4)

PRODUCTS: list[Case] = [
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
    case("outer", np.outer, A, V),
    case("inner", np.inner, STACK, normal(5, 4)),
    case("inner", np.inner, V, normal(), variant="scalar"),
    case("vdot", np.vdot, A, normal(2, 6)),
    case("vecdot", np.vecdot, STACK, A),
    case("vecdot", lambda x, y: (x * y).sum(1), STACK, normal(2, 3, 1), axis=1, variant="axis"),
    case("kron", np.kron, A, normal(2, 3)),
    case("kron", np.kron, V, normal(2, 2, 3), variant="ranks"),
    case("cross", np.cross, normal(4, 3), normal(4, 3, seed=1)),
    case("cross", lambda x, y: np.cross(x, y, axis=0), normal(3, 4), normal(3, 1), axis=0, variant="axis"),
    case("cross", lambda x, y: np.cross(np.stack([*x.T, 0 * x.T[0]], -1), y.T).T, normal(4, 2), normal(3, 4), axisb=0,
         axisc=0, variant="two-three"),
    case("cross", lambda x, y: x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0], normal(4, 2), normal(4, 2, seed=1),
         variant="two-two"),
]  # fmt: skip

SUBSCRIPTS: dict[str, tuple[tuple[int, ...], ...]] = {
    "ij,jk->ik": ((3, 4), (4, 5)),
    "ji , kj": ((4, 3), (5, 4)),
    "ij->ji": ((3, 4),),
    "ij->": ((3, 4),),
    "ba": ((3, 4),),
    "ii": ((3, 3),),
    "iji->ji": ((3, 2, 3),),
    "iii->i": ((3, 3, 3),),
    "i,j->ij": ((3,), (4,)),
    "i,i->i": ((3,), (3,)),
    "i,i": ((3,), (3,)),
    ",ij->ij": ((), (3, 4)),
    "bij,bjk->bik": ((2, 3, 4), (2, 4, 5)),
    "bthd,bshd->bhts": ((2, 3, 2, 4), (2, 5, 2, 4)),
    "...ij,...jk->...ik": ((2, 1, 3, 4), (5, 4, 2)),
    "...i,i": ((2, 3, 4), (4,)),
    "i...->...": ((2, 3, 4),),
    "ij,jk,kl->il": ((3, 4), (4, 5), (5, 2)),
    "ij,ik,il->jkl": ((3, 2), (3, 4), (3, 5)),
    "ij,jj,k->i": ((3, 4), (4, 4), (5,)),
    "ij,ij->i": ((3, 4), (3, 1)),
}
EINSUM: list[Case] = [
    case("einsum", np.einsum, subscripts, *(normal(*s, seed=k) for k, s in enumerate(shapes)), variant=subscripts)
    for subscripts, shapes in SUBSCRIPTS.items()
]

CASES = PRODUCTS + EINSUM
