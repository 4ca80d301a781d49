"""Activations and losses of networks, numerically stable, each beside its derivative."""

from typing import Any

from arraynet.dispatch import op
from arraynet.ops.reduction import sum as reduce_sum

__all__ = ["log_softmax", "relu", "sigmoid", "softmax"]


@op
def relu(xp: Any, x: Any, /) -> Any:
    """Return ``max(x, 0)``; its derivative at 0 is 0."""
    return xp.maximum(x, 0)


@op
def relu_grad(xp: Any, g: Any, x: Any, /) -> Any:
    """Return `g` where ``x > 0``, else 0."""
    return g * xp.astype(x > 0, g.dtype)


relu.defvjp(x=lambda g, y: relu_grad(g, y))
relu_grad.defvjp(g=lambda g, x: relu_grad(g, x))


@op(promote="float", logits=True)
def sigmoid(xp: Any, x: Any, /) -> Any:
    """Return ``1 / (1 + exp(-x))``."""
    return 1 / (1 + xp.exp(-x))


sigmoid.defvjp(x=lambda g, y: g * y * (1 - y))


@op(promote="float", logits=True)
def softmax(xp: Any, x: Any, /, axis: Any = -1) -> Any:
    """Return ``exp(x)`` divided by its sum along an axis, or along all of them with None."""
    e = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return e / xp.sum(e, axis=axis, keepdims=True)


softmax.defvjp(x=lambda g, y, axis: y * (g - reduce_sum(g * y, axis=axis, keepdims=True)))


@op(promote="float")
def log_softmax(xp: Any, x: Any, /, axis: Any = -1) -> Any:
    """Return the logarithm of `softmax`, without its rounding to zero."""
    moved = x - xp.max(x, axis=axis, keepdims=True)
    return moved - xp.log(xp.sum(xp.exp(moved), axis=axis, keepdims=True))


log_softmax.defvjp(x=lambda g, x, axis: g - softmax(x, axis=axis) * reduce_sum(g, axis=axis, keepdims=True))
