"""Kernels on the host: compiled by g++ behind a header that knows CUDA's words, and launched block by block."""

import ctypes
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from cupy_host.compiling import HERE, compiled, folder, precompiled
from cupy_host.device import counts, memory
from cupy_host.errors import HostDeviceError

__all__ = ["build", "guarded", "handlers", "reversed_threads", "seen"]

HEADERS = ("complex.cuh", "carray.cuh", "atomics.cuh", "math_constants.h")
KERNEL = re.compile(r'extern\s+"C"\s+__global__\s+void\s+(?:__launch_bounds__\([^)]*\)\s*)?(\w+)\s*\(')
DYNAMIC = re.compile(r"extern\s+__shared__\s+(\w[\w\s:]*?)\s+(\w+)\[\];")
LAUNCHER = """
static void** args_{0}; static void body_{0}() {{ call_kernel_(&{0}, args_{0}); }}
extern "C" const char* {0}__launch(const unsigned* g, const unsigned* b, void** args, int reversed) {{
  args_{0} = args; gridDim = {{g[0], g[1], g[2]}}; blockDim = {{b[0], b[1], b[2]}}; reversed_ = reversed;
  for (unsigned z = 0; z < g[2]; ++z) for (unsigned y = 0; y < g[1]; ++y) for (unsigned x = 0; x < g[0]; ++x) {{
    blockIdx = {{x, y, z}};
    if (const char* wrong = run_block_({1}, {2}, &body_{0})) return wrong;
  }}
  return nullptr;
}}
"""

seen: dict[tuple[str, tuple[str, ...]], None] = {}  # text and options of every kernel that CuPy asked for
_state = {"reversed": False, "guarded": False}
_modules: dict[int, ctypes.CDLL] = {}
_functions: dict[int, tuple[Any, str]] = {}
_handles = count(1)


def build(source: str, options: Sequence[str], include: Path) -> Path:
    """Return the shared library of a kernel's text as CuPy generates it."""
    seen[source, tuple(options)] = None
    source = DYNAMIC.sub(r"static \1 \2[49152 / sizeof(\1)];", source)  # as much as a block may have
    paths = [f"-I{p}" for p in (HERE, HERE / "stub", include)]
    own = HEADERS if "#include <cupy/" in source else ()  # a RawKernel has none of CuPy's types
    text = '#include "shim.h"\n' + "".join(f"#include <cupy/{h}>\n" for h in own)
    header = precompiled(text, folder(), paths)
    fibers = _flag(bool(re.search(r"__sync|__shfl", source)))
    launchers = "".join(LAUNCHER.format(n, fibers, _flag(n.startswith("cupy_"))) for n in KERNEL.findall(source))
    defines = [o for o in options if o.startswith("-D")]
    return compiled(f'#include "{header}"\n{source}{launchers}', folder(), [*paths, *defines])


def _flag(value: bool) -> str:
    """A C++ literal. CuPy's own kernels may count on threads that have left as having reached every barrier."""
    return "true" if value else "false"


def _load(path: bytes) -> int:
    handle = next(_handles)
    _modules[handle] = ctypes.CDLL(path.decode())
    return handle


def _function(module: int, name: str) -> int:
    function = getattr(_modules[module], f"{name}__launch")
    function.restype = ctypes.c_char_p
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    handle = next(_handles)
    _functions[handle] = function, name
    return handle


def _launch(function, gx, gy, gz, bx, by, bz, shared, stream, arguments, extra=0):
    counts["launches"] += 1
    run, name = _functions[function]
    three = ctypes.c_uint * 3
    wrong = run(three(gx, gy, gz), three(bx, by, bz), arguments, _state["reversed"])
    if wrong:
        raise HostDeviceError(f"Kernel {name!r}: {wrong.decode()}.")
    overrun = memory.overrun() if _state["guarded"] else None
    if overrun is not None:
        raise HostDeviceError(f"Kernel {name!r} wrote past the end of a device allocation of {overrun} bytes.")


def handlers() -> dict[str, Any]:
    """Return what stands for the functions of the CUDA driver, by name."""
    return {
        "moduleLoadData": _load,
        "moduleUnload": lambda module: None,
        "moduleGetFunction": _function,
        "launchKernel": _launch,
        "funcGetAttribute": lambda attribute, function: 1024,
        "occupancyMaxActiveBlocksPerMultiprocessor": lambda function, threads, shared: 16,
    }


@contextmanager
def _switched(name: str) -> Iterator[None]:
    before, _state[name] = _state[name], True
    try:
        yield
    finally:
        _state[name] = before


def reversed_threads() -> Any:
    """Return a context in which the threads of a block run last to first; numbers that change reveal a race."""
    return _switched("reversed")


@contextmanager
def guarded() -> Iterator[None]:
    """Look behind every allocation after every launch; arrays made in this context have allocations of their own."""
    import cupy

    pool = cupy.get_default_memory_pool()
    cupy.cuda.set_allocator(None)
    try:
        with _switched("guarded"):
            yield
    finally:
        cupy.cuda.set_allocator(pool.malloc)
