"""Tensors from nothing or from host data, on the current backend; doors between host and backend."""

from typing import Any

import numpy as np

from arraynet import dtypes
from arraynet.ops.shape import static_shape
from arraynet.plugins import current
from arraynet.tensor import Tensor, Variable, as_tensor

__all__ = ["array", "convert_to_numpy", "convert_to_tensor", "eye", "full", "ones", "zeros"]


def _made(function: str, *args: Any, dtype: Any, **options: Any) -> Tensor:
    backend = current()
    kind = getattr(backend.xp, dtypes.standardize(dtype or "float"))
    return Tensor(getattr(backend.xp, function)(*args, dtype=kind, **options), backend)


def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """Return zeros, floatx unless another dtype is named."""
    return _made("zeros", static_shape(shape), dtype=dtype)


def ones(shape: Any, dtype: Any = None) -> Tensor:
    """Return ones, floatx unless another dtype is named."""
    return _made("ones", static_shape(shape), dtype=dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """Return a constant in a shape, floatx unless another dtype is named."""
    value = as_tensor(fill_value, dtype=dtypes.standardize(dtype or "float"))
    xp = value.backend.xp
    return Tensor(xp.broadcast_to(value.array, static_shape(shape)), value.backend)


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:  # noqa: N803 (Keras' names)
    """Return ones on the k-th diagonal of an N x M matrix, zeros elsewhere."""
    return _made("eye", N, M, k=k, dtype=dtype)


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None) -> Tensor:
    """Return `x` as a Tensor on the current backend, or on its own if it is one; host data is copied.

    Parameters
    ----------
    x : Tensor, Variable, array, number, or nested list of numbers
        Arrays keep their dtype; lists of floats are floatx, of ints int32.
    dtype : str, optional
        What to cast it to.
    sparse : bool, optional
        Sparse tensors are not supported; anything true is refused.
    """
    if sparse:
        raise ValueError("convert_to_tensor: sparse tensors are not supported, received sparse=True.")
    name = None if dtype is None else dtypes.standardize(dtype)
    if isinstance(x, Tensor | Variable):
        return as_tensor(x, x.backend, name)
    return as_tensor(np.array(x) if isinstance(x, np.ndarray) else x, None, name)


def array(x: Any, dtype: Any = None) -> Tensor:
    """Return `x` as a Tensor; see `convert_to_tensor`."""
    return convert_to_tensor(x, dtype)


def convert_to_numpy(x: Any) -> np.ndarray:
    """Return `x` as a NumPy array of its own."""
    return np.array(x.numpy() if isinstance(x, Tensor | Variable) else x)
