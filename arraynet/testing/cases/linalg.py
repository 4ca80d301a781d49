"""Cases of the ops in ops.linalg."""

from typing import Any

import numpy as np

from arraynet import ops
from arraynet.testing.case import Case, case, normal

A, STACK = normal(4, 4) + 2 * np.eye(4), normal(2, 3, 3) + 2 * np.eye(3)
TALL, WIDE = normal(5, 3), normal(3, 5)
POSITIVE = TALL.T @ TALL + np.eye(3)
SKEW = POSITIVE + np.triu(normal(3, 3, seed=3), 1) - np.triu(normal(3, 3, seed=3), 1).T  # symmetrised: POSITIVE


def cholesky(x: Any) -> Any:
    return np.linalg.cholesky((x + x.swapaxes(-1, -2)) / 2)


def eigh(x: Any) -> Any:
    values, vectors = np.linalg.eigh((x + x.T) / 2)
    return values, vectors * np.sign(vectors[-1:])


def upright(factors: Any) -> Any:
    """Eigenvectors whose last numbers are positive: which of two signs a library takes is its own affair."""
    values, vectors = factors
    return values, vectors * ops.sign(vectors[-1:])


def svd(x: Any, full_matrices: bool = False) -> Any:
    return tuple(np.linalg.svd(x, full_matrices))


def norm(*args: Any) -> Any:
    return lambda x: np.linalg.norm(x, *args)


SOLVING: list[Case] = [
    case("linalg.solve", np.linalg.solve, A, normal(4, 2)),
    case("linalg.solve", np.linalg.solve, A, normal(4), variant="vector"),
    case("linalg.solve", lambda a, b: np.linalg.solve(a, b[..., None])[..., 0], STACK, normal(2, 3), variant="vectors"),
    case("linalg.solve_triangular", lambda a, b: np.linalg.solve(np.triu(a), b), A, normal(4, 2)),
    case("linalg.solve_triangular", lambda a, b: np.linalg.solve(np.tril(a), b), A, normal(4), lower=True,
         variant="lower"),
    case("linalg.inv", np.linalg.inv, A),
    case("linalg.inv", np.linalg.inv, STACK, variant="stack"),
    case("linalg.det", np.linalg.det, A),
    case("linalg.det", np.linalg.det, STACK, variant="stack"),
    case("linalg.slogdet", lambda x: tuple(np.linalg.slogdet(x)), -STACK),
    case("linalg.logdet", lambda x: np.log(np.linalg.det(x)), POSITIVE),
    case("linalg.pinv", np.linalg.pinv, TALL),
    case("linalg.pinv", np.linalg.pinv, WIDE, variant="wide"),
    case("linalg.lstsq", lambda a, b: np.linalg.lstsq(a, b)[0], TALL, normal(5)),
    case("linalg.lstsq", lambda a, b: np.linalg.lstsq(a, b)[0], WIDE, normal(3, 2), variant="wide"),
    case("linalg.cholesky_inverse", lambda x: np.linalg.inv(np.tril(x) @ np.tril(x).T), A),
    case("linalg.cholesky_inverse", lambda x: np.linalg.inv(np.triu(x).T @ np.triu(x)), A, upper=True,
         variant="upper"),
]  # fmt: skip

FACTORIZATIONS: list[Case] = [
    case("linalg.cholesky", cholesky, SKEW),
    case("linalg.cholesky", cholesky, STACK @ STACK.swapaxes(-1, -2), variant="stack"),
    case("linalg.cholesky", lambda x: cholesky(x).T, POSITIVE, upper=True, variant="upper"),
    case("linalg.eigh", eigh, SKEW, then=upright),
    case("linalg.qr", lambda x: tuple(np.linalg.qr(x)), TALL),
    case("linalg.qr", lambda x: tuple(np.linalg.qr(x)), WIDE, variant="wide"),
    case("linalg.qr", lambda x: tuple(np.linalg.qr(x)), STACK, variant="stack"),
    case("linalg.qr", lambda x: tuple(np.linalg.qr(x, "complete")), A, mode="complete", variant="complete"),
    case("linalg.qr", lambda x: tuple(np.linalg.qr(x, "complete")), TALL, mode="complete", grad=False,
         variant="complete-tall"),
    case("linalg.svd", svd, TALL, full_matrices=False),
    case("linalg.svd", svd, WIDE, full_matrices=False, variant="wide"),
    case("linalg.svd", lambda x: svd(x, True), A, variant="full"),
    case("linalg.svd", lambda x: svd(x, True), TALL, grad=False, variant="full-tall"),
    case("linalg.svd", lambda x: np.linalg.svd(x, compute_uv=False), STACK, compute_uv=False, variant="values"),
    case("linalg.matrix_rank", np.linalg.matrix_rank, np.stack([np.eye(3), np.ones((3, 3)), np.zeros((3, 3))]),
         grad=False),
    case("linalg.matrix_rank", lambda x: np.linalg.matrix_rank(x, 2.5), np.diag([1.0, 2, 3]), grad=False, tol=2.5,
         variant="tol"),
]  # fmt: skip

NORMS: list[Case] = [
    case("linalg.norm", norm(), normal(2, 3, 4)),
    *(case("linalg.norm", norm(p), normal(5), ord=p, variant=f"vector{p}") for p in (1, 2, 3, np.inf, -np.inf)),
    case("linalg.norm", norm(0), np.asarray([0.0, 2, 0, 1]), ord=0, grad=False, variant="vector0"),
    case("linalg.norm", norm(None, 1, True), normal(2, 3, 4), axis=1, keepdims=True, variant="axis"),
    *(case("linalg.norm", norm(p), TALL, ord=p, variant=f"matrix{p}")
      for p in (1, -1, 2, -2, np.inf, -np.inf, "fro", "nuc")),
    case("linalg.norm", norm(1, (2, 0)), normal(2, 3, 4), ord=1, axis=(2, 0), variant="axes"),
    case("linalg.norm", norm("nuc", (0, -1), True), normal(2, 3, 4), ord="nuc", axis=(0, -1), keepdims=True,
         variant="axes-keepdims"),
]  # fmt: skip

CASES = SOLVING + FACTORIZATIONS + NORMS
