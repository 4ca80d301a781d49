"""Installing the host device below CuPy, in the right order, or saying why that cannot be done."""

import importlib.util
import os
import shutil
import sys
from functools import partial
from importlib.machinery import PathFinder
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cupy_host import capsules, device, kernels, libraries, limits
from cupy_host.compiling import folder
from cupy_host.errors import HostDeviceError

__all__ = ["install", "install_on_import", "installed", "why_not"]

VERSION = "14.2.0"
WHEELS = ("cupy-cuda12x", "cupy-cuda13x")


def why_not() -> str:
    """Return why CuPy cannot be run on this machine's CPU; empty where it can."""
    if importlib.util.find_spec("cupy") is None:
        return f"CuPy is not installed: pip install cupy-cuda12x=={VERSION}"
    if shutil.which("g++") is None:
        return "g++ is not installed, which compiles kernels for the CPU"
    found = [v for v in map(_version, WHEELS) if v]
    if found != [VERSION]:
        return f"the host device knows CuPy {VERSION}, installed is {' and '.join(found) or 'another distribution'}"
    return ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def installed() -> bool:
    """Tell whether this process' CuPy computes on the host."""
    return bool(_done)


def install() -> Any:
    """Make CuPy compute on the CPU and return it; once per process, before anything else imports it.

    Raises
    ------
    HostDeviceError
        CuPy is missing, another version, or imported already; or there is no g++.
    """
    if not installed():
        install_on_import()
    import cupy

    return cupy


def install_on_import() -> None:
    """Do what `install` does as soon as somebody imports CuPy; a process that does not pays nothing."""
    reason = "CuPy was imported before" if "cupy" in sys.modules else why_not()
    if reason:
        raise HostDeviceError(f"cupy_host.install: {reason}.")
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder:
    """Stands before CuPy's import: the host is put below CuPy first, and its compiler replaced afterwards."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        spec = PathFinder.find_spec(name) if name == "cupy" else None
        if spec is not None:
            spec.loader.exec_module = partial(_executed, spec.loader.exec_module)
        return spec


def _executed(run: Any, module: Any) -> None:
    _put_below()
    run(module)
    _replace_libraries()
    _replace_compiler()
    limits.refuse(module)
    _done.append(module)


_done: list[Any] = []


def _put_below() -> None:
    """Replace the functions that CuPy's modules will take when they are imported."""
    os.environ["CUPY_ACCELERATORS"] = ""  # CUB and cuTENSOR are precompiled GPU code
    from cupy_backends.cuda.api import driver, runtime

    modules = {"runtime": runtime, "driver": driver}
    problems = capsules.check(modules)
    if problems:
        raise HostDeviceError(f"cupy_host.install: CuPy's functions have changed: {'; '.join(problems)}.")
    capsules.replace(modules, device.handlers(runtime) | kernels.handlers(), folder())


def _replace_libraries() -> None:
    from cupy_backends.cuda import libs

    refusing = [limits.RefusingModule(f"{libs.__name__}.{name}", why) for name, why in limits.LIBRARIES.items()]
    for module in (libraries.cublas(), libraries.curand(), *refusing):
        setattr(libs, module.__name__.rpartition(".")[2], module)
        sys.modules[module.__name__] = module


def _replace_compiler() -> None:
    from cupy._core import core
    from cupy.cuda import compiler, function

    include = Path(core._get_header_dir_path())

    def compile_module(source: str, options: tuple[str, ...] = (), **given: Any) -> Any:
        if given.get("name_expressions"):
            raise limits.refusal(limits.INTEGERS)
        module = function.Module()
        module.load(str(kernels.build(source, options, include)).encode())
        return module

    compiler._compile_module_with_cache = compile_module
