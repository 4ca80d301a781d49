"""What the host cannot run, because the wheel brings it as compiled GPU code; and how it refuses it."""

import sys
from types import ModuleType
from typing import Any

from cupy_host.errors import NotOnHostError

__all__ = ["LIBRARIES", "LIMITS", "RefusingModule", "refuse"]

LIMITS = {
    "sort, argsort, lexsort, unique, median, partition, permutation": "Thrust, precompiled in the wheel",
    "linalg: cholesky, qr, svd, eigh, eigvalsh, lu, det, inv, solve, lstsq": "cuSOLVER, a library of its own",
    "fft": "cuFFT, a library of its own",
    "sparse matrices": "cuSPARSE, a library of its own",
    "random.default_rng, random.Generator": "cuRAND's device code, precompiled in the wheel",
    "random.rand, randn, random.RandomState": "cuRAND; the host's numbers are other ones, from NumPy",
    "matrix products of integers": "NVRTC names its templates",
    "CUB and cuTENSOR (CUPY_ACCELERATORS)": "precompiled in the wheel; switched off",
    "textures, graphs, streams, several devices": "not modelled",
    "asynchrony, races, TF32, fused multiply-add, the last bits of CUDA's functions": "not modelled",
}
THRUST = ("sort", "argsort", "lexsort")
RANDOM = ("default_rng", "Generator", "XORWOW", "MRG32k3a", "Philox4x3210")
LIBRARIES = ("cusolver", "cusparse")


def refusal(what: str) -> Any:
    """Return a function that raises."""

    def refused(*args: Any, **kwargs: Any) -> Any:
        raise NotOnHostError(f"{what} is precompiled GPU code: try it on a GPU.")

    return refused


class RefusingModule(ModuleType):
    """A module all of whose functions raise, and say why."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return refusal(f"{self.__name__}.{name}")


def refuse(cupy: Any) -> None:
    """Make what would launch precompiled GPU code raise, some of which would else return garbage."""
    for name in RANDOM:
        if hasattr(cupy.random, name):
            setattr(cupy.random, name, refusal(f"cupy.random.{name}"))
    cupy.cuda.cufft = sys.modules["cupy.cuda.cufft"] = RefusingModule("cupy.cuda.cufft")
    sys.modules["cupyx.cusolver"] = RefusingModule("cupyx.cusolver")
    for name in THRUST:
        if hasattr(cupy.cuda.thrust, name):
            setattr(cupy.cuda.thrust, name, refusal(f"cupy.cuda.thrust.{name}"))
