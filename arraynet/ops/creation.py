"""Tensors from nothing or from host data, on the current backend; doors between host and backend."""

from typing import Any

import numpy as np

from arraynet import dtypes
from arraynet.dispatch import op
from arraynet.operands import operands
from arraynet.ops.rounding import floor
from arraynet.ops.shape import (
    broadcast_to,
    cast,
    checked_axis,
    expand_dims,
    integer,
    moveaxis,
    new_shape,
    ones_like,
    reshape,
    stack,
    zeros_like,
)
from arraynet.ops.taking import where
from arraynet.plugins import current
from arraynet.tensor import Tensor, as_tensor
from arraynet.variable import Variable

__all__ = ["arange", "array", "convert_to_numpy", "convert_to_tensor", "copy", "empty", "empty_like", "eye", "full",
           "full_like", "geomspace", "identity", "is_tensor", "linspace", "logspace", "ones", "tri", "vander",
           "zeros"]  # fmt: skip


def _made(function: str, *args: Any, dtype: Any, **options: Any) -> Tensor:
    backend = current()
    kind = getattr(backend.xp, dtypes.standardize(dtype or "float"))
    with backend.guard():
        return Tensor(getattr(backend.xp, function)(*args, dtype=kind, **options), backend)


def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """Return zeros, floatx unless another dtype is named."""
    return _made("zeros", new_shape(shape), dtype=dtype)


def ones(shape: Any, dtype: Any = None) -> Tensor:
    """Return ones, floatx unless another dtype is named."""
    return _made("ones", new_shape(shape), dtype=dtype)


def empty(shape: Any, dtype: Any = None) -> Tensor:
    """Return a Tensor of a shape whose values are zeros, since values cannot be assigned later."""
    return zeros(shape, dtype)


def empty_like(x: Any, dtype: Any = None) -> Any:
    """Return a Tensor in the shape of `x` whose values are zeros."""
    return zeros_like(x, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """Return a value, or an array that broadcasts, in a shape; floatx unless another dtype is named."""
    return broadcast_to(cast(fill_value, dtype or "float"), shape)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """Return a value in the shape of `x`, and in its dtype unless another is named."""
    x, _ = operands(x, fill_value)
    return broadcast_to(as_tensor(fill_value, x.backend, dtypes.standardize(dtype or x.dtype)), x.shape)


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:  # noqa: N803 (Keras' names)
    """Return ones on the k-th diagonal of an N x M matrix, zeros elsewhere."""
    return _made("eye", *new_shape((N, N if M is None else M)), k=integer("k", k), dtype=dtype)


def identity(n: int, dtype: Any = None) -> Tensor:
    """Return the identity matrix of `n` rows."""
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:  # noqa: N803
    """Return ones on and below the k-th diagonal of an N x M matrix, zeros above."""
    rows, columns = new_shape((N, N if M is None else M))
    return as_tensor(np.tri(rows, columns, integer("k", k)), None, dtypes.standardize(dtype or "float"), copy=False)


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """Return the numbers from `start` (0 if there is no `stop`) to before `stop`, `step` apart.

    int32 if all are Python integers and no dtype is named, floatx if one of them is a float.
    """
    for name, x in {"start": start, "stop": stop, "step": step}.items():
        if isinstance(x, Tensor | Variable) and x.dtype.kind == "f":
            raise TypeError(f"arange: {name} has no derivative: pass float({name}). Received {x!r}.")
    given: list[Any] = [x.numpy() if isinstance(x, Tensor | Variable) else x for x in (start, stop, step)]
    kinds = [x.dtype if isinstance(x, np.ndarray) else type(np.asarray(x).item()) for x in given if x is not None]
    first, last, apart = given
    if apart is not None and not apart:
        raise ValueError(f"arange: step is how far the numbers lie apart, not 0; received step={step!r}.")
    host = np.arange(first, last, apart) if last is not None else np.arange(0, first, apart)
    return as_tensor(host, None, dtypes.standardize(dtype) if dtype else dtypes.promote(*kinds).name, copy=False)


def _wide(dtype: Any, *ends: Any) -> list[Tensor]:
    """Numbers as Tensors of one floating dtype, no narrower than that of the result."""
    found = operands(*ends)
    named = [np.dtype(dtypes.standardize(dtype))] if dtype else []
    kind = dtypes.promote_float(*(x.dtype for x in found), *named).name
    return [as_tensor(x, found[0].backend, kind) for x in ends]


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Return `num` numbers at equal distances from `start` to `stop`.

    Parameters
    ----------
    start, stop : number or Tensor
        They broadcast against each other, and are differentiable.
    num : int
        How many, along a new axis.
    endpoint : bool
        Whether `stop` is the last of them.
    retstep : bool
        Whether to return the distance as well.
    dtype : str, optional
        The promoted dtype of start and stop without it, floatx for integers.
    axis : int
        The new axis' position.
    """
    if num < 0:
        raise ValueError(f"linspace: num must be 0 or more, received {num}.")
    if dtype and np.dtype(dtypes.standardize(dtype)).kind in "iu":
        return _whole(start, stop, num, endpoint, retstep, dtype, axis)
    first, last = _wide(dtype, start, stop)
    kind = first.dtype
    parts = max(num - 1 if endpoint else num, 1)
    places = as_tensor(np.arange(num) / parts, first.backend, kind.name, copy=False)
    ndim = max(first.ndim, last.ndim)
    places = reshape(places, (num,) + (1,) * ndim)
    values = first * (1 - places) + last * places  # exact at both ends
    values = cast(moveaxis(values, 0, checked_axis(axis, ndim + 1)), dtype or kind)
    return (values, (last - first) / parts) if retstep else values


def _whole(start: Any, stop: Any, num: int, endpoint: bool, retstep: bool, dtype: Any, axis: int) -> Any:
    """Return the whole numbers at or below those of `linspace`: from float64 and steps, as 2.9999998 would become 2."""
    first, last = _wide("float64", start, stop)
    parts = max(num - 1 if endpoint else num, 1)
    step, ndim = (last - first) / parts, max(first.ndim, last.ndim)
    places = reshape(as_tensor(np.arange(num), first.backend, "float64", copy=False), (num,) + (1,) * ndim)
    values = where(places < parts, places * step + first, last)
    values = cast(floor(moveaxis(values, 0, checked_axis(axis, ndim + 1))), dtype)
    return (values, cast(step, _wide(None, start, stop)[0].dtype)) if retstep else values


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Return `base` to the powers that `linspace` gives."""
    first, last = _wide(dtype, start, stop)
    values = base ** linspace(first, last, num, endpoint, axis=axis)
    return cast(values, dtype or values.dtype)


def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """Return `num` numbers at equal ratios from `start` to `stop`, which have one sign; arguments as `linspace`."""
    first, last = _wide(dtype, start, stop)
    powers = moveaxis(linspace(zeros_like(last / first), 1, num, endpoint), 0, -1)
    values = expand_dims(first, -1) * expand_dims(last / first, -1) ** powers
    return cast(moveaxis(values, -1, axis), dtype or values.dtype)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:  # noqa: N803
    """Return the powers of a vector's elements, `N` of them in a row (as many as elements without it).

    They run from the highest down to 0, or upwards with `increasing`.
    """
    (x,) = operands(x)
    count = x.size if N is None else integer("N", N)
    if x.ndim != 1 or count < 1:
        raise ValueError(f"vander: expected a vector and a power at least, received shape {x.shape} and N={N}.")
    powers = [ones_like(x)]
    for _ in range(1, count):
        powers.append(powers[-1] * x)  # no power, whose derivative at 0 is NaN
    return stack(powers if increasing else powers[::-1], axis=-1)


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Tensor:
    """Return `x` as a Tensor on the current backend, or on its own if it is one; host data is copied.

    Parameters
    ----------
    x : Tensor, Variable, array, number, or nested list of numbers
        Arrays keep their dtype; lists of floats are floatx, of ints int32.
    dtype : str, optional
        What to cast it to.
    sparse, ragged : bool, optional
        Sparse and ragged tensors are not supported; anything true is refused.
    """
    if sparse or ragged:
        raise ValueError("convert_to_tensor: sparse and ragged tensors are not supported.")
    name = None if dtype is None else dtypes.standardize(dtype)
    return as_tensor(x, None, name)


def array(x: Any, dtype: Any = None) -> Tensor:
    """Return `x` as a Tensor; see `convert_to_tensor`."""
    return convert_to_tensor(x, dtype)


def convert_to_numpy(x: Any) -> np.ndarray:
    """Return `x` as a NumPy array of its own."""
    return np.array(x.numpy() if isinstance(x, Tensor | Variable) else x)


@op(promote=None)
def copy(xp: Any, x: Any, /) -> Any:
    """Return `x` as a Tensor of its own."""
    return xp.asarray(x, copy=True)


copy.defvjp(x=lambda g: g)


def is_tensor(x: Any) -> bool:
    """Tell whether `x` is a Tensor; a Variable is none, it holds one."""
    return isinstance(x, Tensor)
