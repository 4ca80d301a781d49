"""Tensor, which knows its backend.

NumPy and Numba share ``ndarray``, so the type of an array cannot say where an op runs; the Tensor does.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np

from arraynet import dtypes
from arraynet.backend import Backend, dtype_of
from arraynet.observers import notify
from arraynet.operators import OPS, Operators
from arraynet.plugins import current, load

__all__ = ["Tensor", "as_tensor"]

_ids = count()


class Tensor(Operators):
    """An array that knows its backend. Made by ops and by `ops.convert_to_tensor`, not by hand.

    Parameters
    ----------
    array : array
        An array of the backend's library.
    backend : Backend
        Where ops on it run.
    logits : tuple of Tensor and axis, optional
        What a softmax or sigmoid was made from.
    """

    __slots__ = ("__weakref__", "array", "backend", "id", "logits")

    def __init__(self, array: Any, backend: Backend, logits: "tuple[Tensor, Any] | None" = None) -> None:
        self.array, self.backend, self.id = array, backend, next(_ids)
        self.logits = logits

    @property
    def shape(self) -> tuple[int, ...]:
        """Its axes' lengths."""
        return tuple(self.array.shape)

    @property
    def dtype(self) -> np.dtype:
        """Its dtype, as NumPy's on every backend."""
        return dtype_of(self.array)

    def numpy(self) -> np.ndarray:
        """Return the values as a NumPy array, read-only and without a copy where that is possible."""
        notify("fetched", self)
        view = np.asarray(self.backend.to_numpy(self.array)).view()
        view.flags.writeable = False
        return view

    def item(self) -> Any:
        """Return the only element as a Python number."""
        return self._only("item")

    def to(self, backend: str | Backend) -> "Tensor":
        """Return the same values on another backend, or itself if it is there already."""
        target = load(backend)
        return self if target is self.backend else Tensor(target.asarray(np.array(self), self.dtype.name), target)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        host = self.numpy()
        return np.array(host, dtype, copy=True) if copy else np.asarray(host, dtype)

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(f"The truth of a Tensor of shape {self.shape} is ambiguous: use ops.any(x) or ops.all(x).")
        return bool(self.item())

    def __float__(self) -> float:
        return float(self._only("float"))

    def __int__(self) -> int:
        return int(self._only("int"))

    def __index__(self) -> int:
        if self.dtype.kind not in "iu" or self.ndim:
            raise TypeError(f"Only an integer Tensor of shape () is an index, this one is {self.dtype} {self.shape}.")
        return int(self.item())

    def _only(self, what: str) -> Any:
        if self.size != 1:
            raise TypeError(
                f"{what}() needs a Tensor of one element, received shape {self.shape}. "
                f"Reduce it first (ops.sum, ops.mean) or use .numpy()."
            )
        return self.numpy().item()

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of a Tensor of shape (): it has no axes.")
        return self.shape[0]

    def __iter__(self) -> Iterator["Tensor"]:
        return (self[i] for i in range(len(self)))  # the length is static, so this stays capturable

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).numpy().any())

    def __format__(self, spec: str) -> str:
        return format(self._only("format"), spec) if spec else repr(self)

    def __repr__(self) -> str:
        text = np.array2string(self.numpy(), separator=", ", prefix="Tensor(", threshold=100)
        shape = f", shape={self.shape}" if self.size > 100 or not self.size else ""
        return f"Tensor({text}{shape}, dtype={self.dtype}, backend={self.backend.name})"

    def __reduce__(self) -> Any:
        return _rebuild, (np.array(self.numpy()), self.backend.name)

    def __deepcopy__(self, memo: Any = None) -> "Tensor":
        return self  # values are immutable

    __copy__ = __deepcopy__


def _rebuild(host: np.ndarray, backend: str) -> Tensor:
    return as_tensor(host, load(backend), copy=False)


def as_tensor(x: Any, backend: Backend | None = None, dtype: str | None = None, copy: Any = "K") -> Tensor:
    """Return `x` as a Tensor of the backend (the current one without it), of host arrays on a copy in that order.

    Raises
    ------
    TypeError
        `x` holds something other than numbers.
    ValueError
        `x` is a Tensor of another backend, or ragged.
    """
    x = stacked(x)
    backend = backend or (x.backend if isinstance(x, Operators) else current())
    if isinstance(x, Operators) and not isinstance(x, Tensor):  # a Variable
        x = x.read()
    if isinstance(x, Tensor):
        if x.backend is not backend:
            raise ValueError(mixed(x.backend, backend))
        return x if dtype in (None, x.dtype.name) else OPS["cast"](x, dtype)
    if isinstance(x, backend.array_types) and not isinstance(x, np.ndarray | np.generic):
        return Tensor(backend.asarray(x, dtype), backend)
    host = dtypes.host_array(x)
    dtype = dtype or dtypes.resolve(x, host).name
    lent = copy and (hasattr(x, "__array__") or host.base is not None)  # a list's is new
    return Tensor(backend.asarray(np.array(host, dtype, order=copy) if lent else host, dtype), backend)


def stacked(x: Any) -> Any:
    """Return a list that holds Tensors as one Tensor, by an op, so that gradients pass; all else as it is."""
    if isinstance(x, list | tuple) and _holds_tensor(x):
        return OPS["stack"](*map(stacked, x))
    return x


def _holds_tensor(x: Any) -> bool:
    return isinstance(x, Operators) or (isinstance(x, list | tuple) and any(map(_holds_tensor, x)))


def mixed(one: Backend, other: Backend) -> str:
    """Return the error text for Tensors of two backends in one op."""
    return f'Tensors of two backends met: {one.name!r} and {other.name!r}. Move one of them: x.to("{other.name}").'
