"""Tensor, which knows its backend, and Variable, which is assigned.

NumPy and Numba share ``ndarray``, so the type of an array cannot say where an op runs; the Tensor does.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import numpy as np

from arraynet import dtypes
from arraynet.backend import Backend, dtype_of
from arraynet.naming import auto_name
from arraynet.observers import OBSERVERS, Versioned, notify, touch
from arraynet.operators import OPS, Operators
from arraynet.plugins import current, load

__all__ = ["Tensor", "Variable", "as_tensor"]

INITIALIZERS: dict[str, Callable[..., Any]] = {}  # filled by the initializers: "get" finds one by name

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

    @property
    def ndim(self) -> int:
        """Its number of axes, also called its rank."""
        return len(self.array.shape)

    @property
    def size(self) -> int:
        """Its number of elements."""
        return math.prod(self.array.shape)

    @property
    def T(self) -> "Tensor":  # noqa: N802
        """Itself with the axes in reverse order."""
        return OPS["transpose"](self)  # type: ignore[no-any-return]

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


def _of_value(name: str) -> Callable[[Any], Any]:
    return lambda self: getattr(self.read(), f"__{name}__")()


class Variable(Operators, Versioned):
    """A named, assignable holder of a Tensor.

    Parameters
    ----------
    initializer : array, callable or str
        The first value; or what makes it from ``(shape, dtype=...)``, an initializer's name included.
    shape : tuple of int, optional
        Needed with a callable or a name.
    dtype : str, optional
        An array keeps its own without it; an initializer makes floatx.
    trainable : bool
        Whether tapes watch it by themselves and optimizers are given it.
    autocast : bool
        Accepted for Keras' sake.
    name : str, optional
        Without a "/".

    Raises
    ------
    ValueError
        A callable or named initializer without `shape`, or a "/" in the name.

    Examples
    --------
    >>> import arraynet
    >>> w = arraynet.Variable([1.0, 2.0], name="w")
    >>> w.assign_add([1.0, 1.0])
    Tensor([2., 3.], dtype=float32, backend=numpy)
    """

    _seen = True  # somebody else may hold the array, so nobody may write into it
    _locks: Any = ()  # of programs that write into it, or give it another one

    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        name: str | None = None,
    ) -> None:
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(f"A variable's name is a str without '/', received {name!r}.")
        self.name = name or auto_name("variable")
        self._path: str | None = None
        self._trainable, self.autocast = bool(trainable), autocast
        kind = None if dtype is None else dtypes.standardize(dtype)
        shape = (shape,) if isinstance(shape, int) else None if shape is None else tuple(shape)
        if isinstance(initializer, str):
            initializer = INITIALIZERS["get"](initializer)
        if callable(initializer) and not isinstance(initializer, Tensor | Variable):
            if shape is None:
                raise ValueError(f"Variable {self.name!r} is made by an initializer, which needs a shape.")
            kind = kind or dtypes.standardize("float")
            initializer = initializer(shape, dtype=kind)
        first = _owned(initializer, None, kind)
        if shape not in (None, first.shape):
            raise ValueError(f"Variable {self.name!r} was given shape {shape} and values of shape {first.shape}.")
        self._value = Tensor(first.array, first.backend)  # one of its own, so that readers can tell it apart
        notify("made", self)

    @property
    def path(self) -> str:
        """Its name within its model, such as ``sequential/dense/kernel``."""
        return self._path or self.name

    @property
    def trainable(self) -> bool:
        """Whether tapes watch it by themselves and optimizers are given it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        self.changed()

    @property
    def value(self) -> Tensor:
        """Its present value."""
        return self.read()

    def read(self) -> Tensor:
        """Return the present value and tell the observers, who may watch it."""
        with self._at_rest():
            self._seen = True
            touch()
            notify("read", self, self._value)
            return self._value

    def _at_rest(self) -> ExitStack:
        """A context in which no program of another thread is writing into the array."""
        held = ExitStack()
        for lock in sorted(self._locks, key=id):  # all readers take them in one order
            held.enter_context(lock)
        return held

    def assign(self, value: Any) -> Tensor:
        """Replace the value by one of the same shape, cast to the variable's dtype; return it."""
        new = _owned(value, self._value.backend, self.dtype.name)
        if new.shape != self.shape:
            raise ValueError(f"Variable {self.path!r} has shape {self.shape}, the value assigned has {new.shape}.")
        return self.put(new)

    def put(self, value: Tensor, seen: bool = True) -> Tensor:
        """Hold a Tensor of the right shape, dtype and backend; `seen` says whether others hold it too."""
        notify("assigned", self, value)
        self._value, self._seen = value, seen
        touch()
        return value

    def assign_add(self, value: Any) -> Tensor:
        """Add to the value; return the new one."""
        return self.assign(OPS["add"](self, value))

    def assign_sub(self, value: Any) -> Tensor:
        """Subtract from the value; return the new one."""
        return self.assign(OPS["subtract"](self, value))

    def move(self, backend: str | Backend) -> None:
        """Move the value to another backend, in place."""
        self.put(self._value.to(backend))
        self.changed()

    def numpy(self) -> np.ndarray:
        """Return a copy of the values as a NumPy array."""
        notify("fetched", self._value)
        with self._at_rest():
            return np.array(self._value.backend.to_numpy(self._value.array))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.numpy(), dtype)

    @property
    def backend(self) -> Backend:
        """Where it lives."""
        return self._value.backend

    @property
    def shape(self) -> tuple[int, ...]:
        """Its axes' lengths."""
        return self._value.shape

    @property
    def dtype(self) -> np.dtype:
        """Its dtype."""
        return self._value.dtype

    @property
    def ndim(self) -> int:
        """Its number of axes."""
        return self._value.ndim

    @property
    def size(self) -> int:
        """Its number of elements."""
        return self._value.size

    @property
    def T(self) -> Tensor:  # noqa: N802
        """Its value with the axes in reverse order."""
        return self.read().T

    def item(self) -> Any:
        """Return the only element as a Python number."""
        return self.read().item()

    def __len__(self) -> int:
        return len(self._value)

    __bool__, __float__, __int__, __index__, __iter__ = map(_of_value, ("bool", "float", "int", "index", "iter"))

    def __format__(self, spec: str) -> str:
        return format(self.read(), spec) if spec else repr(self)

    def __repr__(self) -> str:
        text = np.array2string(self.numpy(), separator=", ", prefix="Variable(", threshold=100)
        facts = f"name={self.path!r}, shape={self.shape}, dtype={self.dtype}"
        return f"Variable({text}, {facts}, backend={self.backend.name})"

    def __getstate__(self) -> dict[str, Any]:
        with self._at_rest():
            self._seen = True  # the copy holds the same array
            touch()
        return {name: x for name, x in self.__dict__.items() if name != "_locks"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._value = Tensor(self._value.array, self._value.backend)


def _owned(x: Any, backend: Backend | None, dtype: str | None) -> Tensor:
    """A Tensor whose array no caller can write into, and whose gradient ends here."""
    if isinstance(x, Tensor | Variable):  # which may be a view of a larger one
        x = OPS["stop_gradient" if OBSERVERS.get() else "copy"](as_tensor(x, backend or x.backend, dtype))
    return as_tensor(x, backend, dtype, copy="C")


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
    backend = backend or (x.backend if isinstance(x, Tensor | Variable) else current())
    if isinstance(x, Variable):
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
    return isinstance(x, Tensor | Variable) or (isinstance(x, list | tuple) and any(map(_holds_tensor, x)))


def mixed(one: Backend, other: Backend) -> str:
    """Return the error text for Tensors of two backends in one op."""
    return f'Tensors of two backends met: {one.name!r} and {other.name!r}. Move one of them: x.to("{other.name}").'
