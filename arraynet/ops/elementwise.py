"""Arithmetic and elementary functions, element by element, each beside its derivative."""

from typing import Any

from arraynet.dispatch import op

__all__ = [
    "absolute",
    "add",
    "cos",
    "divide",
    "exp",
    "identity_op",
    "log",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "power",
    "sign",
    "sin",
    "sqrt",
    "square",
    "subtract",
    "tanh",
    "true_divide",
]  # fmt: skip


@op
def identity_op(xp: Any, x: Any, /) -> Any:
    """Return `x` as a new Tensor."""
    return x


identity_op.defvjp(x=lambda g: g)


@op
def add(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return ``x1 + x2``."""
    return x1 + x2


add.defvjp(x1=lambda g: g, x2=lambda g: g)


@op
def subtract(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return ``x1 - x2``."""
    return x1 - x2


subtract.defvjp(x1=lambda g: g, x2=lambda g: -g)


@op
def multiply(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return ``x1 * x2``."""
    return x1 * x2


multiply.defvjp(x1=lambda g, x2: g * x2, x2=lambda g, x1: g * x1)


@op(promote="float")
def true_divide(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return ``x1 / x2``; integers and booleans give floatx."""
    return x1 / x2


true_divide.defvjp(x1=lambda g, x2: g / x2, x2=lambda g, y, x2: -g * y / x2)
divide = true_divide


@op
def negative(xp: Any, x: Any, /) -> Any:
    """Return ``-x``."""
    return -x


negative.defvjp(x=lambda g: -g)


@op
def absolute(xp: Any, x: Any, /) -> Any:
    """Return the absolute value; its derivative at 0 is 0."""
    return xp.abs(x)


absolute.defvjp(x=lambda g, x: g * sign(x))


@op(promote="float")
def exp(xp: Any, x: Any, /) -> Any:
    """Return e to the power `x`."""
    return xp.exp(x)


exp.defvjp(x=lambda g, y: g * y)


@op(promote="float")
def log(xp: Any, x: Any, /) -> Any:
    """Return the natural logarithm; -inf at 0, NaN below."""
    return xp.log(x)


log.defvjp(x=lambda g, x: g / x)


@op(promote="float")
def sqrt(xp: Any, x: Any, /) -> Any:
    """Return the square root; NaN below 0."""
    return xp.sqrt(x)


sqrt.defvjp(x=lambda g, y: 0.5 * g / y)


@op
def square(xp: Any, x: Any, /) -> Any:
    """Return ``x * x``."""
    return x * x


square.defvjp(x=lambda g, x: 2 * g * x)


@op(promote="float")
def sin(xp: Any, x: Any, /) -> Any:
    """Return the sine of `x` in radians."""
    return xp.sin(x)


@op(promote="float")
def cos(xp: Any, x: Any, /) -> Any:
    """Return the cosine of `x` in radians."""
    return xp.cos(x)


sin.defvjp(x=lambda g, x: g * cos(x))
cos.defvjp(x=lambda g, x: -g * sin(x))


@op(promote="float")
def tanh(xp: Any, x: Any, /) -> Any:
    """Return the hyperbolic tangent."""
    return xp.tanh(x)


tanh.defvjp(x=lambda g, y: g * (1 - y * y))


@op
def sign(xp: Any, x: Any, /) -> Any:
    """Return -1, 0 or 1."""
    return xp.sign(x)


@op
def power(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return `x1` to the power `x2`."""
    if isinstance(x2, int | float) and x2 in (2, 3):  # a general power costs thirty products
        return x1 * x1 if x2 == 2 else x1 * x1 * x1
    return xp.pow(x1, x2)


power.defvjp(
    x1=lambda g, x1, x2: g * x2 * power(x1, x2 - 1),
    x2=lambda g, y, x1: g * y * log(x1),
)


@op
def maximum(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return the larger of two, NaN if either is; at a tie each takes half of the gradient."""
    return xp.maximum(x1, x2)


@op
def minimum(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return the smaller of two, NaN if either is; at a tie each takes half of the gradient."""
    return xp.minimum(x1, x2)


@op
def share(xp: Any, x1: Any, x2: Any, /) -> Any:
    """Return 1 where ``x1 > x2``, a half where they are equal, else 0: the derivative of `maximum`."""
    return (1 + xp.sign(x1 - x2)) / 2


maximum.defvjp(x1=lambda g, x1, x2: g * share(x1, x2), x2=lambda g, x1, x2: g * share(x2, x1))
minimum.defvjp(x1=lambda g, x1, x2: g * share(x2, x1), x2=lambda g, x1, x2: g * share(x1, x2))
