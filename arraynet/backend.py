"""What a backend is: all that a plugin may import, and the NumPy backend that defines the numbers.

A backend adds speed, never semantics. It owns an array-API namespace ``xp``, two doors (``asarray``
and ``to_numpy``) and, if it likes, kernels: its own fast forms of ops, which may decline by returning
``NotImplemented``. Every op has a generic form in ``xp``, so a backend with no kernels is complete.
"""

import math
import operator
import platform
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache, partial
from typing import Any

import numpy as np

from arraynet.dtypes import DTYPES
from arraynet.erf import erf
from arraynet.normals import host_normals
from arraynet.words import host_words

__all__ = ["CONTRACT", "ArrayAPIBackend", "Backend", "Namespace", "NumPyBackend", "dtype_of", "host_words"]

CONTRACT = 1
CREATION = frozenset(["arange", "asarray", "empty", "eye", "full", "linspace", "ones", "zeros", "from_dlpack"])


class Namespace:
    """An array-API namespace bound to one device, with the four primitives that the standard lacks.

    Parameters
    ----------
    xp : module
        A namespace that conforms to the array-API standard 2024.12.
    device : object, optional
        What its creation functions take as ``device``; None leaves their default.
    """

    def __init__(self, xp: Any, device: Any = None) -> None:
        self._xp, self._device = xp, device

    def __getattr__(self, name: str) -> Any:
        if name in DTYPES and not hasattr(self._xp, name):
            library, has = getattr(self._xp, "__name__", self._xp), sorted(d for d in DTYPES if hasattr(self._xp, d))
            raise TypeError(f"{library} has no dtype {name!r}, this backend has {', '.join(has)}: cast to one of them.")
        value = getattr(self._xp, name)
        if self._device is not None and name in CREATION:
            value = partial(value, device=self._device)
        setattr(self, name, value)  # the next look-up is a plain attribute
        return value

    def index_add(self, x: Any, indices: Any, values: Any) -> Any:
        """Return `x` with ``values[i]`` added to the row ``x[indices[i]]``, repeated indices included.

        Shapes: x (n, ...), indices (k,) within 0..n-1, values (k, ...).
        """
        if not indices.shape[0]:
            return x
        sums, hit = combined(self, indices, values, x.shape[0], operator.add)
        return x + self.where(hit, sums, self.zeros_like(sums))

    def erf(self, x: Any) -> Any:
        """Return the error function of `x`, to about one unit in the last place of float64."""
        return erf(self, x)

    def random_words(self, key: tuple[int, int], start: int, n: int, bits: int) -> Any:
        """Return words `start` to `start + n` of a Philox4x64-10 stream, each of `bits` bits.

        The stream is `key`'s 64-bit words from counter 0 on, each cut into lanes, low half first.
        """
        return self.asarray(host_words(key, start, n, bits))

    def random_normals(self, key: tuple[int, int], start: int, n: int, low: float, high: float) -> Any:
        """Return standard normal float64 numbers between two quantiles, made of 64-bit words from `start` on.

        They come from the host. A backend that makes them itself takes the steps of `arraynet.normals` one by one, and
        none of them fused, so that it comes to the same bits.
        """
        return self.asarray(host_normals(key, start, n, low, high))


def combined(xp: Any, indices: Any, values: Any, n: int, combine: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
    """Return, for each of `n` rows, the values of its index combined, and where there are any, of shape (n, 1, ...).

    Written without assignment: a stable sort brings equal indices together, a segmented scan by doubling combines them.
    """
    order, column = xp.argsort(indices, stable=True), (-1,) + (1,) * (values.ndim - 1)
    keys, found, step = xp.take(indices, order), xp.take(values, order, axis=0), 1
    while step < indices.shape[0]:
        same = xp.concat([xp.zeros(step, dtype=xp.bool), keys[step:] == keys[:-step]])
        moved = xp.concat([found[:step, ...], found[:-step, ...]])
        found = xp.where(xp.reshape(same, column), combine(found, moved), found)
        step *= 2
    rows = xp.arange(n, dtype=keys.dtype)
    last = xp.maximum(xp.searchsorted(keys, rows, side="right") - 1, 0)
    return xp.take(found, last, axis=0), xp.reshape(xp.take(keys, last) == rows, column)


class Backend:
    """The contract. Subclass it; the entry point names an instance, or a class called with no arguments.

    Attributes
    ----------
    contract : int
        The version of this contract that the backend was written for.
    name : str
        What ``ARRAYNET_BACKEND`` and ``set_backend`` call it.
    xp : module or Namespace
        Its array-API namespace; a plain module is wrapped in a `Namespace` when the backend is loaded.
    array_types : tuple of type
        The classes of its arrays.
    dtypes : frozenset of str
        The dtypes it has.
    kernels : mapping of str to callable
        Fast forms by op name, with the signature of the generic form minus ``xp``. Captured programs do without one
        that has an attribute ``eager_only``.
    """

    contract = CONTRACT
    name: str
    xp: Any
    array_types: tuple[type, ...]
    dtypes: frozenset[str] = frozenset(DTYPES)
    kernels: Mapping[str, Callable[..., Any]] = {}

    def asarray(self, x: Any, dtype: str | None = None) -> Any:
        """Return host data, or an own array, as an own array of the named dtype.

        It may share memory with a host array. But the caller may write to that as soon as this returns, and what is
        computed from the result before then must not change: a copy that is still under way is waited for, or
        made from a copy.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define asarray(self, x, dtype=None).")

    def to_numpy(self, x: Any) -> np.ndarray:
        """Return an own array as a NumPy array; a view is welcome."""
        raise NotImplementedError(f"{type(self).__name__} does not define to_numpy(self, x).")

    def synchronize(self) -> None:
        """Wait for queued work."""

    def guard(self) -> AbstractContextManager[Any]:
        """Return a context to run calls in; one that silences NumPy's warnings, say."""
        return nullcontext()

    def describe(self) -> str:
        """Return library, version and device in a few words."""
        return self.name

    def memory_info(self) -> dict[str, int] | None:
        """Return bytes ``used``, ``held`` and ``limit``, or None where that is not known."""
        return None

    def compile_program(self, program: Any) -> Any:
        """Return a callable that runs a lowered program, or NotImplemented for the generic replay.

        It may have attributes `in_place`, `row_inputs` and `rounds`, as `arraynet.program.HostProgram` has them.
        """
        return NotImplemented


class ArrayAPIBackend(Backend):
    """A backend from any conforming array-API namespace.

    Parameters
    ----------
    xp : module
        The namespace.
    device : object, optional
        The device that its arrays shall live on.
    name : str, optional
        The backend's name; the namespace's own without it.

    Examples
    --------
    >>> import numpy
    >>> from arraynet.backend import ArrayAPIBackend
    >>> backend = ArrayAPIBackend(numpy, name="plain")
    >>> backend.to_numpy(backend.asarray([1, 2], "float32"))
    array([1., 2.], dtype=float32)
    """

    def __init__(self, xp: Any, device: Any = None, name: str | None = None) -> None:
        self.name = name or xp.__name__.rpartition(".")[2]
        self.xp = Namespace(xp, device)
        self.dtypes = frozenset(d for d in DTYPES if hasattr(xp, d))
        self.array_types = (type(self.xp.zeros(1)),)

    def asarray(self, x: Any, dtype: str | None = None) -> Any:
        kind = None if dtype is None else getattr(self.xp, dtype)
        if isinstance(x, self.array_types):
            return x if dtype in (None, dtype_of(x).name) else self.xp.astype(x, kind)
        host = np.array(x, dtype)  # hosts may write into theirs while a copy by the library is still under way
        return self.xp.asarray(host, dtype=getattr(self.xp, host.dtype.name))

    def to_numpy(self, x: Any) -> np.ndarray:
        exports = getattr(x, "__dlpack__", None)  # the scalars that NumPy reduces to do not
        return np.from_dlpack(x) if exports else np.asarray(x)

    def describe(self) -> str:
        return f"{self.name} {getattr(self.xp, '__version__', '')}".strip()


class NumPyNamespace(Namespace):
    """NumPy, with its own scatter-add."""

    def index_add(self, x: Any, indices: Any, values: Any) -> Any:
        out, width = np.array(x, order="C"), math.prod(x.shape[1:])
        if width != 1:  # np.add.at is four times faster along one axis than by rows
            indices = (indices.astype(np.intp)[:, None] * width + np.arange(width)).reshape(-1)
        np.add.at(out.reshape(-1), indices, values.reshape(-1))
        return out


class NumPyBackend(Backend):
    """The reference: what every other backend's numbers are compared with."""

    name = "numpy"
    array_types = (np.ndarray, np.generic)
    xp: Any = NumPyNamespace(np)

    def asarray(self, x: Any, dtype: str | None = None) -> Any:
        return np.asarray(x, dtype)

    def to_numpy(self, x: Any) -> np.ndarray:
        return np.asarray(x)

    def guard(self) -> AbstractContextManager[Any]:
        return np.errstate(all="ignore")

    def describe(self) -> str:
        return f"numpy {np.__version__}, {platform.machine()}"


def share(x: Any, y: Any) -> bool:
    """Tell whether two host arrays may have memory in common."""
    return isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and np.may_share_memory(x, y)


def dtype_of(x: Any) -> np.dtype:
    """Return any library's array dtype as NumPy's."""
    dtype = x.dtype
    return dtype if isinstance(dtype, np.dtype) else _named(str(dtype))


@cache
def _named(name: str) -> np.dtype:
    return np.dtype(name.rpartition(".")[2])
