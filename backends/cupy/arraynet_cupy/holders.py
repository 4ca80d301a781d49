"""Who still holds a Variable's array, which may be written over when nobody else does.

A Variable knows that its value was looked at, not that whoever looked has gone. References tell: of its Tensor, of the
array, which every view of it refers to, and of the memory. How many there are with nobody else is counted once,
in the same way.
"""

from functools import cache
from sys import getrefcount
from types import SimpleNamespace
from typing import Any

import cupy

__all__ = ["exposed", "released"]


def exposed(x: Any) -> Any:
    """Return an array over the same memory which its views refer to: as long as it lives somebody may look at it."""
    memory = cupy.cuda.UnownedMemory(x.data.ptr, x.nbytes, x, x.device.id)
    return cupy.ndarray(x.shape, x.dtype, cupy.cuda.MemoryPointer(memory, 0), x.strides)


def released(variable: Any, arrays: list[Any], k: int, listed: Any) -> bool:
    """Tell whether nobody but a Variable, and a list if `listed` is given, holds array `k` of `arrays`."""
    return variable._value.array is arrays[k] and _holders(variable, arrays, k, listed) == _alone()


def _holders(variable: Any, arrays: list[Any], k: int, listed: Any) -> tuple[int, ...]:
    pointer = arrays[k].data
    array = getrefcount(arrays[k]) - (listed is not None)
    return getrefcount(variable._value), array, getrefcount(pointer), getrefcount(pointer.mem)


@cache
def _alone() -> tuple[int, ...]:
    arrays = [exposed(cupy.zeros(1))]
    return _holders(SimpleNamespace(_value=SimpleNamespace(array=arrays[0])), arrays, 0, None)
