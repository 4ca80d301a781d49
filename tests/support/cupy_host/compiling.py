"""g++: from text to a shared library, compiled once and kept in a folder."""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from cupy_host.errors import HostDeviceError

__all__ = ["compiled", "folder", "precompiled"]

HERE = Path(__file__).parent
FLAGS = ("g++", "-std=c++17", "-O1", "-ffp-contract=off", "-U_FORTIFY_SOURCE", "-fPIC", "-w", "-fpermissive")


def folder() -> Path:
    """Return where kernels are kept: CUPY_HOST_CACHE, else a folder of the user's cache."""
    path = Path(os.environ.get("CUPY_HOST_CACHE") or Path.home() / ".cache" / "arraynet" / "cupy_host")
    path.mkdir(parents=True, exist_ok=True)
    return path


def compiled(text: str, target: Path, options: Sequence[str] = ()) -> Path:
    """Return the shared library of a C++ text, compiled if that has not happened yet.

    Raises
    ------
    HostDeviceError
        The text does not compile; the message holds the compiler's own.
    """
    key = hashlib.sha256(repr((text, FLAGS, tuple(options), _version())).encode()).hexdigest()[:24]
    library = target / f"{key}.so"
    if not library.exists():
        _run(text, library, ("-shared", "-Wl,-Bsymbolic", *options, "-x", "c++"))
    return library


def precompiled(text: str, target: Path, options: Sequence[str] = ()) -> Path:
    """Return a header, with its compiled form beside it, of which every kernel's text begins."""
    key = hashlib.sha256(repr((text, FLAGS, tuple(options), _version(), _shim())).encode()).hexdigest()[:24]
    header = target / f"{key}.h"
    if not Path(f"{header}.gch").exists():
        with tempfile.NamedTemporaryFile("w", dir=target, suffix=".h", delete=False) as file:
            file.write(text)
        Path(file.name).replace(header)
        _run(text, Path(f"{header}.gch"), (*options, "-x", "c++-header"))
    return header


@cache
def _version() -> str:
    return subprocess.run(["g++", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()


@cache
def _shim() -> str:
    return "".join(path.read_text() for path in sorted(HERE.rglob("*.h")))


def _run(text: str, result: Path, options: Sequence[str]) -> None:
    """Compile into a file of another name, so that two processes may do it at once."""
    with tempfile.TemporaryDirectory(dir=result.parent) as scratch:
        source, made = Path(scratch) / "source", Path(scratch) / "made"
        source.write_text(text)
        done = subprocess.run([*FLAGS, *options, source, "-o", made], capture_output=True, text=True, check=False)
        if done.returncode:
            raise HostDeviceError(f"g++ refuses a kernel:\n{done.stderr[:4000]}")
        made.replace(result)
