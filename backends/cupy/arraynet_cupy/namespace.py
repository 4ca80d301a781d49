"""CuPy's array-API namespace, and the primitives that the standard lacks as kernels."""

from functools import wraps
from types import ModuleType
from typing import Any

import array_api_compat.cupy as compat
import cupy
import cupyx
import numpy as np

from arraynet.backend import Namespace
from arraynet_cupy import gather, products, scatter, words

__all__ = ["CupyNamespace"]


class CupyNamespace(Namespace):
    """What every primitive runs on."""

    def __init__(self) -> None:
        super().__init__(compat)
        self.index_add = scatter.index_add
        self.random_words, self.random_normals = words.random_words, words.random_normals
        self.linalg, self.matmul, self.take = _linalg(), products.matmul, gather.take

    def erf(self, x: Any) -> Any:
        return _erf(x)

    def clip(self, x: Any, /, min: Any = None, max: Any = None) -> Any:
        numbers = isinstance(min, int | float) and isinstance(max, int | float)
        own = numbers and x.dtype.kind == "f"  # the general form asks the device which numbers are beyond the bounds
        return (cupy if own else compat).clip(x, min, max)


REFUSED = {  # what CuPy goes on with, to numbers without meaning, as long as it is not asked to look
    "cholesky": "the matrix is not positive definite",
    "inv": "singular matrix",
    "solve": "singular matrix",
}


def _linalg() -> ModuleType:
    """CuPy's linear algebra, where these look for failures, as they do everywhere else: they wait for the device."""
    module = ModuleType("linalg")
    module.__dict__.update(vars(compat.linalg))
    module.__dict__.update({name: _looking(getattr(compat.linalg, name), why) for name, why in REFUSED.items()})
    return module


def _looking(function: Any, why: str) -> Any:
    @wraps(function)
    def looking(*args: Any) -> Any:
        with cupyx.errstate(linalg="raise"):
            try:
                return function(*args)
            except np.linalg.LinAlgError as error:
                raise np.linalg.LinAlgError(f"{why} ({error})") from error

    return looking


_erf = cupy.ElementwiseKernel("T x", "T y", "y = erf(x)", "arraynet_erf")
