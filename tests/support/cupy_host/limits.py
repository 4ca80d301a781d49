"""What the host cannot run, because the wheel brings it as compiled GPU code; and how it refuses it."""

import re
import sys
from types import ModuleType
from typing import Any

from cupy_host.errors import NotOnHostError

__all__ = ["BLAS", "INTEGERS", "LIBRARIES", "LIMITS", "REFUSAL", "RefusingModule", "refusal", "refuse"]

REFUSAL = re.compile(r"The CPU host cannot run this .*?: try it on a GPU\.")  # also within another error's message
ORDER = "sort, argsort, lexsort, unique, median, partition, permutation"
FACTORS = "linalg: cholesky, qr, svd, eigh, eigvalsh, lu, inv, solve, lstsq"
GENERATORS = "random.default_rng, random.Generator"
INTEGERS = "matrix products of integers"
BLAS = "linalg: det; BLAS other than matrix products"
LIMITS = {
    ORDER: "Thrust, precompiled in the wheel",
    FACTORS: "cuSOLVER, a library of its own",
    "fft": "cuFFT, a library of its own",
    "sparse matrices": "cuSPARSE, a library of its own",
    GENERATORS: "cuRAND's device code, precompiled in the wheel",
    "random.rand, randn, random.RandomState": "cuRAND; the host's numbers are other ones, from NumPy",
    BLAS: "cuBLAS, a library of its own; NumPy stands for its products",
    INTEGERS: "NVRTC names their templates",
    "CUB and cuTENSOR (CUPY_ACCELERATORS)": "precompiled in the wheel; switched off",
    "textures, graphs, streams, several devices": "not modelled",
    "asynchrony, races, TF32, fused multiply-add, the last bits of CUDA's functions": "not modelled",
}
THRUST = ("sort", "argsort", "lexsort")
RANDOM = ("default_rng", "Generator", "XORWOW", "MRG32k3a", "Philox4x3210")
LIBRARIES = {"cusolver": FACTORS, "cusparse": "sparse matrices"}


def refusal(limit: str) -> NotOnHostError:
    """Return the error for a line of the table."""
    return NotOnHostError(f"The CPU host cannot run this ({limit}: {LIMITS[limit]}): try it on a GPU.")


def refusing(limit: str) -> Any:
    """Return a function that raises, and says why."""

    def refused(*args: Any, **kwargs: Any) -> Any:
        raise refusal(limit)

    return refused


class RefusingModule(ModuleType):
    """A module whose functions all raise, but for those that are put into it."""

    def __init__(self, name: str, limit: str) -> None:
        super().__init__(name)
        self._limit = limit

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return refusing(self._limit)


def refuse(cupy: Any) -> None:
    """Make what would launch precompiled GPU code raise, some of which would else return garbage."""
    for name in RANDOM:
        if hasattr(cupy.random, name):
            setattr(cupy.random, name, refusing(GENERATORS))
    cupy.cuda.cufft = sys.modules["cupy.cuda.cufft"] = RefusingModule("cupy.cuda.cufft", "fft")
    sys.modules["cupyx.cusolver"] = RefusingModule("cupyx.cusolver", FACTORS)
    for name in THRUST:
        if hasattr(cupy.cuda.thrust, name):
            setattr(cupy.cuda.thrust, name, refusing(ORDER))
