"""Activations that are straight, or nearly, between a few kinks: cheap, and exactly zero or one in places.

At a kink the derivative is that of the side where it is 0.
"""

from typing import Any

from arraynet.dispatch import op
from arraynet.operands import operands
from arraynet.ops.activations import above, relu
from arraynet.ops.elementwise import absolute
from arraynet.ops.normalization import floating
from arraynet.ops.trigonometry import tanh

__all__ = ["hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "relu6", "soft_shrink", "sparse_plus",
           "sparse_sigmoid", "tanh_shrink", "threshold"]  # fmt: skip


@op
def between(xp: Any, x: Any, /, low: float, high: float) -> Any:
    """Return 1 where ``low < x < high``, else 0, in the dtype of `x`."""
    return xp.astype((x > low) & (x < high), x.dtype)


@op(promote="float")
def relu6(xp: Any, x: Any, /) -> Any:
    """Return `x` clipped to [0, 6]; its derivative at the bounds is 0.

    Source: A. Krizhevsky, Convolutional deep belief networks on CIFAR-10, 2010.
    """
    return xp.minimum(xp.maximum(x, 0), 6)


relu6.defvjp(x=lambda g, x: g * between(x, 0, 6))


def hard_sigmoid(x: Any) -> Any:
    """Return ``relu6(x + 3) / 6``, straight lines in the place of `sigmoid`: 0 below -3, 1 above 3.

    Source: A. Howard and others, Searching for MobileNetV3, ICCV 2019.
    """
    (x,) = operands(x)
    return relu6(x + 3.0) / 6


@op(promote="float")
def hard_silu(xp: Any, x: Any, /) -> Any:
    """Return ``x * hard_sigmoid(x)``, which is also called hard swish.

    Source: A. Howard and others, Searching for MobileNetV3, ICCV 2019.
    """
    return xp.maximum(x, -3.0) * (xp.minimum(xp.maximum(x + 3.0, 0), 6) / 6)  # minus infinity times 0 is no number


hard_silu.defvjp(x=lambda g, x: g * (hard_sigmoid(x) + (hard_sigmoid(x) - 0.5) * between(x, -3, 3)))
hard_swish = hard_silu


@op(promote="number")
def hard_tanh(xp: Any, x: Any, /) -> Any:
    """Return `x` clipped to [-1, 1]; its derivative at the bounds is 0.

    Source: R. Collobert, Large scale machine learning, thesis, Université Paris VI, 2004.
    """
    return xp.minimum(xp.maximum(x, -1), 1)


hard_tanh.defvjp(x=lambda g, x: g * between(x, -1, 1))


def tanh_shrink(x: Any) -> Any:
    """Return ``x - tanh(x)``, which is flat at 0. Keras' definition."""
    (x,) = operands(x)
    return x - tanh(x)


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """Return `x` moved towards zero by `threshold`, zero where it is nearer than that.

    Source: D. L. Donoho and I. M. Johnstone, Ideal spatial adaptation by wavelet shrinkage, Biometrika 81, 1994.

    Parameters
    ----------
    x : tensor
        Of any shape.
    threshold : float
        How far, 0 or more.

    Examples
    --------
    >>> from arraynet import activations
    >>> activations.soft_shrink([-2.0, 0.4, 1.0])
    Tensor([-1.5,  0. ,  0.5], dtype=float32, backend=numpy)
    """
    x = floating(x)  # integers would wrap around
    return relu(x - threshold) - relu(-threshold - x)


@op(promote="float")
def hard_shrink(xp: Any, x: Any, /, threshold: float = 0.5) -> Any:
    """Return `x` where its absolute value exceeds `threshold`, else zero.

    Source: D. L. Donoho and I. M. Johnstone, Ideal spatial adaptation by wavelet shrinkage, Biometrika 81, 1994.

    Parameters
    ----------
    x : tensor
        Of any shape.
    threshold : float
        What is not farther from zero than this becomes zero.

    Examples
    --------
    >>> from arraynet import activations
    >>> activations.hard_shrink([-2.0, 0.4, 1.0])
    Tensor([-2.,  0.,  1.], dtype=float32, backend=numpy)
    """
    return x * xp.astype(xp.abs(x) > threshold, x.dtype)


hard_shrink.defvjp(x=lambda g, x, threshold: g * above(absolute(x), level=threshold))


@op(promote="float")
def threshold(xp: Any, x: Any, /, threshold: float, default_value: float) -> Any:
    """Return `x` where it exceeds `threshold`, else `default_value`. Keras' definition.

    Parameters
    ----------
    x : tensor
        Of any shape.
    threshold : float
        What `x` has to exceed.
    default_value : float
        The result elsewhere, where the derivative is 0.
    """
    return xp.where(x > threshold, x, xp.full_like(x, default_value))


threshold.defvjp(x=lambda g, x, threshold: g * above(x, level=threshold))


@op(promote="float")
def sparse_plus(xp: Any, x: Any, /) -> Any:
    """Return 0 below -1, ``(x + 1)**2 / 4`` up to 1, `x` above: a `softplus` that reaches zero. Keras' definition."""
    middle = xp.minimum(xp.maximum(x, -1.0), 1.0) + 1
    return xp.where(x < 1, 0.25 * middle * middle, x)


@op(promote="float")
def sparse_sigmoid(xp: Any, x: Any, /) -> Any:
    """Return ``(x + 1) / 2`` clipped to [0, 1], the derivative of `sparse_plus`. Keras' definition."""
    return xp.minimum(xp.maximum(0.5 * (x + 1), 0.0), 1.0)


sparse_plus.defvjp(x=lambda g, x: g * sparse_sigmoid(x))
sparse_sigmoid.defvjp(x=lambda g, x: 0.5 * g * between(x, -1, 1))
