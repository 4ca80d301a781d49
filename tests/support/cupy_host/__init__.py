"""The real CuPy, computing on the CPU: so that a backend for GPUs is executed where there is no GPU.

CuPy's compiled modules take the functions of the CUDA runtime from one another through capsules when they
are imported. `install` puts other functions there before that happens: device memory is host memory with
its own addresses, kernels are compiled by g++ from the text that CuPy generates and run one thread after
the other, cuBLAS is NumPy. Everything else is CuPy's own code, from ufuncs to memory pools::

    import cupy_host
    cupy_host.install()     # before anything imports CuPy
    import cupy

Copies, synchronisations and launches are counted in `counts`. What is precompiled GPU code raises
`NotOnHostError`; ``python -m cupy_host`` prints the list. It says nothing of speed, of races that sequential
threads hide, of asynchrony, nor of the last bits that a GPU computes.
"""

from cupy_host.device import counts
from cupy_host.errors import HostDeviceError, NotOnHostError
from cupy_host.installing import install, install_on_import, installed, why_not
from cupy_host.kernels import guarded, reversed_threads
from cupy_host.limits import LIMITS, REFUSAL

__all__ = [
    "LIMITS",
    "REFUSAL",
    "HostDeviceError",
    "NotOnHostError",
    "counts",
    "guarded",
    "install",
    "install_on_import",
    "installed",
    "reversed_threads",
    "why_not",
]
