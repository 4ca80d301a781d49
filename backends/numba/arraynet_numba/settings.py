"""The plugin's environment variables, read here and nowhere else; a value that means nothing is an error."""

import atexit
import os
import warnings
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = ["cache_folder", "matmul_by"]


def cache_folder() -> Path:
    """Return where compiled code is kept; with ``ARRAYNET_NUMBA_CACHE=off`` a folder that ends with the process."""
    return _made(os.environ.get("ARRAYNET_NUMBA_CACHE") or "~/.cache/arraynet/numba")


@cache
def _made(text: str) -> Path:
    if text != "off":
        folder = Path(text).expanduser().absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f".{os.getpid()}").touch()
            (folder / f".{os.getpid()}").unlink()
            return folder
        except OSError as error:
            warnings.warn(
                f"Compiled loops cannot be kept in {folder} ({error}), so every process compiles them again. "
                f"ARRAYNET_NUMBA_CACHE names another folder; with off nothing is kept, and nothing said.",
                stacklevel=2,
            )
    temporary = TemporaryDirectory(prefix="arraynet-numba-")
    atexit.register(temporary.cleanup)
    return Path(temporary.name)


def matmul_by() -> str:
    """Return what multiplies matrices: "auto" is loops, but for products that BLAS does faster."""
    text = os.environ.get("ARRAYNET_NUMBA_MATMUL") or "auto"
    if text not in ("auto", "blas", "naive"):
        raise ValueError(f"ARRAYNET_NUMBA_MATMUL must be 'auto', 'blas' or 'naive', received {text!r}.")
    return text
