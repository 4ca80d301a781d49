"""Systems of linear equations, inverses and determinants, of single matrices and of stacks.

Derivatives after M. B. Giles, Collected matrix derivative results for forward and reverse mode (2008).
"""

from typing import Any

from arraynet.checks import flag
from arraynet.dispatch import op
from arraynet.operands import operands
from arraynet.ops.diagonal import tril, triu
from arraynet.ops.exponential import log
from arraynet.ops.products import matmul, swapped
from arraynet.ops.reduction import sum as reduce_sum
from arraynet.ops.shape import broadcast_to, expand_dims, squeeze

__all__ = ["cholesky_inverse", "det", "inv", "logdet", "lstsq", "pinv", "slogdet", "solve", "solve_triangular"]


@op(promote="float", name="solve")
def solve_matrix(xp: Any, a: Any, b: Any, /) -> Any:
    """Return the X with ``a @ X = b``, for matrices `b`."""
    return xp.linalg.solve(a, b)


def grad_solve_matrix(g: Any, a: Any, y: Any) -> Any:
    return -matmul(solve_matrix(swapped(a), g), swapped(y))


solve_matrix.defvjp(a=grad_solve_matrix, b=lambda g, a: solve_matrix(swapped(a), g))


def solve(a: Any, b: Any) -> Any:
    """Return the x with ``a @ x = b``.

    Parameters
    ----------
    a : Tensor, floating, (..., n, n)
        Regular matrices.
    b : Tensor, floating, (..., n) or (..., n, k)
        Right-hand sides: a vector for each matrix if it has an axis less than `a`, or one for all of them.

    Raises
    ------
    ValueError
        A matrix is singular or not square, or the shapes do not fit.
    """
    a, b = operands(a, b)
    vectors = b.ndim in (1, a.ndim - 1)
    if a.ndim < 2 or {a.shape[-2:-1], b.shape[-1:] if vectors else b.shape[-2:-1]} != {a.shape[-1:]}:
        raise ValueError(
            f"solve: a holds square matrices, (..., n, n), and b has the shape (..., n) or (..., n, k); "
            f"received shapes {a.shape} and {b.shape}."
        )
    if vectors:
        b = broadcast_to(b, a.shape[:-1]) if b.ndim == 1 else b  # not every library does so by itself
        return squeeze(solve_matrix(a, expand_dims(b, -1)), axis=-1)
    return solve_matrix(a, b)


def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    """Return the x with ``a @ x = b``, where only one triangle of `a` is looked at; see `solve`."""
    a, b = operands(a, b)
    return solve(tril(a) if flag("solve_triangular: lower", lower) else triu(a), b)


@op(promote="float")
def inv(xp: Any, x: Any, /) -> Any:
    """Return the inverses of square matrices; a singular one is a ValueError."""
    return xp.linalg.inv(x)


def inverted(x: Any, derivative: str) -> Any:
    """Return the transposed inverse that a derivative is made of; a singular matrix is an error that names that one."""
    try:
        return swapped(inv(x))
    except ValueError as error:
        raise ValueError(f"{derivative} needs the inverse, which a singular matrix lacks ({error})") from error


def grad_inv(g: Any, y: Any) -> Any:
    t = swapped(y)
    return -matmul(matmul(t, g), t)


inv.defvjp(x=grad_inv)


@op(promote="float")
def det(xp: Any, x: Any, /) -> Any:
    """Return the determinants of square matrices; the second derivative needs them to be regular."""
    return xp.linalg.det(x)


@op(promote="float")
def cofactors(xp: Any, x: Any, /) -> Any:
    """Return the matrices of cofactors, ``det(x)`` times the transposed inverse, of singular matrices as well."""
    finite = xp.all(xp.isfinite(x), axis=(-2, -1), keepdims=True)
    u, s, vh = xp.linalg.svd(xp.where(finite, x, 0.0))  # which finds none for NaN
    place = xp.arange(s.shape[-1])
    others = xp.prod(xp.where(xp.expand_dims(place, axis=1) == place, 1.0, xp.expand_dims(s, axis=-2)), axis=-1)
    sign = xp.expand_dims(xp.linalg.det(u) * xp.linalg.det(vh), axis=-1)
    return xp.where(finite, xp.matmul(u * xp.expand_dims(sign * others, axis=-2), vh), xp.nan)


def grad_cofactors(g: Any, x: Any, y: Any) -> Any:
    t = inverted(x, "det: its second derivative")
    return expand_dims(reduce_sum(g * y, axis=(-2, -1)), (-2, -1)) * t - matmul(matmul(y, swapped(g)), t)


det.defvjp(x=lambda g, x: expand_dims(g, (-2, -1)) * cofactors(x))
cofactors.defvjp(x=grad_cofactors)


@op(promote="float")
def slogdet(xp: Any, x: Any, /) -> Any:
    """Return the sign of determinants and the logarithm of their absolute value, finite where they overflow."""
    sign, logarithm = xp.linalg.slogdet(x)
    return sign, logarithm


slogdet.defvjp(x=lambda g, x: expand_dims(g[1], (-2, -1)) * inverted(x, "slogdet: its derivative"))


def logdet(x: Any) -> Any:
    """Return the logarithms of the determinants of positive definite matrices, NaN for a negative one."""
    sign, logarithm = slogdet(x)
    return logarithm + log(sign)


@op(promote="float")
def pinv(xp: Any, x: Any, /, rcond: float | None = None) -> Any:
    """Return Moore-Penrose inverses, (..., n, m) for matrices (..., m, n).

    Singular values below `rcond` times the largest count as zero; without it, max(m, n) times the dtype's
    precision. The derivative is that of Golub and Pereyra 1973, for matrices whose rank does not change; where
    `rcond` drops values that are not zero, it is another one.
    """
    return xp.linalg.pinv(x, rtol=rcond)


def grad_pinv(g: Any, x: Any, y: Any) -> Any:
    t, gt = swapped(y), swapped(g)
    left, right = matmul(gt, matmul(y, t)), matmul(matmul(t, y), gt)
    return -matmul(t, matmul(g, t)) + (left - matmul(x, matmul(y, left))) + (right - matmul(matmul(right, y), x))


pinv.defvjp(x=grad_pinv)


def lstsq(a: Any, b: Any, rcond: float | None = None) -> Any:
    """Return the x that minimises ``|a @ x - b|``, the shortest of them; `b` is a vector or a matrix.

    `rcond` as in `pinv`.
    """
    return matmul(pinv(a, rcond=rcond), b)


def cholesky_inverse(x: Any, upper: bool = False) -> Any:
    """Return the inverse of the matrix whose Cholesky factor is `x`, lower or `upper`."""
    (x,) = operands(x)
    factor = triu(x) if flag("cholesky_inverse: upper", upper) else tril(x)
    y = inv(factor)
    return matmul(y, swapped(y)) if upper else matmul(swapped(y), y)
