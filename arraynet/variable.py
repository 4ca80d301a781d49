"""Variable, which is assigned: what a program reads at each replay, and may write into.

Who reads one may keep its array, and then nobody writes into that any more.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np

from arraynet import dtypes
from arraynet.backend import Backend
from arraynet.naming import auto_name
from arraynet.observers import OBSERVERS, Versioned, notify, touch
from arraynet.operators import OPS, Operators
from arraynet.tensor import Tensor, as_tensor
from arraynet.turns import in_order

__all__ = ["Variable"]

INITIALIZERS: dict[str, Callable[..., Any]] = {}  # filled by the initializers: "get" finds one by name


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
        if callable(initializer) and not isinstance(initializer, Operators):
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
        for lock in in_order(self._locks):
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
    if isinstance(x, Operators):  # which may be a view of a larger one
        x = OPS["stop_gradient" if OBSERVERS.get() else "copy"](as_tensor(x, backend or x.backend, dtype))
    return as_tensor(x, backend, dtype, copy="C")
