"""Writing a file so that whoever looks sees the old one or the new one, whole, whatever happens in between."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["existing", "replacing"]


def existing(path: str | os.PathLike[str], what: str) -> Path:
    """Return the path of a file that something is to be loaded from."""
    file = Path(path).expanduser()
    if not file.is_file():
        raise ValueError(f"There is no file {file} to load {what} from.")
    return file


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Give a stream whose contents take the place of a file when the block ends well; else nothing changes.

    They are written beside the file under another name, forced to the disk, and renamed.
    """
    target = Path(path).expanduser().resolve()  # through a link, as open() would
    if not target.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {target.parent} to write {target.name} into; make it first.")
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder, not a file to be written; name a file in it.")
    aside = target.with_name(f".{target.name}.{os.urandom(4).hex()}.tmp")
    try:
        with aside.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Force a rename to the disk, where the system lets a folder be opened for that."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
