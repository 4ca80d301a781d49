"""Reading .npz files that anybody may have made: nothing is unpickled, and headers are checked before data.

A zip's members and a .npy's shape are claims of whoever wrote the file. Here each claim is compared with
what the caller expects before memory is spent on it, so that neither a bomb nor a wrong file gets far.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.lib import format as npy

__all__ = ["Expected", "npz_names", "read_npz", "write_npz"]

Expected = Mapping[str, tuple[tuple[int, ...], np.dtype]]
"""What an archive shall hold: shape and dtype by name."""


class OtherArraysError(ValueError):
    """A sound archive of other arrays than those expected."""


HEADER = 10_000  # bytes; NumPy refuses longer headers too


def npz_names(file: Path) -> set[str]:
    """Return the names of an archive's arrays, or raise ValueError where it is no archive."""
    with _explaining(file), _opened(file) as archive:
        return {name.removesuffix(".npy") for name in archive.namelist()}


def read_npz(file: Path, expected: Expected) -> dict[str, np.ndarray]:
    """Return the expected arrays of an archive, fresh and writable; other members are not looked at.

    Raises
    ------
    ValueError
        The file is truncated, is no archive, holds pickled objects, or an array is missing or has
        another shape or dtype; the message names the file and the array.
    """
    with _explaining(file), _opened(file) as archive:
        return {name: _read(archive, name, *kind) for name, kind in expected.items()}


def _opened(file: Path | IO[bytes], mode: Literal["r", "w"] = "r") -> Any:
    from zipfile import ZipFile  # slow to import, and `import arraynet` needs none

    return ZipFile(file, mode)


@contextmanager
def _explaining(file: Path) -> Iterator[None]:
    """Turn whatever parsers raise on hostile bytes, and that is a long list, into one error that names the file."""
    try:
        yield
    except OSError:
        raise
    except OtherArraysError as error:
        raise ValueError(f"{file} holds something else than expected: {error}") from error
    except Exception as error:
        raise ValueError(f"{file} is truncated or not the .npz file expected: {error}") from error


def write_npz(stream: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays under any names; `numpy.savez` has names of its own for some of its keywords."""
    with _opened(stream, "w") as archive:
        for name, array in arrays.items():
            with archive.open(name + ".npy", "w", force_zip64=True) as member:
                npy.write_array(member, array, allow_pickle=False)


def _read(archive: Any, name: str, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    if name + ".npy" not in archive.namelist():
        raise OtherArraysError(f"array {name!r} is missing, it holds {sorted(archive.namelist())[:20]}")
    info = archive.getinfo(name + ".npy")
    with archive.open(info) as member:
        found = _header(member)
    if found != (shape, dtype):
        raise OtherArraysError(f"array {name!r} is {found[1]} of shape {found[0]}, expected {dtype} of shape {shape}")
    if info.file_size > dtype.itemsize * int(np.prod(shape)) + HEADER:
        raise ValueError(f"array {name!r} takes {info.file_size} bytes, more than its shape {shape} needs")
    with archive.open(info) as member:
        return npy.read_array(member, allow_pickle=False)


def _header(member: IO[bytes]) -> tuple[Any, np.dtype]:
    version = npy.read_magic(member)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(member, max_header_size=HEADER)
    return shape, dtype
