"""Softmax and its like: scores along an axis as probabilities."""

from typing import Any

from arraynet.dispatch import op
from arraynet.ops.activations import above
from arraynet.ops.reduction import checked
from arraynet.ops.reduction import sum as reduce_sum
from arraynet.ops.shape import checked_axis

__all__ = ["log_softmax", "softmax", "sparsemax"]


@op(promote="float", logits=True)
def softmax(xp: Any, x: Any, /, axis: Any = -1) -> Any:
    """Return ``exp(x)`` divided by its sum along an axis, without overflow: scores become probabilities.

    Source: J. S. Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990. The result
    remembers `x`, its logits: crossentropies along the same axis compute with them, so that sure answers keep their
    gradients.

    Parameters
    ----------
    x : tensor
        Scores, of any shape.
    axis : int, tuple of int or None
        Along which the results sum to 1; None is all axes.

    Examples
    --------
    >>> from arraynet import activations
    >>> activations.softmax([[0.0, 0.0], [1000.0, 0.0]])
    Tensor([[0.5, 0.5],
            [1. , 0. ]], dtype=float32, backend=numpy)
    """
    axis = _along(x, axis)
    e = xp.exp(lowered(xp, x, axis))
    return e / xp.sum(e, axis=axis, keepdims=True)


def _along(x: Any, axis: Any) -> Any:
    """Checked axes; of a single number, which has none, -1 and 0 are all, as NumPy has it."""
    if type(axis) is not int:
        return checked(x, axis)
    return axis if x.shape or axis not in (-1, 0) else None


def lowered(xp: Any, x: Any, axis: Any) -> Any:
    """Return `x` less its largest along axes, so that no exponential overflows; of nothing there is no largest."""
    return x if 0 in x.shape else x - xp.max(x, axis=axis, keepdims=True)


def total(x: Any, axis: Any) -> Any:
    """Return the sum along an axis, which a single number lacks."""
    return reduce_sum(x, axis=axis, keepdims=True) if x.ndim else x


softmax.defvjp(x=lambda g, y, axis: y * (g - total(g * y, axis)))


@op(promote="float")
def log_softmax(xp: Any, x: Any, /, axis: Any = -1) -> Any:
    """Return ``x - log(sum(exp(x)))`` along an axis: the logarithm of `softmax`, without its rounding to zero.

    Parameters
    ----------
    x : tensor
        Scores, of any shape.
    axis : int, tuple of int or None
        As for `softmax`.

    Examples
    --------
    >>> from arraynet import activations
    >>> activations.log_softmax([1000.0, 0.0])
    Tensor([    0., -1000.], dtype=float32, backend=numpy)
    """
    axis = _along(x, axis)
    moved = lowered(xp, x, axis)
    return moved - xp.log(xp.sum(xp.exp(moved), axis=axis, keepdims=True))


log_softmax.defvjp(x=lambda g, x, axis: g - softmax(x, axis=axis) * total(g, axis))


@op(promote="float")
def sparsemax(xp: Any, x: Any, /, axis: int = -1) -> Any:
    """Return the point of the probability simplex nearest to `x`, which has exact zeros.

    Source: A. F. T. Martins and R. F. Astudillo, From softmax to sparsemax, ICML 2016, algorithm 1: with sorted z, the
    support is where ``1 + k z(k) > z(1) + ... + z(k)``.

    Parameters
    ----------
    x : tensor
        Scores, of any shape but ().
    axis : int
        Along which the results sum to 1.

    Examples
    --------
    >>> from arraynet import activations
    >>> activations.sparsemax([0.5, 1.0, -1.0])
    Tensor([0.25, 0.75, 0.  ], dtype=float32, backend=numpy)
    """
    axis = checked_axis(axis, x.ndim)
    n, x = x.shape[axis], lowered(xp, x, axis)  # of large scores, sums are no more exact
    z = -xp.sort(-x, axis=axis)
    sums = xp.cumulative_sum(z, axis=axis) - 1
    k = xp.reshape(xp.astype(xp.arange(1, n + 1), x.dtype), (n,) + (1,) * (x.ndim - 1 - axis))
    inside = k * z > sums
    total = xp.sum(xp.where(inside, z, xp.zeros_like(z)), axis=axis, keepdims=True)  # others may be -inf
    tau = (total - 1) / xp.sum(xp.astype(inside, x.dtype), axis=axis, keepdims=True)
    return xp.maximum(x - tau, 0.0)


def grad_sparsemax(g: Any, y: Any, axis: int) -> Any:
    support = above(y)
    g = g * support
    return g - support * (reduce_sum(g, axis=axis, keepdims=True) / reduce_sum(support, axis=axis, keepdims=True))


sparsemax.defvjp(x=grad_sparsemax)
