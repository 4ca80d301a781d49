"""Stand-ins for cuBLAS and cuRAND, which CuPy calls from Python: NumPy on the host device's memory."""

import ctypes
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from cupy_host import limits
from cupy_host.device import counts, memory

__all__ = ["cublas", "curand"]

BLAS = {
    "CUBLAS_COMPUTE_32F": 68, "CUBLAS_COMPUTE_32F_PEDANTIC": 69, "CUBLAS_COMPUTE_32F_FAST_TF32": 77,
    "CUBLAS_COMPUTE_64F": 70, "CUBLAS_COMPUTE_64F_PEDANTIC": 71, "CUBLAS_GEMM_DEFAULT": -1,
    "CUBLAS_GEMM_DEFAULT_TENSOR_OP": 99, "CUBLAS_TENSOR_OP_MATH": 1, "CUBLAS_DEFAULT_MATH": 0, "CUBLAS_OP_N": 0,
    "CUBLAS_OP_T": 1, "CUBLAS_OP_C": 2, "CUBLAS_POINTER_MODE_HOST": 0, "CUBLAS_POINTER_MODE_DEVICE": 1,
}  # fmt: skip
RAND = {
    "DEFAULT": 100, "XORWOW": 101, "MRG32K3A": 121, "MTGP32": 141, "MT19937": 142, "PHILOX4_32_10": 161,
}  # fmt: skip
DTYPES = {0: np.dtype("float32"), 1: np.dtype("float64"), 2: np.dtype("float16")}
DOUBLE = (1, 70, 71)  # CUDA_R_64F and two of cublasComputeType_t


def _view(address: int, rows: int, columns: int, leading: int, dtype: np.dtype) -> np.ndarray:
    """A matrix stored by columns."""
    size = ((columns - 1) * leading + rows) * dtype.itemsize
    memory.require(address, size, "cuBLAS")
    buffer = (ctypes.c_char * size).from_address(address)
    return np.ndarray((rows, columns), dtype, buffer, strides=(dtype.itemsize, leading * dtype.itemsize))


def _number(address: int, dtype: type) -> float:
    return float(np.frombuffer((ctypes.c_char * np.dtype(dtype).itemsize).from_address(address), dtype)[0])


def _gemm(handle, ta, tb, m, n, k, alpha, a, a_type, lda, b, b_type, ldb, beta, c, c_type, ldc, kind, algorithm):
    """``c = alpha * op(a) @ op(b) + beta * c``."""
    counts["products"] += 1
    wide = np.float64 if kind in DOUBLE else np.float32
    left = _view(a, *((k, m) if ta else (m, k)), lda, DTYPES[a_type])
    right = _view(b, *((n, k) if tb else (k, n)), ldb, DTYPES[b_type])
    out, scale, keep = _view(c, m, n, ldc, DTYPES[c_type]), _number(alpha, wide), _number(beta, wide)
    with np.errstate(all="ignore"):  # numbers may overflow, as on a device
        product = scale * ((left.T if ta else left).astype(wide) @ (right.T if tb else right).astype(wide))
        out[...] = product if keep == 0 else product + keep * out


def _batched(
    handle, ta, tb, m, n, k, alpha, a, a_type, lda, a_step, b, b_type, ldb, b_step, beta, c, c_type, ldc, c_step,
    batch, kind, algorithm,
):  # fmt: skip
    sizes = [DTYPES[t].itemsize for t in (a_type, b_type, c_type)]
    for i in range(batch):
        x, y, z = (
            p + i * step * size for p, step, size in zip((a, b, c), (a_step, b_step, c_step), sizes, strict=True)
        )
        _gemm(handle, ta, tb, m, n, k, alpha, x, a_type, lda, y, b_type, ldb, beta, z, c_type, ldc, kind, algorithm)


def _pointed(
    handle, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, batch, kind
):  # fmt: skip
    """Products of matrices wherever they are: `a`, `b` and `c` are arrays of addresses."""
    for p in (a, b, c):
        memory.require(p, 8 * batch, "cuBLAS")
    each = zip(*((ctypes.c_void_p * batch).from_address(p) for p in (a, b, c)), strict=True)
    for x, y, z in each:
        _gemm(handle, ta, tb, m, n, k, alpha, x, kind, lda, y, kind, ldb, beta, z, kind, ldc, kind, -1)


def cublas() -> ModuleType:
    """Return a module with what CuPy's matrix products call."""
    module: Any = limits.RefusingModule("cupy_backends.cuda.libs.cublas", limits.BLAS)
    module.__dict__.update(BLAS)
    module.gemmEx, module.gemmStridedBatchedEx = _gemm, _batched
    module.sgemmBatched, module.dgemmBatched = partial(_pointed, kind=0), partial(_pointed, kind=1)
    module.create, module.getPointerMode = (lambda: 1), (lambda handle: 0)
    for name in ("destroy", "setStream", "setMathMode", "setPointerMode"):
        setattr(module, name, lambda *_: None)
    return module


def curand() -> ModuleType:
    """Return a module with what `cupy.random.RandomState` calls: the right shapes, and other numbers than cuRAND's."""
    module = ModuleType("cupy_backends.cuda.libs.curand")
    generators: dict[int, np.random.Generator] = {}
    module.CURANDError = type("CURANDError", (RuntimeError,), {})
    module.__dict__.update({f"CURAND_RNG_PSEUDO_{name}": value for name, value in RAND.items()})

    def create(kind: int) -> int:
        generators[len(generators) + 1] = np.random.default_rng(0)
        return len(generators)

    def seed(generator: int, value: int) -> None:
        generators[generator] = np.random.default_rng(int(value))

    def drawing(draw: Any) -> Any:
        def generate(generator: int, address: int, n: int, *parameters: float) -> None:
            numbers = draw(generators[generator], n, *parameters)
            memory.require(address, numbers.nbytes, "cuRAND")
            ctypes.memmove(address, numbers.ctypes.data, numbers.nbytes)

        return generate

    module.createGenerator, module.setPseudoRandomGeneratorSeed = create, seed
    module.destroyGenerator = module.setStream = module.setGeneratorOffset = lambda *_: None
    module.generate = drawing(lambda r, n: r.integers(0, 2**32, n, dtype=np.uint32))
    module.generateUniform = drawing(lambda r, n: (1 - r.random(n)).astype(np.float32))
    module.generateUniformDouble = drawing(lambda r, n: 1 - r.random(n))
    module.generateNormal = drawing(lambda r, n, mean, deviation: r.normal(mean, deviation, n).astype(np.float32))
    module.generateNormalDouble = drawing(lambda r, n, mean, deviation: r.normal(mean, deviation, n))
    return module
