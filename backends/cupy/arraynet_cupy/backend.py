"""The backend: two doors to the device, and errors that say what the device held."""

import re
from typing import Any

import numpy as np

from arraynet.backend import Backend
from arraynet_cupy.probe import probe

__all__ = ["CupyBackend", "DeviceMemoryError"]


class DeviceMemoryError(MemoryError):
    """The device has no memory left for an array."""


class CupyBackend(Backend):
    """CuPy's current device; see `arraynet_cupy.probe` for what may be in the way."""

    name = "cupy"

    def __init__(self) -> None:
        self._cupy = probe()
        from arraynet_cupy.namespace import CupyNamespace
        from arraynet_cupy.native import KERNELS

        self.xp, self.kernels = CupyNamespace(), KERNELS
        self.array_types = (self._cupy.ndarray,)
        self._guard = _Guard(self)

    def asarray(self, x: Any, dtype: str | None = None) -> Any:
        with self._guard:
            if isinstance(x, self.array_types):
                return x if dtype is None else x.astype(dtype, copy=False)
            host = np.asarray(x, dtype)
            return self._cupy.asarray(host.astype(host.dtype.newbyteorder("="), copy=False))

    def to_numpy(self, x: Any) -> np.ndarray:
        return self._cupy.asnumpy(x)

    def synchronize(self) -> None:
        self._cupy.cuda.get_current_stream().synchronize()

    def guard(self) -> Any:
        return self._guard

    def describe(self) -> str:
        runtime = self._cupy.cuda.runtime
        device = runtime.getDeviceProperties(self._cupy.cuda.Device().id)["name"].decode()
        driver = runtime.driverGetVersion()
        return f"cupy {self._cupy.__version__}, {device}, driver for CUDA {driver // 1000}.{driver % 1000 // 10}"

    def memory_info(self) -> dict[str, int]:
        """Return bytes that arrays use, that CuPy's pool and graphs hold, and that they may come to hold.

        The last is what the device has left for them, or CUPY_GPU_MEMORY_LIMIT where that is less.
        """
        from arraynet_cupy.graphs import GRAPHS

        pool = self._cupy.get_default_memory_pool()
        graphs = sum(graph.pool.total_bytes() for graph in GRAPHS)
        held, free = pool.total_bytes() + graphs, self._cupy.cuda.runtime.memGetInfo()[0]
        limit = min(pool.get_limit() or held + free, held + free)
        return {"used": pool.used_bytes() + graphs, "held": held, "limit": limit}

    def compile_program(self, program: Any) -> Any:
        from arraynet.fusion import ROW_REDUCTIONS, fuse, spread
        from arraynet_cupy.expressions import ELEMENTWISE
        from arraynet_cupy.graphs import Recorded
        from arraynet_cupy.groups import compiled
        from arraynet_cupy.merging import merge
        from arraynet_cupy.replay import replay
        from arraynet_cupy.scalars import gather

        spread(program, ELEMENTWISE)
        fuse(program, ELEMENTWISE | ROW_REDUCTIONS - {"argmax"}, compiled)
        gather(program)
        merge(program)
        return Recorded(program, replay(program))


class _Guard:
    """Around calls and replays: an error of the allocator becomes one that says what is held."""

    def __init__(self, backend: CupyBackend) -> None:
        self.backend = backend
        self.error = backend._cupy.cuda.memory.OutOfMemoryError

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, self.error):
            raise DeviceMemoryError(_explained(str(error), self.backend.memory_info())) from error


def _explained(text: str, held: dict[str, int]) -> str:
    asked = re.search(r"allocating ([\d,]+) bytes", text)
    size = f"{asked[1]} bytes were" if asked else "more memory was"
    return (
        f"The device is out of memory: {size} asked for, while arrays use {held['used']:,} bytes and CuPy's pool holds "
        f"{held['held']:,} of {held['limit']:,}. Use smaller batches, drop arrays that are no longer needed, or raise "
        f"CUPY_GPU_MEMORY_LIMIT if that is set."
    )
