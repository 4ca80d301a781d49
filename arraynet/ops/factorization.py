"""Factorisations of matrices, single ones and stacks.

Derivatives: Cholesky after Murray 2016 (Differentiation of the Cholesky decomposition), eigenvectors after
Giles 2008, singular vectors after Townsend 2016 (Differentiating the singular value decomposition), QR after
Walter and Lehmann 2010 (Algorithmic differentiation of linear algebra functions). They exist where the factors
are smooth: full rank, and for vectors no two equal values; equal values by themselves do no harm, else they make NaN.
"""

from typing import Any

import numpy as np

from arraynet.checks import choice, flag
from arraynet.dispatch import op
from arraynet.operands import operands
from arraynet.ops.comparison import greater
from arraynet.ops.diagonal import tril
from arraynet.ops.inverse import solve_matrix
from arraynet.ops.products import matmul, swapped
from arraynet.ops.reduction import largest
from arraynet.ops.reduction import sum as reduce_sum
from arraynet.ops.shape import cast, concatenate, expand_dims

__all__ = ["cholesky", "eigh", "matrix_rank", "qr", "svd"]


def half_sum(x: Any) -> Any:
    """Return the symmetric part of a matrix."""
    return 0.5 * (x + swapped(x))


@op(promote="float", name="cholesky")
def _cholesky(xp: Any, x: Any, /) -> Any:
    return xp.linalg.cholesky((x + xp.matrix_transpose(x)) / 2)


def grad_cholesky(g: Any, y: Any) -> Any:
    t = swapped(y)
    product = matmul(t, g)
    halved = 0.5 * (tril(product) + tril(product, -1))  # the lower triangle with half its diagonal
    return half_sum(swapped(solve_matrix(t, swapped(solve_matrix(t, halved)))))


_cholesky.defvjp(x=grad_cholesky)


def cholesky(x: Any, upper: bool = False) -> Any:
    """Return the triangular L with ``L @ L.T = x``, or with `upper` its transpose.

    `x` is taken as ``(x + x.T) / 2``; if that is not positive definite, a ValueError says so.
    """
    y = _cholesky(x)
    return swapped(y) if flag("cholesky: upper", upper) else y


@op(promote="float", name="qr")
def _qr(xp: Any, x: Any, /, mode: str) -> Any:
    q, r = xp.linalg.qr(x, mode=mode)
    return q, r


def grad_qr(g: Any, y: Any, x: Any, mode: str) -> Any:
    (gq, gr), (q, r) = g, y
    if mode == "complete" and x.shape[-2] > x.shape[-1]:
        raise ValueError(f"qr: no derivative with mode='complete' for shape {x.shape}. Use mode='reduced'.")
    m = matmul(r, swapped(gr)) - matmul(swapped(gq), q)
    symmetric = tril(m) + swapped(tril(m, -1))
    return swapped(solve_matrix(r, swapped(gq + matmul(q, symmetric))))


_qr.defvjp(x=grad_qr)


def qr(x: Any, mode: str = "reduced") -> Any:
    """Return Q with orthonormal columns and R, upper triangular, with ``Q @ R = x``.

    Parameters
    ----------
    x : Tensor, floating, (..., m, n)
        Matrices; the derivative needs their first min(m, n) columns to be independent.
    mode : {"reduced", "complete"}
        Whether Q has min(m, n) columns or m.

    Raises
    ------
    ValueError
        The mode is unknown, or a derivative is asked of a tall matrix in mode "complete".
    """
    choice("qr: mode", mode, ("reduced", "complete"))
    (x,) = operands(x)
    if x.ndim < 2:
        raise ValueError(f"qr: x holds matrices, (..., m, n), received shape {x.shape}.")
    m, n = x.shape[-2:]
    if m >= n:
        return _qr(x, mode)
    q, r = _qr(x[..., :m], mode)  # a wide matrix: the rest follows from Q
    return q, concatenate([r, matmul(swapped(q), x[..., m:])], axis=-1)


def gaps(values: Any) -> Any:
    """Return the matrix of ``values[j] - values[i]``."""
    return expand_dims(values, -2) - expand_dims(values, -1)


@op
def over_gaps(xp: Any, x: Any, gaps: Any, /) -> Any:
    """Return ``x / gaps`` with 0 on the diagonal; elsewhere a gap of 0 leaves 0 of 0 alone, and makes all else NaN."""
    place = xp.arange(x.shape[-1])
    none, still = gaps == 0, (x == 0) | (xp.expand_dims(place, axis=1) == place)
    return xp.where(none, xp.where(still, xp.zeros_like(x), xp.nan), x / xp.where(none, 1.0, gaps))


over_gaps.defvjp(x=lambda g, gaps: over_gaps(g, gaps), gaps=lambda g, x, gaps: -over_gaps(over_gaps(g * x, gaps), gaps))


@op(promote="float")
def eigh(xp: Any, x: Any, /) -> Any:
    """Return eigenvalues, ascending, and eigenvectors, in columns, of symmetric matrices.

    `x` is taken as ``(x + x.T) / 2``. The derivative of the vectors needs different values.
    """
    values, vectors = xp.linalg.eigh((x + xp.matrix_transpose(x)) / 2)
    return values, vectors


def grad_eigh(g: Any, y: Any) -> Any:
    (gw, gv), (w, v) = g, y
    inner = over_gaps(matmul(swapped(v), gv), gaps(w))
    return half_sum(matmul(v * expand_dims(gw, -2), swapped(v)) + matmul(v, matmul(inner, swapped(v))))


eigh.defvjp(x=grad_eigh)


@op(promote="float")
def svdvals(xp: Any, x: Any, /) -> Any:
    """Return the singular values of matrices, descending."""
    return xp.linalg.svdvals(x)


def grad_svdvals(g: Any, x: Any) -> Any:
    u, _, vh = _svd(x, full_matrices=False)
    return matmul(u * expand_dims(g, -2), vh)


svdvals.defvjp(x=grad_svdvals)


@op(promote="float", name="svd")
def _svd(xp: Any, x: Any, /, full_matrices: bool) -> Any:
    u, s, vh = xp.linalg.svd(x, full_matrices=full_matrices)
    return u, s, vh


def grad_svd(g: Any, y: Any, full_matrices: bool) -> Any:
    (gu, gs, gvh), (u, s, vh) = g, y
    if full_matrices and u.shape[-1] != vh.shape[-1]:
        raise ValueError(
            f"svd: no derivative with full_matrices=True for shape {(*u.shape[:-1], vh.shape[-1])}, which is not "
            f"square. Use full_matrices=False, or compute_uv=False for the values alone."
        )
    ut, v, gv = swapped(u), swapped(vh), swapped(gvh)
    row, column, between = expand_dims(s, -2), expand_dims(s, -1), gaps(s * s)
    left, right = matmul(ut, gu), matmul(vh, gv)
    middle = over_gaps(left - swapped(left), between) * row + column * over_gaps(right - swapped(right), between)
    outside_u = matmul((gu - matmul(u, left)) / row, vh)
    outside_v = matmul(u / row, swapped(gv - matmul(v, right)))
    return matmul(matmul(u, middle), vh) + matmul(u * expand_dims(gs, -2), vh) + outside_u + outside_v


_svd.defvjp(x=grad_svd)


def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Return U, s and Vh with ``U @ diag(s) @ Vh = x``, s descending; s alone without `compute_uv`.

    Parameters
    ----------
    x : Tensor, floating, (..., m, n)
        Matrices. The derivative of the vectors needs full rank and different values.
    full_matrices : bool
        Whether U is (m, m) and Vh (n, n), instead of min(m, n) columns and rows; then there is a derivative
        of square matrices only.
    compute_uv : bool
        Whether U and Vh are wanted.
    """
    full_matrices = flag("svd: full_matrices", full_matrices)
    return _svd(x, full_matrices) if flag("svd: compute_uv", compute_uv) else svdvals(x)


def matrix_rank(x: Any, tol: float | None = None) -> Any:
    """Return how many singular values exceed `tol`, int32.

    Without it that is the largest value times max(m, n) times the dtype's precision.
    """
    (x,) = operands(x)
    s = svdvals(x)
    if tol is None:
        tol = largest(s, axis=-1, keepdims=True) * (max(x.shape[-2:]) * float(np.finfo(s.dtype).eps))
    return cast(reduce_sum(greater(s, tol), axis=-1), "int32")
