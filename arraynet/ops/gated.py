"""Activations that multiply by a gate: a number between 0 and 1 that is computed from the input too."""

import math
from typing import Any

from arraynet.dispatch import op
from arraynet.operands import operands
from arraynet.ops.activations import sigmoid, softplus
from arraynet.ops.bounds import clip, minimum
from arraynet.ops.elementwise import square
from arraynet.ops.exponential import exp
from arraynet.ops.shape import checked_axis, narrow
from arraynet.ops.special import narrowed, widened
from arraynet.ops.trigonometry import tanh

__all__ = ["gelu", "glu", "mish", "silu", "swish"]


@op(promote="float")
def silu(xp: Any, x: Any, /) -> Any:
    """Return ``x * sigmoid(x)``, which is also called swish.

    Source: S. Elfwing, E. Uchibe and K. Doya, Sigmoid-weighted linear units for neural network function approximation
    in reinforcement learning, Neural Networks 107, 2018; P. Ramachandran, B. Zoph and Q. V. Le, Searching for
    activation functions, arXiv 1710.05941, 2017.
    """
    return x / (1 + xp.exp(-x))


def grad_silu(g: Any, x: Any, y: Any) -> Any:
    s = sigmoid(x)
    return g * (s + y * (1 - s))


silu.defvjp(x=grad_silu)
swish = silu


@op(promote="float")
def mish(xp: Any, x: Any, /) -> Any:
    """Return ``x * tanh(softplus(x))``.

    Source: D. Misra, Mish: a self regularized non-monotonic activation function, BMVC 2020.
    """
    return x * xp.tanh(xp.maximum(x, 0.0) + xp.log1p(xp.exp(-xp.abs(x))))


def grad_mish(g: Any, x: Any) -> Any:
    t, x = tanh(softplus(x)), minimum(x, 100.0)  # 1 - t * t is 0 by then, and twice a larger x may be infinite
    return g * (t + x * (1 - t * t) * sigmoid(x))


mish.defvjp(x=grad_mish)


@op(promote="float")
def gelu(xp: Any, x: Any, /, approximate: bool = True) -> Any:
    """Return ``x * P(X <= x)`` for a standard normal X, or its approximation by tanh.

    Source: D. Hendrycks and K. Gimpel, Gaussian error linear units, arXiv 1606.08415, 2016.

    Parameters
    ----------
    x : tensor
        Of any shape.
    approximate : bool
        Take ``0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x**3)))``, which differs by less than 0.0005. True here
        and False in `activations.gelu`, as in Keras.
    """
    if approximate:
        return 0.5 * x * (1 + xp.tanh(GELU_SCALE * (x + GELU_CUBIC * x * x * x)))
    wide = widened(xp, x)
    return narrowed(xp, 0.5 * wide * (1 + xp.erf(wide * math.sqrt(0.5))), x)


GELU_SCALE, GELU_CUBIC = math.sqrt(2 / math.pi), 0.044715


@op
def normal_cdf(xp: Any, x: Any, /) -> Any:
    """Return the standard normal distribution function."""
    return narrowed(xp, 0.5 * (1 + xp.erf(widened(xp, x) * math.sqrt(0.5))), x)


def normal_pdf(x: Any) -> Any:
    """Return the standard normal density."""
    return exp(-0.5 * square(x)) * (1 / math.sqrt(2 * math.pi))


normal_cdf.defvjp(x=lambda g, x: g * normal_pdf(x))


def grad_gelu(g: Any, x: Any, approximate: bool) -> Any:
    if not approximate:
        return g * (normal_cdf(x) + x * normal_pdf(x))
    x = clip(x, -10.0, 10.0)  # tanh is 1 by then, and products of larger numbers may be infinite
    x2 = square(x)
    t = tanh(GELU_SCALE * x * (1 + GELU_CUBIC * x2))
    return 0.5 * g * (1 + t + x * (1 - t * t) * (GELU_SCALE * (1 + 3 * GELU_CUBIC * x2)))


gelu.defvjp(x=grad_gelu)


def glu(x: Any, axis: int = -1) -> Any:
    """Return the first half of an axis times the `sigmoid` of its second half: a gated linear unit.

    Source: Y. N. Dauphin, A. Fan, M. Auli and D. Grangier, Language modeling with gated convolutional networks, ICML
    2017.

    Parameters
    ----------
    x : tensor
        Of even length along the axis.
    axis : int
        The axis that is halved.

    Returns
    -------
    Tensor
        As `x`, with half the length along the axis.

    Raises
    ------
    ValueError
        The axis has an odd length.

    Examples
    --------
    >>> from arraynet import activations
    >>> activations.glu([[1.0, 2.0, 0.0, 0.0]])
    Tensor([[0.5, 1. ]], dtype=float32, backend=numpy)
    """
    (x,) = operands(x)
    n = x.shape[checked_axis(axis, x.ndim)]
    if n % 2:
        raise ValueError(f"glu: axis={axis} must have an even length to be halved, received shape {x.shape}.")
    return narrow(x, axis, 0, n // 2) * sigmoid(narrow(x, axis, n // 2, n))
