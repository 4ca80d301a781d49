"""The plugin's environment variables, read here and nowhere else; a value that means nothing is an error."""

import os
from pathlib import Path

__all__ = ["cache_folder", "naive_matmul"]


def cache_folder() -> Path | None:
    """Return where compiled code is kept between processes; None where ``ARRAYNET_NUMBA_CACHE`` is "off"."""
    text = os.environ.get("ARRAYNET_NUMBA_CACHE") or ""
    if text == "off":
        return None
    folder = Path(text) if text else Path.home() / ".cache" / "arraynet" / "numba"
    return folder.expanduser().absolute()


def naive_matmul() -> bool:
    """Return whether ``ARRAYNET_NUMBA_MATMUL`` asks for the loop in the place of BLAS."""
    text = os.environ.get("ARRAYNET_NUMBA_MATMUL") or "blas"
    if text not in ("blas", "naive"):
        raise ValueError(f"ARRAYNET_NUMBA_MATMUL must be 'blas' or 'naive', received {text!r}.")
    return text == "naive"
