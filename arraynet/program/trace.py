"""Lowering: run a generic form once with a symbolic ``xp`` and write down the primitives it calls.

The symbols carry real arrays, so a form may ask for shapes and dtypes, and the layout of every
intermediate result is known: a replay keeps it, since C and F order change the bits of a sum.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from arraynet.backend import Backend, dtype_of, share

__all__ = ["OPERATORS", "Instruction", "TracedArray", "TracedScalar", "Tracer", "UncapturableError", "Value"]

OPERATORS: dict[str, Callable[..., Any]] = {  # primitives that Python spells as operators
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "floor_divide": operator.floordiv, "remainder": operator.mod, "pow": operator.pow, "matmul": operator.matmul,
    "bitwise_and": operator.and_, "bitwise_or": operator.or_, "bitwise_xor": operator.xor,
    "bitwise_left_shift": operator.lshift, "bitwise_right_shift": operator.rshift, "bitwise_invert": operator.invert,
    "less": operator.lt, "less_equal": operator.le, "greater": operator.gt, "greater_equal": operator.ge,
    "equal": operator.eq, "not_equal": operator.ne, "negative": operator.neg, "positive": operator.pos,
    "abs": operator.abs, "getitem": operator.getitem,
}  # fmt: skip


class UncapturableError(Exception):
    """What a function did that a program cannot replay."""


class Value:
    """A result within a program: an array's metadata, or a host number's (shape None).

    Attributes
    ----------
    index : int
        Its number in the program.
    shape, dtype : tuple of int, numpy.dtype
        Of the array; None for a number that the host makes.
    example : array
        The array that it was when the program was captured; once that is planned, only how it lay in memory.
    """

    __slots__ = ("dtype", "example", "index", "shape")

    def __init__(self, index: int, example: Any, host: bool = False) -> None:
        self.index, self.example = index, example
        self.shape = None if host else tuple(example.shape)
        self.dtype = None if host else dtype_of(example)

    def __repr__(self) -> str:
        return f"%{self.index}" if self.shape is None else f"%{self.index}:{self.dtype}{list(self.shape)}"


@dataclass
class Instruction:
    """One call of a primitive or of a backend's kernel.

    Attributes
    ----------
    name : str
        The primitive's name in the array API, such as ``"add"`` or ``"linalg.solve"``; ``"kernel.<op>"`` for
        a backend's kernel; ``"host.<operator>"`` for arithmetic of host numbers.
    function : callable
        What runs it.
    args, kwargs : tuple, dict
        `Value`s, and static Python objects; lists of Values occur (``concat``).
    outs : tuple of Value
        Its results; `several` tells whether the function returns a tuple.
    shared : frozenset of int
        Which of `inputs`, by position, had memory in common with a result when it was captured: passes may put
        other Values in their places, whose examples have none.
    inside : tuple of str
        Of a group: the instructions that it computes, as text, since a loop has no Values.
    """

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outs: tuple[Value, ...]
    several: bool = False
    shared: frozenset[int] = frozenset()
    inside: tuple[str, ...] = ()

    def inputs(self) -> list[Value]:
        """Return the Values that it reads."""
        found: list[Value] = []
        substitute((self.args, self.kwargs), found.append)
        return found

    def __repr__(self) -> str:
        given = [_text(a) for a in self.args] + [f"{k}={_text(v)}" for k, v in self.kwargs.items()]
        return f"{', '.join(map(repr, self.outs))} = {self.name}({', '.join(given)})"


def _text(x: Any) -> str:
    if isinstance(x, Value):
        return f"%{x.index}"
    if isinstance(x, list | tuple):
        return "(" + ", ".join(map(_text, x)) + ")"
    return getattr(x, "__name__", None) or (str(x) if isinstance(x, np.ndarray) else repr(x))


def substitute(x: Any, replace: Callable[[Any], object], kind: type = Value) -> Any:
    """Return a structure of arguments with everything of a kind replaced, every Value without it."""
    if isinstance(x, kind):
        return replace(x)
    if type(x) in (list, tuple):
        return type(x)([substitute(i, replace, kind) for i in x])
    return {k: substitute(v, replace, kind) for k, v in x.items()} if isinstance(x, dict) else x


@dataclass
class Tracer:
    """Writes down instructions while forms run."""

    backend: Backend
    instructions: list[Instruction] = field(default_factory=list)
    constants: dict[int, Any] = field(default_factory=dict)  # arrays by Value index
    count: int = 0

    def value(self, example: Any, host: bool = False) -> Value:
        """Return a new Value."""
        self.count += 1
        return Value(self.count - 1, example, host)

    def constant(self, array: Any) -> Value:
        """Return a Value for an array that stays the same at every replay."""
        value = self.value(array)
        self.constants[value.index] = array
        return value

    def emit(self, name: str, function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        """Run a primitive and write it down; without symbols among its arguments, only run it."""
        given, named = substitute((args, kwargs), lambda symbol: symbol.value, _Symbol)
        inputs: list[Value] = []
        substitute((given, named), inputs.append)
        real, options = substitute((given, named), lambda v: v.example)
        result, made = function(*real, **options), self.value if inputs else self.constant
        if isinstance(result, tuple | list) and any(self._is_array(r) for r in result):
            outs = tuple(map(made, result))
            wrapped: Any = tuple(TracedArray(self, v) for v in outs)
        elif self._is_array(result):
            outs = (made(result),)
            wrapped = TracedArray(self, outs[0])
        elif name.startswith("host."):
            outs = (self.value(result, host=True),)
            wrapped = TracedScalar(self, outs[0])
        else:
            return result
        if inputs:
            several = isinstance(result, tuple | list)
            shared = frozenset(k for k, x in enumerate(inputs) if any(share(x.example, v.example) for v in outs))
            self.instructions.append(Instruction(name, function, given, named, outs, several, shared))
        return wrapped

    def _is_array(self, x: Any) -> bool:
        return isinstance(x, self.backend.array_types)


class _Symbol:
    """What stands for an array or a number while forms run: `OPERATORS` that it meets are written down."""

    __slots__ = ("tracer", "value")
    __array_ufunc__ = None

    def __init__(self, tracer: Tracer, value: Value) -> None:
        self.tracer, self.value = tracer, value

    def operate(self, name: str, *args: Any) -> Any:
        arrays = any(isinstance(a, TracedArray) for a in args)
        return self.tracer.emit(name if arrays else f"host.{name}", OPERATORS[name], args, {})

    def _refuse(self, *_: Any) -> Any:
        raise UncapturableError("it asks an array for its value")

    __bool__ = __float__ = __int__ = __index__ = __array__ = __iter__ = __len__ = __setitem__ = _refuse

    def __getattr__(self, name: str) -> Any:
        raise (AttributeError if name.startswith("__") else UncapturableError)(f"it uses `{name}` of an array")


def _operator(name: str, reflected: bool = False) -> Any:
    return lambda self, *other: self.operate(name, *((*other, self) if reflected else (self, *other)))


for _name, _function in OPERATORS.items():
    _method = _function.__name__.strip("_")
    setattr(_Symbol, f"__{_method}__", _operator(_name))
    if hasattr(operator, f"i{_method}"):  # what has a form in place, as +=, has a reflected one
        setattr(_Symbol, f"__r{_method}__", _operator(_name, reflected=True))


class TracedScalar(_Symbol):
    """A symbol for a number that the host makes anew at every replay."""

    __slots__ = ()


class TracedArray(_Symbol):
    """A symbol for an array."""

    __slots__ = ()

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape or ()

    @property
    def dtype(self) -> Any:
        return self.value.example.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))


class TracedNamespace:
    """A namespace whose functions are written down."""

    def __init__(self, tracer: Tracer, xp: Any, prefix: str = "") -> None:
        self._tracer, self._xp, self._prefix = tracer, xp, prefix

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._xp, name)
        if isinstance(real, ModuleType):
            return TracedNamespace(self._tracer, real, f"{name}.")
        if not callable(real) or isinstance(real, type):
            return real  # a dtype, a constant
        return lambda *args, **kwargs: self._tracer.emit(self._prefix + name, real, args, kwargs)
