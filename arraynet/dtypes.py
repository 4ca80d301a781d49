"""One table of dtype promotion, used once at the entry of every op.

The lattice is Keras' with 64 bits kept: integers never widen a float, and a float's width is the wider
one's. Python and NumPy scalars are weak: they decide the kind (a float beside integers gives floatx), never
the width.
"""

import reprlib
from collections.abc import Sequence
from functools import cache, reduce
from typing import Any

import numpy as np

from arraynet import config

__all__ = ["host_array", "promote", "promote_float", "promote_number", "resolve", "standardize"]

DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", *config.FLOATS)


def standardize(dtype: Any) -> str:
    """Return a dtype's name; ``"float"`` and the Python type float mean floatx, ``"int"`` int32."""
    if dtype is float or (isinstance(dtype, str) and dtype == "float"):  # NumPy finds float64 equal to "float"
        return config.floatx()
    if dtype is int or (isinstance(dtype, str) and dtype == "int"):
        return "int32"
    if not isinstance(dtype, str) and not isinstance(dtype, np.dtype | type) and hasattr(dtype, "name"):
        dtype = dtype.name
    try:
        name = str(np.dtype(dtype).name)
    except TypeError:
        name = str(dtype)
    if name not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, received {dtype!r}.")
    return name


@cache
def _pair(a: np.dtype, b: np.dtype, floatx: str) -> np.dtype:
    if a == b:
        return a
    if a.kind == "b" or b.kind == "b":
        return b if a.kind == "b" else a
    if a.kind == "f" or b.kind == "f":
        floats = [d for d in (a, b) if d.kind == "f"]
        return max(floats, key=lambda d: d.itemsize)
    if a.kind == b.kind:
        return max(a, b, key=lambda d: d.itemsize)
    signed, unsigned = (a, b) if a.kind == "i" else (b, a)
    if signed.itemsize > unsigned.itemsize:
        return signed
    return np.dtype(floatx if unsigned.itemsize == 8 else f"int{unsigned.itemsize * 16}")


def promote(*kinds: Any) -> np.dtype:
    """Return the common dtype of dtypes and of Python's weak ``bool``, ``int`` and ``float``.

    Examples
    --------
    >>> import numpy as np
    >>> promote(np.dtype("int64"), np.dtype("float32")), promote(np.dtype("int32"), float)
    (dtype('float32'), dtype('float32'))
    """
    floatx = config.floatx()
    dtypes = [k for k in kinds if isinstance(k, np.dtype)]
    weak = [k for k in kinds if not isinstance(k, np.dtype)]
    if not dtypes:
        return np.dtype(floatx if float in weak else "int32" if int in weak else "bool")
    dtypes = [d for d in dtypes if d.kind == "f"] or dtypes  # integers never widen a float, in whatever order
    result = reduce(lambda a, b: _pair(a, b, floatx), dtypes)
    if float in weak and result.kind != "f":
        return np.dtype(floatx)
    return np.dtype("int32") if int in weak and result.kind == "b" else result


def promote_float(*kinds: Any) -> np.dtype:
    """Return the common dtype, floatx where that is no float: for division, sqrt, exp and their like."""
    result = promote(*kinds)
    return result if result.kind == "f" else np.dtype(config.floatx())


def promote_number(*kinds: Any) -> np.dtype:
    """Return the common dtype, int32 where that is bool: for arithmetic, which the standard refuses to booleans."""
    result = promote(*kinds)
    return result if result.kind != "b" else np.dtype("int32")


def resolve(x: Any, host: np.ndarray, beside: Sequence[Any] = ()) -> np.dtype:
    """Return the dtype that host data takes: arrays keep theirs, lists of floats take that of arrays beside, or floatx.

    Python integers are int32 unless one of them needs more; `host` is `x` as a NumPy array.
    """
    if isinstance(x, np.ndarray | np.generic) or host.dtype.kind not in "if":
        return host.dtype
    if host.dtype.kind == "f":
        return promote_float(*(a.dtype for a in beside if isinstance(a, np.ndarray) and a.dtype.kind == "f"))
    wide = host.size and (host.max() >= 2**31 or host.min() < -(2**31))
    return np.dtype("int64" if wide else "int32")


def host_array(x: Any) -> np.ndarray:
    """Return host data as a NumPy array of numbers, or say what it is instead."""
    if hasattr(x, "__array_namespace__") and not isinstance(x, np.ndarray | np.generic):
        library = type(x).__module__.partition(".")[0]
        raise TypeError(f"Expected an array of NumPy or of the backend, not of {library}: np.asarray(x) first.")
    if hasattr(x, "filled"):
        raise TypeError("Expected plain numbers, received a masked array: fill it, x.filled(0), or leave rows out.")
    try:
        host = np.asarray(x)
    except (ValueError, TypeError) as error:
        raise ValueError(f"Expected numbers or an array, received {reprlib.repr(x)}: {error}") from error
    if host.dtype.kind not in "biuf" or host.dtype.itemsize > 8:
        raise TypeError(
            f"Expected numbers, received dtype {host.dtype} from {reprlib.repr(x)}. Tensors hold booleans, "
            f"integers and floats of at most 64 bits; convert first, e.g. x.astype('float32')."
        )
    return host
