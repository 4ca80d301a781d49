"""The ``.arraynet`` file: a zip of plain members, none compressed, so that none is larger than the file itself.

Nothing is unpacked to the disk, so a member's name cannot lead anywhere, and nothing is unpickled.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arraynet.saving.files import existing, replacing

if TYPE_CHECKING:
    from zipfile import ZipInfo

__all__ = ["as_json", "from_json", "read_archive", "write_archive"]


SUFFIX = ".arraynet"
REQUIRED = {"metadata.json", "config.json", "weights.safetensors"}
MEMBERS = REQUIRED | {"optimizer.safetensors"}


def write_archive(path: str | os.PathLike[str], members: Mapping[str, bytes]) -> None:
    """Write an archive in the place of an old one, in one step; the same members give the same bytes."""
    import zipfile  # here and below, since `import arraynet` shall not wait for it

    _check_suffix(path)
    with replacing(path) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)


def read_archive(path: str | os.PathLike[str]) -> dict[str, bytes]:
    """Return an archive's members.

    Raises
    ------
    ValueError
        Another suffix, no such file, or the file is damaged or holds something else than a saved model does.
    """
    import zipfile

    _check_suffix(path)
    file = existing(path, "a model")
    try:
        with zipfile.ZipFile(file) as archive:
            _check_members(archive.infolist())
            return {info.filename: archive.read(info) for info in archive.infolist()}
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"{file} is no .arraynet file, or a damaged one: {error}") from error


def _check_suffix(path: str | os.PathLike[str]) -> None:
    if Path(path).suffix != SUFFIX:
        raise ValueError(f"A model is kept in a file ending in {SUFFIX}, received {os.fspath(path)!r}.")


def _check_members(infos: list["ZipInfo"]) -> None:
    names = [info.filename for info in infos]
    if len(names) != len(set(names)) or not REQUIRED <= set(names) <= MEMBERS:
        raise ValueError(f"it holds {names[:10]}, expected {sorted(REQUIRED)} and perhaps optimizer.safetensors")
    for info in infos:
        if info.compress_type or info.file_size != info.compress_size:
            raise ValueError(f"{info.filename} is compressed, which a saved model's members never are")


def as_json(value: Any) -> bytes:
    """Return plain types as JSON, or say what is not plain."""
    import json

    try:
        return json.dumps(value, indent=1, allow_nan=True).encode()
    except TypeError as error:
        raise TypeError(
            f"The configuration cannot be saved: {error}. A get_config returns numbers, strings, lists and dicts."
        ) from error


def from_json(data: bytes, name: str) -> dict[str, Any]:
    """Return the dict that a JSON member holds, or raise ValueError."""
    import json

    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is not readable: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"{name} holds {type(value).__name__}, expected an object.")
    return value
