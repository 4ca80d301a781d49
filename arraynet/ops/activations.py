"""Activation functions, stable for large arguments, each beside its derivative.

Those built of others are plain functions; a capture fuses them all the same.
"""

import math
from typing import Any

from arraynet.dispatch import op, operands
from arraynet.ops.elementwise import absolute, negative, square
from arraynet.ops.exponential import exp
from arraynet.ops.shape import narrow
from arraynet.ops.trigonometry import tanh

__all__ = ["celu", "elu", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
           "leaky_relu", "log_sigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink",
           "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "squareplus", "swish", "tanh_shrink",
           "threshold"]  # fmt: skip

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al. 2017


@op
def above(xp: Any, x: Any, /, level: float = 0.0) -> Any:
    """Return 1 where ``x > level``, else 0, in the dtype of `x`."""
    return xp.astype(x > level, x.dtype)


@op
def within(xp: Any, x: Any, /, low: float, high: float) -> Any:
    """Return 1 where ``low < x < high``, else 0, in the dtype of `x`."""
    return xp.astype((x > low) & (x < high), x.dtype)


@op
def relu(xp: Any, x: Any, /) -> Any:
    """Return ``max(x, 0)``; its derivative at 0 is 0, and NaN stays NaN."""
    return xp.maximum(x, 0)


@op
def relu_grad(xp: Any, g: Any, x: Any, /) -> Any:
    """Return `g` where ``x > 0``, else 0."""
    return g * xp.astype(x > 0, g.dtype)


relu.defvjp(x=lambda g, y: relu_grad(g, y))
relu_grad.defvjp(g=lambda g, x: relu_grad(g, x))


@op(promote="float")
def relu6(xp: Any, x: Any, /) -> Any:
    """Return `x` clipped to [0, 6]; its derivative at the bounds is 0."""
    return xp.minimum(xp.maximum(x, 0), 6)


relu6.defvjp(x=lambda g, x: g * within(x, 0, 6))


@op(promote="float")
def leaky_relu(xp: Any, x: Any, /, negative_slope: float = 0.2) -> Any:
    """Return `x`, times `negative_slope` where it is not positive."""
    return xp.where(x > 0, x, negative_slope * x)


leaky_relu.defvjp(x=lambda g, x, negative_slope: g * (negative_slope + (1 - negative_slope) * above(x)))


@op(promote="float")
def elu(xp: Any, x: Any, /, alpha: float = 1.0) -> Any:
    """Return `x`, or ``alpha * (exp(x) - 1)`` where it is not positive."""
    return xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0.0)))


def grad_elu(g: Any, x: Any, y: Any, alpha: float) -> Any:
    linear = above(x)
    return g * (linear + (1 - linear) * (y + alpha))


elu.defvjp(x=grad_elu)


def selu(x: Any) -> Any:
    """Return the `elu` whose constants keep mean 0 and variance 1 from layer to layer (Klambauer et al. 2017)."""
    return SELU_SCALE * elu(x, alpha=SELU_ALPHA)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """Return ``max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)``, an `elu` without a kink (Barron 2017)."""
    (x,) = operands(x)
    return alpha * elu(x / alpha)


@op(promote="float", logits=True)
def sigmoid(xp: Any, x: Any, /) -> Any:
    """Return ``1 / (1 + exp(-x))``."""
    return 1 / (1 + xp.exp(-x))


sigmoid.defvjp(x=lambda g, y: g * y * (1 - y))


@op(promote="float")
def softplus(xp: Any, x: Any, /) -> Any:
    """Return ``log(1 + exp(x))``, without overflow."""
    return xp.maximum(x, 0.0) + xp.log1p(xp.exp(-xp.abs(x)))


softplus.defvjp(x=lambda g, x: g * sigmoid(x))


def log_sigmoid(x: Any) -> Any:
    """Return the logarithm of `sigmoid`, without its rounding to zero."""
    return negative(softplus(negative(x)))


@op(promote="float")
def silu(xp: Any, x: Any, /) -> Any:
    """Return ``x * sigmoid(x)``."""
    return x / (1 + xp.exp(-x))


def grad_silu(g: Any, x: Any, y: Any) -> Any:
    s = sigmoid(x)
    return g * (s + y * (1 - s))


silu.defvjp(x=grad_silu)
swish = silu


@op(promote="float")
def mish(xp: Any, x: Any, /) -> Any:
    """Return ``x * tanh(softplus(x))``."""
    return x * xp.tanh(xp.maximum(x, 0.0) + xp.log1p(xp.exp(-xp.abs(x))))


def grad_mish(g: Any, x: Any) -> Any:
    t = tanh(softplus(x))
    return g * (t + x * (1 - t * t) * sigmoid(x))


mish.defvjp(x=grad_mish)


@op(promote="float")
def gelu(xp: Any, x: Any, /, approximate: bool = True) -> Any:
    """Return `x` times the normal distribution function at `x`, or its approximation by tanh.

    Hendrycks and Gimpel 2016. `approximate` is True here and False in `activations.gelu`, as in Keras.
    """
    if approximate:
        return 0.5 * x * (1 + xp.tanh(GELU_SCALE * (x + GELU_CUBIC * x * x * x)))
    return 0.5 * x * (1 + xp.erf(x * math.sqrt(0.5)))


GELU_SCALE, GELU_CUBIC = math.sqrt(2 / math.pi), 0.044715


@op
def normal_cdf(xp: Any, x: Any, /) -> Any:
    """Return the standard normal distribution function."""
    return 0.5 * (1 + xp.erf(x * math.sqrt(0.5)))


def normal_pdf(x: Any) -> Any:
    """Return the standard normal density."""
    return exp(-0.5 * square(x)) * (1 / math.sqrt(2 * math.pi))


normal_cdf.defvjp(x=lambda g, x: g * normal_pdf(x))


def grad_gelu(g: Any, x: Any, approximate: bool) -> Any:
    if not approximate:
        return g * (normal_cdf(x) + x * normal_pdf(x))
    x2 = square(x)
    t = tanh(GELU_SCALE * x * (1 + GELU_CUBIC * x2))
    return 0.5 * g * (1 + t + x * (1 - t * t) * (GELU_SCALE * (1 + 3 * GELU_CUBIC * x2)))


gelu.defvjp(x=grad_gelu)


@op(promote="float")
def softsign(xp: Any, x: Any, /) -> Any:
    """Return ``x / (1 + |x|)``."""
    return x / (1 + xp.abs(x))


softsign.defvjp(x=lambda g, x: g / square(1 + absolute(x)))


def hard_sigmoid(x: Any) -> Any:
    """Return ``relu6(x + 3) / 6``, straight lines in the place of `sigmoid`."""
    (x,) = operands(x)
    return relu6(x + 3.0) / 6


def hard_silu(x: Any) -> Any:
    """Return ``x * hard_sigmoid(x)``."""
    (x,) = operands(x)
    return x * hard_sigmoid(x)


hard_swish = hard_silu


@op
def hard_tanh(xp: Any, x: Any, /) -> Any:
    """Return `x` clipped to [-1, 1]; its derivative at the bounds is 0."""
    return xp.minimum(xp.maximum(x, -1), 1)


hard_tanh.defvjp(x=lambda g, x: g * within(x, -1, 1))


def tanh_shrink(x: Any) -> Any:
    """Return ``x - tanh(x)``."""
    (x,) = operands(x)
    return x - tanh(x)


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """Return `x` moved towards zero by `threshold`, zero where it is nearer than that."""
    (x,) = operands(x)
    return relu(x - threshold) - relu(-x - threshold)


@op(promote="float")
def hard_shrink(xp: Any, x: Any, /, threshold: float = 0.5) -> Any:
    """Return `x` where its absolute value exceeds `threshold`, else zero."""
    return x * xp.astype(xp.abs(x) > threshold, x.dtype)


hard_shrink.defvjp(x=lambda g, x, threshold: g * above(absolute(x), level=threshold))


@op(promote="float")
def threshold(xp: Any, x: Any, /, threshold: float, default_value: float) -> Any:
    """Return `x` where it exceeds `threshold`, else `default_value`."""
    return xp.where(x > threshold, x, xp.full_like(x, default_value))


threshold.defvjp(x=lambda g, x, threshold: g * above(x, level=threshold))


@op(promote="float")
def squareplus(xp: Any, x: Any, /, b: float = 4) -> Any:
    """Return ``(x + sqrt(x**2 + b)) / 2``, algebraic in the place of `softplus` (Barron 2021)."""
    return 0.5 * (x + xp.sqrt(x * x + b))


squareplus.defvjp(x=lambda g, x, y: g * y / (2 * y - x))  # the root is 2y - x


@op(promote="float")
def sparse_plus(xp: Any, x: Any, /) -> Any:
    """Return 0 below -1, ``(x + 1)**2 / 4`` up to 1, `x` above: a `softplus` that reaches zero."""
    middle = xp.minimum(xp.maximum(x, -1.0), 1.0) + 1
    return xp.where(x < 1, 0.25 * middle * middle, x)


@op(promote="float")
def sparse_sigmoid(xp: Any, x: Any, /) -> Any:
    """Return ``(x + 1) / 2`` clipped to [0, 1], the derivative of `sparse_plus`."""
    return xp.minimum(xp.maximum(0.5 * (x + 1), 0.0), 1.0)


sparse_plus.defvjp(x=lambda g, x: g * sparse_sigmoid(x))
sparse_sigmoid.defvjp(x=lambda g, x: 0.5 * g * within(x, -1, 1))


def glu(x: Any, axis: int = -1) -> Any:
    """Return the first half of an axis times the `sigmoid` of its second half (Dauphin et al. 2017)."""
    (x,) = operands(x)
    n = x.shape[axis]
    if n % 2:
        raise ValueError(f"glu: axis={axis} must have an even length to be halved, received shape {x.shape}.")
    return narrow(x, axis, 0, n // 2) * sigmoid(narrow(x, axis, n // 2, n))
