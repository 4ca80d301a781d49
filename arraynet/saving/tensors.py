"""Named arrays as bytes in the safetensors format: numbers and a table of them, nothing that could run."""

from collections.abc import Mapping

import numpy as np

__all__ = ["decoded", "encoded"]


def encoded(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return named arrays as the bytes of a safetensors file."""
    from safetensors.numpy import save

    return bytes(save({name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}))


def decoded(data: bytes, source: str) -> dict[str, np.ndarray]:
    """Return the named arrays of a safetensors file's bytes; views of them, read-only.

    Raises
    ------
    ValueError
        The bytes are truncated or of another format, or hold a dtype that NumPy has not; `source` is named.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return dict(load(data))
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{source} is no safetensors file, or a damaged one: {error!r}") from error
