"""The host device: its memory, which is host memory that only the right side may touch, and its counters."""

import ctypes
from bisect import bisect_right, insort
from collections import Counter
from typing import Any

from cupy_host.errors import HostDeviceError

__all__ = ["GUARD", "Memory", "counts", "handlers", "memory"]

counts: Counter[str] = Counter()  # uploads downloads copies syncs launches products
GUARD = 256  # bytes behind every allocation that no kernel may change
POISON, FENCE = 0xCB, 0xA5
KINDS = {1: ("uploads", False, True), 2: ("downloads", True, False), 3: ("copies", True, True)}
ATTRIBUTES = {1: 1024, 10: 32}  # threads in a block, threads in a warp
CAPABILITY = (8, 0)
CUDA = 12090
TOTAL = 16 << 30

_libc = ctypes.CDLL(None)
_libc.aligned_alloc.restype, _libc.aligned_alloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t] * 2
_libc.free.argtypes = [ctypes.c_void_p]


def _allocate(size: int) -> int:
    return _libc.aligned_alloc(512, max(512, -(-size // 512) * 512))


class Memory:
    """What is allocated on the device."""

    def __init__(self) -> None:
        self.sizes: dict[int, int] = {}
        self._starts: list[int] = []

    def allocate(self, size: int) -> int:
        """Return the address of new memory, filled with bytes that nobody can mistake for numbers."""
        if size > TOTAL:
            from cupy_backends.cuda.api.runtime import CUDARuntimeError

            raise CUDARuntimeError(2)  # cudaErrorMemoryAllocation
        address = _allocate(size + GUARD)
        ctypes.memset(address, POISON, size)
        ctypes.memset(address + size, FENCE, GUARD)
        self.sizes[address] = size
        insort(self._starts, address)
        return address

    def free(self, address: int) -> None:
        """Give memory back."""
        if self.sizes.pop(address, None) is not None:
            del self._starts[bisect_right(self._starts, address) - 1]
            _libc.free(address)

    def holds(self, address: int, size: int = 1) -> bool:
        """Tell whether bytes lie within one allocation."""
        at = bisect_right(self._starts, address) - 1
        return at >= 0 and address + size <= self._starts[at] + self.sizes[self._starts[at]]

    def overrun(self) -> int | None:
        """Return the size of an allocation behind which somebody wrote, and mend the fence."""
        for address, size in self.sizes.items():
            if ctypes.string_at(address + size, GUARD) != bytes([FENCE]) * GUARD:
                ctypes.memset(address + size, FENCE, GUARD)
                return size
        return None

    def require(self, address: int, size: int, what: str) -> None:
        """Raise where bytes are not the device's."""
        if size and not self.holds(address, size):
            raise HostDeviceError(f"{what} got {size} bytes of host memory, or beyond an allocation, as device memory.")


memory = Memory()


def _copy(to: int, source: int, size: int, kind: int, stream: int = 0) -> None:
    name, *sides = KINDS.get(kind, ("copies", None, None))
    counts[name] += 1
    for what, address, device in (("source", source, sides[0]), ("target", to, sides[1])):
        if size and device is not None and memory.holds(address, size) != device:
            wanted = "on the device" if device else "on the host"
            raise HostDeviceError(f"A copy of kind {kind} ({name}): its {what} should be {wanted}, and is not.")
    ctypes.memmove(to, source, size)


def _fill(address: int, value: int, size: int, stream: int = 0) -> None:
    memory.require(address, size, "memset")
    ctypes.memset(address, value, size)


def _synchronize(*_: Any) -> None:
    counts["syncs"] += 1


def _nothing(*_: Any) -> None:
    pass


def _properties(device: int) -> dict[str, Any]:
    names = {"multiProcessorCount": 8, "maxThreadsPerBlock": 1024, "warpSize": 32, "totalGlobalMem": TOTAL}
    return {"name": b"CPU of the host", "major": CAPABILITY[0], "minor": CAPABILITY[1], **names}


def _attribute(attribute: int, device: int) -> int:
    return {75: CAPABILITY[0], 76: CAPABILITY[1], **ATTRIBUTES}.get(attribute, 1)


def _where(runtime: Any, address: int) -> Any:
    if memory.holds(address):
        return runtime.PointerAttributes(0, address, 0, 2)
    return runtime.PointerAttributes(-1, 0, address, 0)


def handlers(runtime: Any) -> dict[str, Any]:
    """Return what stands for the functions of the CUDA runtime, by name."""
    same = {
        **dict.fromkeys(("getDevice", "deviceCanAccessPeer", "streamGetFlags", "streamGetPriority"), 0),
        **dict.fromkeys(("streamIsCapturing",), 0),
        **dict.fromkeys(("streamCreate", "streamCreateWithFlags", "streamCreateWithPriority"), 7),
        **dict.fromkeys(("eventCreate", "eventCreateWithFlags"), 9),
        "getDeviceCount": 1, "driverGetVersion": CUDA, "runtimeGetVersion": CUDA, "eventElapsedTime": 0.0,
        "memGetInfo": (TOTAL // 2, TOTAL),
    }  # fmt: skip
    quiet = ("setDevice", "_ensure_context", "streamDestroy", "streamQuery", "memPoolTrimTo",
             "eventDestroy", "eventRecord", "eventQuery")  # fmt: skip
    return {
        **{name: (lambda *_, value=value: value) for name, value in same.items()},
        **dict.fromkeys(quiet, _nothing),
        **dict.fromkeys(("deviceSynchronize", "streamSynchronize", "eventSynchronize"), _synchronize),
        "malloc": memory.allocate, "mallocAsync": lambda size, stream: memory.allocate(size),
        "free": memory.free, "freeAsync": lambda address, stream: memory.free(address),
        "hostAlloc": lambda size, flags=0: _allocate(size), "freeHost": lambda address: _libc.free(address) and None,
        "memcpy": _copy, "memcpyAsync": _copy, "memset": _fill, "memsetAsync": _fill,
        "deviceGetAttribute": _attribute, "getDeviceProperties": _properties,
        "pointerGetMemoryType": lambda address: 2 if memory.holds(address) else 0,
        "pointerGetAttributes": lambda address: _where(runtime, address),
    }  # fmt: skip
