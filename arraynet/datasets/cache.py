"""Where data files are looked for, so that neither a fresh machine nor one without a network is a special case."""

from pathlib import Path

import numpy as np

from arraynet import config
from arraynet.utils.npz import Expected, read_npz

__all__ = ["load", "locate"]

BESIDE = Path(__file__).parent  # a checkout brings its data files, a wheel does not
KERAS = Path(".keras", "datasets")  # below the user's home


def load(name: str, path: str | Path | None, expected: Expected, url: str, sha256: str) -> dict[str, np.ndarray]:
    """Return the arrays of a data file, which `locate` finds; a damaged one does not stay in our cache."""
    file = locate(name, path, url, sha256)
    try:
        return read_npz(file, expected)
    except ValueError as error:
        if file.parent != _cache():
            raise
        file.unlink()
        raise ValueError(f"{error}. It was removed from the cache: the next call downloads it anew.") from error


def locate(name: str, path: str | Path | None, url: str, sha256: str) -> Path:
    """Return the path of a data file, downloading it where nobody has it yet.

    The order: `path`; the folder ``ARRAYNET_DATA``; beside this module; the user cache (``ARRAYNET_HOME``,
    ``~/.arraynet`` without it); Keras' cache; the network.

    Parameters
    ----------
    name : str
        The file's name in every folder.
    path : str or Path, optional
        The file itself; nothing else is tried then.
    url, sha256 : str
        Where to download it, and the checksum that what arrives must have.

    Raises
    ------
    FileNotFoundError
        `path` or ``ARRAYNET_DATA`` names no such file.
    OSError
        It is nowhere on this machine and cannot be downloaded.
    """
    named = _named(name, path)
    if named:
        return named
    for file in (BESIDE / name, _cache() / name, Path.home() / KERAS / name):
        if file.is_file():
            return file
    return _download(name, _cache(), url, sha256)


def _cache() -> Path:
    return config.home() / "datasets"


def _named(name: str, path: str | Path | None) -> Path | None:
    """The file that the caller or the environment names, which must be there."""
    folder = config.environment("ARRAYNET_DATA")
    if path is not None:
        source, file = "path", Path(path).expanduser()
    elif folder:
        source, file = "ARRAYNET_DATA", Path(folder).expanduser() / name
    else:
        return None
    if not file.is_file():
        raise FileNotFoundError(f"{source} leads to {file}, which is no file.")
    return file


def _download(name: str, folder: Path, url: str, sha256: str) -> Path:
    import pooch

    try:
        return Path(pooch.retrieve(url, known_hash=f"sha256:{sha256}", fname=name, path=folder))
    except (OSError, ValueError) as error:  # no network; what arrived has another checksum
        raise OSError(
            f"{name} is not on this machine and could not be downloaded from {url} ({error}). "
            f"Copy it from elsewhere and either pass load_data(path=...), or set ARRAYNET_DATA to the folder "
            f"that holds it, or put it into {folder}."
        ) from error
