"""CuPy's array-API namespace, and the primitives that the standard lacks as kernels."""

from typing import Any

import array_api_compat.cupy as compat
import cupy

from arraynet.backend import Namespace
from arraynet_cupy import scatter, words

__all__ = ["CupyNamespace"]


class CupyNamespace(Namespace):
    """What every primitive runs on."""

    def __init__(self) -> None:
        super().__init__(compat)
        self.index_add = scatter.index_add
        self.random_words, self.random_normals = words.random_words, words.random_normals

    def erf(self, x: Any) -> Any:
        return _erf(x)


_erf = cupy.ElementwiseKernel("T x", "T y", "y = erf(x)", "arraynet_erf")
