"""Running sums and products, and the product whose derivative is made of them.

The derivative of a product is the product of the others, not the product divided by the element: with
a zero among them only the former is right.
"""

from typing import Any

from arraynet.backend import dtype_of
from arraynet.dispatch import op
from arraynet.operands import operands
from arraynet.ops.elementwise import subtract, true_divide
from arraynet.ops.reduction import expanded, kept_shape, merged, sum, sum_dtype
from arraynet.ops.shape import cast, checked_axis, concatenate, integer, moveaxis, narrow, ones_like, reshape
from arraynet.tensor import as_tensor

__all__ = ["cumprod", "cumsum", "diff", "prod", "trapezoid"]


@op(promote="number", name="running_sum")
def _running_sum(xp: Any, x: Any, /, axis: int, reverse: bool) -> Any:
    x = xp.flip(x, axis=axis) if reverse else x
    y = xp.cumulative_sum(x, axis=axis, dtype=getattr(xp, sum_dtype(dtype_of(x))))
    return xp.flip(y, axis=axis) if reverse else y


_running_sum.defvjp(x=lambda g, axis, reverse: _running_sum(g, axis, not reverse))


def along(x: Any, axis: Any, dtype: Any = None) -> tuple[Any, int]:
    """Return `x` in a dtype, with the axes named as one, and which axis that is, counted from the front."""
    (x,) = operands(x)
    return merged(x if dtype is None else cast(x, dtype), axis)


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return the running sums along an axis, or of all elements in row order without one.

    Booleans and small integers are summed in 32 bits, unless a dtype is named.
    """
    x, axis = along(x, axis, dtype)
    y = _running_sum(x, axis, reverse=False)
    return y if dtype is None else cast(y, dtype)


def running_product(x: Any, axis: int, reverse: bool = False) -> Any:
    """Return the running products along an axis, in log2(n) steps, each of which doubles the span."""
    n, step = x.shape[axis], 1
    while step < n:
        product = narrow(x, axis, step, n) * narrow(x, axis, 0, n - step)
        rest = narrow(x, axis, n - step, n) if reverse else narrow(x, axis, 0, step)
        x = concatenate([product, rest] if reverse else [rest, product], axis)
        step *= 2
    return x


def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return the running products along an axis, or of all elements in row order without one.

    Booleans and small integers are multiplied in 32 bits, unless a dtype is named.
    """
    x = as_tensor(x)
    return running_product(*along(x, axis, dtype or sum_dtype(x.dtype)))


@op(promote="number", name="product")
def _product(xp: Any, x: Any, /, axis: int) -> Any:
    return xp.prod(x, axis=axis, dtype=getattr(xp, sum_dtype(dtype_of(x))))


def others(x: Any, axis: int) -> Any:
    """Return, for each element, the product of all others along an axis."""
    if not x.shape[axis]:
        return x
    n, one = x.shape[axis], ones_like(narrow(x, axis, 0, 1))
    before = running_product(concatenate([one, narrow(x, axis, 0, n - 1)], axis), axis)
    return before * running_product(concatenate([narrow(x, axis, 1, n), one], axis), axis, reverse=True)


_product.defvjp(x=lambda g, x, axis: expanded(g, x, axis, keepdims=False) * others(x, axis))


def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """Return the product along axes; booleans and small integers are multiplied in 32 bits.

    Its derivative is right where elements are zero, too.
    """
    (x,) = operands(x)
    y = _product(*along(x, axis, dtype))
    y = y if dtype is None else cast(y, dtype)
    return reshape(y, kept_shape(x.shape, axis)) if keepdims else y


def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """Return the differences of neighbours along an axis, taken n times."""
    if integer("n", n) < 0:
        raise ValueError(f"diff: n is how many times to take differences, at least 0; received n={n}.")
    a = as_tensor(a)
    place = checked_axis(axis, a.ndim)
    for _ in range(n):
        length = a.shape[place]
        left = length - 1 if length else 0  # a slice to -1 would end before the last
        a = subtract(narrow(a, place, length - left, length), narrow(a, place, 0, left))
    return a


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """Return the integral of `y` along an axis by the trapezoidal rule.

    The samples lie at `x`, of the shape of `y` or one for each place of the axis; without it, `dx` apart.
    """
    y, x = (operands(y)[0], None) if x is None else operands(y, x)
    place = checked_axis(axis, y.ndim)
    if x is not None:
        places = x.shape if x.ndim == 1 else x.shape[place : place + 1]
        if places != (y.shape[place],) or x.ndim not in (1, y.ndim):
            raise ValueError(
                f"trapezoid: x needs the shape of y, {y.shape}, or one element for each place of axis {axis}, received "
                f"shape {x.shape}."
            )
        dx = diff(moveaxis(x, place, -1) if x.ndim > 1 else x)
    y = moveaxis(y, place, -1)
    return sum(true_divide(y[..., 1:] + y[..., :-1], 2) * dx, axis=-1)
