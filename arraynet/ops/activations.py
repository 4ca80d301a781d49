"""Activation functions, stable for large arguments, each beside its derivative.

Those built of others are plain functions; a capture fuses them all the same.
"""

from typing import Any

from arraynet.dispatch import op
from arraynet.ops.comparison import greater
from arraynet.ops.elementwise import absolute, negative, power, square
from arraynet.ops.taking import where

__all__ = ["celu", "elu", "leaky_relu", "log_sigmoid", "relu", "selu", "sigmoid", "softplus", "softsign", "squareplus"]

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al. 2017


@op
def above(xp: Any, x: Any, /, level: float = 0.0) -> Any:
    """Return 1 where ``x > level``, else 0, in the dtype of `x`."""
    return xp.astype(x > level, x.dtype)


@op(promote="number")
def relu(xp: Any, x: Any, /) -> Any:
    """Return ``max(x, 0)``; its derivative at 0 is 0, and NaN stays NaN.

    Source: V. Nair and G. E. Hinton, Rectified linear units improve restricted Boltzmann machines, ICML 2010.
    """
    return xp.maximum(x, 0)


@op
def relu_grad(xp: Any, g: Any, x: Any, /) -> Any:
    """Return `g` where ``x > 0``, else 0."""
    return g * xp.astype(x > 0, g.dtype)


relu.defvjp(x=lambda g, y: relu_grad(g, y))
relu_grad.defvjp(g=lambda g, x: relu_grad(g, x))


@op(promote="float")
def leaky_relu(xp: Any, x: Any, /, negative_slope: float = 0.2) -> Any:
    """Return `x`, times `negative_slope` where it is not positive.

    Source: A. L. Maas, A. Y. Hannun and A. Y. Ng, Rectifier nonlinearities improve neural network acoustic models, ICML
    2013; the slope is Keras', theirs is 0.01.

    Parameters
    ----------
    x : tensor
        Of any shape.
    negative_slope : float
        The slope below 0, and at 0.

    Examples
    --------
    >>> from arraynet import activations
    >>> activations.leaky_relu([-2.0, 0.0, 3.0])
    Tensor([-0.4,  0. ,  3. ], dtype=float32, backend=numpy)
    """
    return xp.where(x > 0, x, negative_slope * x)


leaky_relu.defvjp(x=lambda g, x, negative_slope: g * (negative_slope + (1 - negative_slope) * above(x)))


@op(promote="float")
def elu(xp: Any, x: Any, /, alpha: float = 1.0) -> Any:
    """Return `x`, or ``alpha * (exp(x) - 1)`` where it is not positive.

    Source: D.-A. Clevert, T. Unterthiner and S. Hochreiter, Fast and accurate deep network learning by exponential
    linear units, ICLR 2016.

    Parameters
    ----------
    x : tensor
        Of any shape.
    alpha : float
        Far below 0 the result tends to ``-alpha``; the slope jumps at 0 unless it is 1.
    """
    return xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0.0)))


elu.defvjp(x=lambda g, x, y, alpha: g * where(greater(x, 0), 1.0, y + alpha))


def selu(x: Any) -> Any:
    """Return ``1.0507 * elu(x, alpha=1.6733)``: mean 0 and variance 1 are kept from layer to layer.

    Source: G. Klambauer, T. Unterthiner, A. Mayr and S. Hochreiter, Self-normalizing neural networks, NIPS 2017. Holds
    for standardised inputs and weights drawn by `initializers.LecunNormal`; the two constants are their equation 14.
    """
    return SELU_SCALE * elu(x, alpha=SELU_ALPHA)


@op(promote="float")
def celu(xp: Any, x: Any, /, alpha: float = 1.0) -> Any:
    """Return ``max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)``: an `elu` whose slope at 0 is 1 for every `alpha`.

    Source: J. T. Barron, Continuously differentiable exponential linear units, arXiv 1704.07483, 2017.

    Parameters
    ----------
    x : tensor
        Of any shape.
    alpha : float
        Far below 0 the result tends to ``-alpha``; not 0.
    """
    return xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0.0) / alpha))


celu.defvjp(x=lambda g, x, y, alpha: g * where(greater(x, 0), 1.0, 1 + y / alpha))


@op(promote="float", logits=True)
def sigmoid(xp: Any, x: Any, /) -> Any:
    """Return ``1 / (1 + exp(-x))``, between 0 and 1.

    The result remembers `x`, its logits: `binary_crossentropy` computes with them, so that sure answers keep their
    gradients.

    Examples
    --------
    >>> from arraynet import activations
    >>> activations.sigmoid([-1000.0, 0.0, 1000.0])
    Tensor([0. , 0.5, 1. ], dtype=float32, backend=numpy)
    """
    return 1 / (1 + xp.exp(-x))


sigmoid.defvjp(x=lambda g, y: g * y * (1 - y))


@op(promote="float")
def softplus(xp: Any, x: Any, /) -> Any:
    """Return ``log(1 + exp(x))``, without overflow: a smooth `relu`, whose derivative is `sigmoid`.

    Source: C. Dugas and others, Incorporating second-order functional knowledge for better option pricing, NIPS 2000.
    """
    return xp.maximum(x, 0.0) + xp.log1p(xp.exp(-xp.abs(x)))


softplus.defvjp(x=lambda g, x: g * sigmoid(x))


def log_sigmoid(x: Any) -> Any:
    """Return ``-log(1 + exp(-x))``, the logarithm of `sigmoid`, without its rounding to zero.

    Examples
    --------
    >>> from arraynet import activations
    >>> activations.log_sigmoid(-1000.0)
    Tensor(-1000., dtype=float32, backend=numpy)
    """
    return negative(softplus(negative(x)))


@op(promote="float")
def softsign(xp: Any, x: Any, /) -> Any:
    """Return ``x / (1 + |x|)``, between -1 and 1, which it nears more slowly than `tanh`.

    Source: J. Bergstra, G. Desjardins, P. Lamblin and Y. Bengio, Quadratic polynomials learn better image features,
    technical report 1337, Université de Montréal, 2009.
    """
    return x / (1 + xp.abs(x))


softsign.defvjp(x=lambda g, x: g / square(1 + absolute(x)))


@op(promote="float")
def squareplus(xp: Any, x: Any, /, b: float = 4) -> Any:
    """Return ``(x + sqrt(x**2 + b)) / 2``, algebraic in the place of `softplus`.

    Source: J. T. Barron, Squareplus: a softplus-like algebraic rectifier, arXiv 2112.11687, 2021.

    Parameters
    ----------
    x : tensor
        Of any shape.
    b : float
        How round it is, 0 or more: 0 gives `relu`, and 4 the curvature of 1/4 at 0 that `softplus` has.
    """
    if not b:
        return xp.maximum(x, 0)
    return xp.maximum(x, 0) + 0.5 * b / (xp.sqrt(x * x + b) + xp.abs(x))  # all digits below 0, any size above


@op(promote="float")
def squareplus_slope(xp: Any, x: Any, /, b: float) -> Any:
    """Return the derivative of `squareplus`, which has all digits below 0, too."""
    y = squareplus.form(xp, x, b)
    return 1 / (1 + b / (4 * y * y))


squareplus_slope.defvjp(x=lambda g, x, b: g * (b / 2 * power(square(x) + b, -1.5)))
squareplus.defvjp(x=lambda g, x, b: g * squareplus_slope(x, b) if b else relu_grad(g, x))
