"""What stands between this process and a GPU, in words that say what to do.

CuPy itself calls a missing driver "insufficient", and says nothing of two wheels that overwrite one another.
"""

from importlib.metadata import packages_distributions
from typing import Any

__all__ = ["UnavailableError", "probe"]

INSUFFICIENT, NO_DEVICE = 35, 100  # cudaErrorInsufficientDriver, cudaErrorNoDevice
INSTALL = "pip install 'arraynet-cupy[cuda12]' (or [cuda13], for a driver of CUDA 13)"


class UnavailableError(RuntimeError):
    """CuPy cannot be used here.

    Attributes
    ----------
    code : str
        "missing", "duplicate", "no-driver", "old-driver", "no-device", "no-libraries", or "cuda-error" for any other.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def probe() -> Any:
    """Import CuPy and return it, if it sees a device.

    Raises
    ------
    UnavailableError
        It is not installed, or twice; there is no driver, an old one, no device, or nothing to compile kernels with.
    """
    wheels = sorted(set(packages_distributions().get("cupy", [])))
    if len(wheels) > 1:
        raise UnavailableError(
            "duplicate",
            f"{' and '.join(wheels)} are both installed and overwrite each other's module cupy. "
            f"pip uninstall {' '.join(wheels)}, then install one: {INSTALL}.",
        )
    try:
        import cupy
    except ImportError as error:
        raise UnavailableError("missing", f"CuPy cannot be imported ({error}). {INSTALL}.") from error
    wheel = wheels[0] if wheels else "CuPy"
    _require_device(cupy.cuda.runtime, wheel)
    try:
        cupy.cuda.nvrtc.getVersion()
    except (RuntimeError, ImportError) as error:
        raise UnavailableError(
            "no-libraries",
            f"{wheel} finds no libraries of CUDA, not even its compiler ({str(error).splitlines()[0]}). "
            f"pip install '{wheel}[ctk]', or install a CUDA toolkit of its version.",
        ) from error
    return cupy


def _require_device(runtime: Any, wheel: str) -> None:
    driver, needed = runtime.driverGetVersion(), runtime.runtimeGetVersion()
    try:
        count = runtime.getDeviceCount()
    except runtime.CUDARuntimeError as error:
        raise _explained(error, wheel, driver, needed) from error
    if not count:
        raise _no_device()


def _explained(error: Any, wheel: str, driver: int, needed: int) -> UnavailableError:
    if error.status == INSUFFICIENT and driver == 0:
        return UnavailableError(
            "no-driver",
            f"{wheel} is installed, but there is no NVIDIA driver: libcuda.so.1 cannot be loaded. Install the GPU's "
            f"driver, or pass the GPU to the container (docker run --gpus all).",
        )
    if error.status == INSUFFICIENT:
        return UnavailableError(
            "old-driver",
            f"The NVIDIA driver is made for CUDA {_version(driver)}, {wheel} needs {needed // 1000}.0 or newer. Update "
            f"the driver, or install the wheel for CUDA {driver // 1000}.",
        )
    if error.status == NO_DEVICE:
        return _no_device()
    return UnavailableError("cuda-error", f"CUDA does not start: {error}. nvidia-smi may tell more.")


def _no_device() -> UnavailableError:
    return UnavailableError(
        "no-device",
        "There is an NVIDIA driver, but it shows no device. Look at CUDA_VISIBLE_DEVICES, and at the GPUs that the "
        "container or the job was given.",
    )


def _version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"
