"""Python's operators for Tensors and Variables, declared here and looked up among the ops by name.

The ops stand above this module; a table that they fill keeps the imports pointing one way.
"""

import math
from collections.abc import Callable
from typing import Any

from arraynet.checks import instead_of
from arraynet.display import ArrayDisplay

__all__ = ["OPS", "Operators"]

OPS: dict[str, Callable[..., Any]] = {}


def _binary(name: str, swapped: bool = False) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        if other is None or isinstance(other, str):
            return NotImplemented
        return OPS[name](other, self) if swapped else OPS[name](self, other)

    return operator


def _unary(name: str) -> Callable[[Any], Any]:
    return lambda self: OPS[name](self)


class Operators(ArrayDisplay):
    """Arithmetic, comparison, indexing and what follows from a shape, for whatever holds an array."""

    __slots__ = ()
    __array_priority__ = 1000  # ndarray + tensor asks the tensor
    __add__, __radd__ = _binary("add"), _binary("add", swapped=True)
    __sub__, __rsub__ = _binary("subtract"), _binary("subtract", swapped=True)
    __mul__, __rmul__ = _binary("multiply"), _binary("multiply", swapped=True)
    __truediv__, __rtruediv__ = _binary("true_divide"), _binary("true_divide", swapped=True)
    __floordiv__, __rfloordiv__ = _binary("floor_divide"), _binary("floor_divide", swapped=True)
    __mod__, __rmod__ = _binary("mod"), _binary("mod", swapped=True)
    __pow__, __rpow__ = _binary("power"), _binary("power", swapped=True)
    __matmul__, __rmatmul__ = _binary("@"), _binary("@", swapped=True)
    __and__, __rand__ = _binary("bitwise_and"), _binary("bitwise_and", swapped=True)
    __or__, __ror__ = _binary("bitwise_or"), _binary("bitwise_or", swapped=True)
    __xor__, __rxor__ = _binary("bitwise_xor"), _binary("bitwise_xor", swapped=True)
    __lshift__, __rlshift__ = _binary("left_shift"), _binary("left_shift", swapped=True)
    __rshift__, __rrshift__ = _binary("right_shift"), _binary("right_shift", swapped=True)
    __lt__, __le__ = _binary("less"), _binary("less_equal")
    __gt__, __ge__ = _binary("greater"), _binary("greater_equal")
    __eq__, __ne__ = _binary("equal"), _binary("not_equal")
    __neg__, __abs__, __invert__ = _unary("negative"), _unary("absolute"), _unary("bitwise_not")
    __hash__ = object.__hash__

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}.{instead_of(name)}")

    @property
    def ndim(self: Any) -> int:
        """Its number of axes, also called its rank."""
        return len(self.shape)

    @property
    def size(self: Any) -> int:
        """Its number of elements."""
        return math.prod(self.shape)

    @property
    def T(self) -> Any:  # noqa: N802
        """Its value with the axes in reverse order."""
        return OPS["transpose"](self)

    def __pos__(self) -> Any:
        return self

    def __round__(self, ndigits: int = 0) -> Any:
        return OPS["round"](self, ndigits)

    def __getitem__(self, key: Any) -> Any:
        return OPS["get_item"](self, key)

    def __setitem__(self, key: Any, value: Any = None) -> None:
        raise TypeError(
            "Tensors are immutable: neither x[i] = value nor del x[i] is possible. Use "
            "x = ops.scatter_update(x, indices, updates), ops.where(condition, value, x) or ops.take(x, kept)."
        )

    __delitem__ = __setitem__
