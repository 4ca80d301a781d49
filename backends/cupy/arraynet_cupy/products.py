"""Matrix products that can be recorded: CuPy asks cuBLAS for none while a stream is captured.

cuBLAS itself does not mind, provided that its workspace is given to it (cuBLAS documentation, section CUDA Graphs
Support). So a recorded product calls the library that CuPy has loaded, by ctypes, as CuPy calls it.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

import array_api_compat.cupy as compat
import cupy

__all__ = ["UnrecordableError", "matmul", "recorded"]

KINDS = {"float16": (2, 68), "float32": (0, 68), "float64": (1, 70)}  # cudaDataType_t, cublasComputeType_t
DEFAULT, PLAIN, TRANSPOSED = -1, 0, 1  # cublasGemmAlgo_t, cublasOperation_t
WORKSPACE = 32 << 20  # bytes that NVIDIA advises for its largest devices
_HANDLE: ContextVar[Any] = ContextVar("handle", default=None)  # of the recording that is going on


class UnrecordableError(RuntimeError):
    """Something in a program cannot be recorded; it is launched kernel by kernel."""


def matmul(x: Any, y: Any, /) -> Any:
    """Return ``x @ y``, through a library handle of the recording if there is one."""
    handle = _HANDLE.get()
    return compat.matmul(x, y) if handle is None else _recorded(handle, x, y)


@contextmanager
def recorded(stream: Any, workspace: Any) -> Iterator[None]:
    """Let products queue on a stream that is being captured, or will be; of at least `WORKSPACE` bytes of scratch."""
    if os.environ.get("CUPY_TF32", "0") != "0":
        raise UnrecordableError("CUPY_TF32 is set")
    library, handle = _opened(cupy.cuda.runtime.getDevice())
    _check(library.cublasSetStream_v2(handle, ctypes.c_void_p(stream.ptr)))
    _check(library.cublasSetWorkspace_v2(handle, ctypes.c_void_p(workspace.data.ptr), ctypes.c_size_t(WORKSPACE)))
    token = _HANDLE.set((library, handle))
    try:
        yield
    finally:
        _HANDLE.reset(token)


@cache
def _opened(device: int) -> tuple[Any, Any]:
    """cuBLAS and a handle of it on the current device."""
    cupy.cuda.device.get_cublas_handle()  # now CuPy has loaded it, from wherever it lies
    version = cupy.cuda.runtime.runtimeGetVersion() // 1000
    try:
        library = ctypes.CDLL(f"cublas64_{version}.dll" if os.name == "nt" else f"libcublas.so.{version}")
    except OSError as error:
        raise UnrecordableError(f"cuBLAS is not found: {error}") from error
    handle = ctypes.c_void_p()
    _check(library.cublasCreate_v2(ctypes.byref(handle)))
    return library, handle


def _recorded(opened: Any, x: Any, y: Any) -> Any:
    """A product as cuBLAS, which counts by columns, sees it: the transposed one, of transposed factors."""
    if x.ndim != 2 or y.ndim != 2 or x.dtype != y.dtype or x.dtype.name not in KINDS or not x.size or not y.size:
        raise UnrecordableError(f"a product of {x.dtype}{list(x.shape)} and {y.dtype}{list(y.shape)}")
    library, handle = opened
    kind, compute = KINDS[x.dtype.name]
    number = ctypes.c_double if x.dtype.name == "float64" else ctypes.c_float
    out = cupy.empty((x.shape[0], y.shape[1]), x.dtype)
    (left, flip_y, ld_y), (right, flip_x, ld_x) = _as_stored(y), _as_stored(x)
    _check(library.cublasGemmEx(
        handle, flip_y, flip_x, y.shape[1], x.shape[0], x.shape[1],
        ctypes.byref(number(1)), ctypes.c_void_p(left.data.ptr), kind, ld_y,
        ctypes.c_void_p(right.data.ptr), kind, ld_x,
        ctypes.byref(number(0)), ctypes.c_void_p(out.data.ptr), kind, y.shape[1], compute, DEFAULT,
    ))  # fmt: skip
    return out


def _as_stored(x: Any) -> tuple[Any, int, int]:
    """A matrix, whether the library has to transpose it, and how far apart its rows, or columns, are."""
    if x.flags.c_contiguous:
        return x, PLAIN, x.shape[1]
    if x.flags.f_contiguous:
        return x, TRANSPOSED, x.shape[0]
    return cupy.ascontiguousarray(x), PLAIN, x.shape[1]


def _check(status: int) -> None:
    if status:
        raise UnrecordableError(f"cuBLAS answered with status {status}")
