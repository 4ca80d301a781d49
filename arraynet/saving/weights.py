"""Weights in files: by their names inside the model, checked as a whole before the first one is assigned."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from pathlib import Path
from typing import Any

import numpy as np

from arraynet.checks import listed
from arraynet.layers.tracked import names_within
from arraynet.naming import free_name, is_automatic
from arraynet.saving.files import existing, replacing
from arraynet.saving.tensors import decoded, encoded
from arraynet.utils.npz import npz_names, read_npz, write_npz
from arraynet.variable import Variable

__all__ = ["assign", "check", "check_streams", "load_weights", "named_weights", "save_weights", "slots"]

PathLike = str | os.PathLike[str]


def save_weights(model: Any, filepath: PathLike) -> None:
    """Write a model's weights to a ``.safetensors`` or ``.npz`` file, replacing an old one in one step.

    Parameters
    ----------
    model : Model
        A built one.
    filepath : str or path
        With the suffix ``.safetensors`` or ``.npz``.

    Raises
    ------
    ValueError
        Another suffix, or the model has no weights yet.
    """
    write = _by_suffix(filepath, {".safetensors": _write_tensors, ".npz": write_npz})
    weights = named_weights(model)
    if not weights:
        raise ValueError(f"Model {model.name!r} has no weights to save: build it first, model.build(shape).")
    with replacing(filepath) as stream:
        write(stream, {name: variable.numpy() for name, variable in weights.items()})


def load_weights(model: Any, filepath: PathLike) -> None:
    """Read a model's weights from a ``.safetensors`` or ``.npz`` file; if anything does not fit, none is set.

    Parameters
    ----------
    model : Model
        A built one, with weights of the same names and shapes.
    filepath : str or path
        With the suffix ``.safetensors`` or ``.npz``.

    Raises
    ------
    ValueError
        Another suffix; no such file; it is damaged or holds pickled objects; the model is not built; or names,
        shapes or dtypes differ. The message says which.
    """
    read = _by_suffix(filepath, {".safetensors": _read_tensors, ".npz": _read_npz})
    file = existing(filepath, "weights")
    if not named_weights(model):
        raise ValueError(f"Model {model.name!r} is not built, so it has no weights to load into: model.build(shape).")
    assign(*read(file, model))


def named_weights(model: Any, found: Iterable[str] = ()) -> dict[str, Variable]:
    """Return a model's Variables by their names inside it: ``dense/kernel``, ``dense_1/kernel``.

    What was made without a name has one by its place in its layer; in older files, whose names may be `found`, by a
    count that goes through the whole process.
    """
    placed: dict[str, Variable] = {}
    counted: dict[str, Variable] = {}
    seen: set[int] = set()
    for prefix, variable in _walked(model, "", set()):  # two of one layer may share a name
        if id(variable) in seen:
            continue
        seen.add(id(variable))
        place = "variable" if is_automatic(variable.name, "variable") else variable.name
        placed[free_name(prefix + place, placed)] = counted[free_name(prefix + variable.name, counted)] = variable
    return counted if set(counted) == set(found) != set(placed) else placed


def _walked(layer: Any, prefix: str, walked: set[int]) -> Iterator[tuple[str, Variable]]:
    if id(layer) in walked:
        return
    walked.add(id(layer))
    yield from ((prefix, variable) for variable in layer._own_variables)
    inner = layer._sublayers
    names = names_within(inner)
    for sub in inner:
        yield from _walked(sub, f"{prefix}{names[id(sub)]}/", walked)


def slots(optimizer: Any) -> dict[str, np.ndarray]:
    """Return an optimizer's state as named arrays."""
    store: dict[str, np.ndarray] = {}
    optimizer.save_own_variables(store)
    return store


def check(source: str, found: Mapping[str, Any], variables: Mapping[str, Variable]) -> None:
    """Raise ValueError unless arrays have exactly the names, shapes and dtypes of the Variables."""
    check_names(source, found, variables)
    for name, variable in variables.items():
        array = found[name]
        if array.shape != variable.shape or array.dtype != variable.dtype:
            raise ValueError(
                f"{source} holds {name!r} as {array.dtype} of shape {array.shape}; the model's is "
                f"{variable.dtype} of shape {variable.shape}. Nothing was loaded."
            )


def check_names(source: str, found: Iterable[str], variables: Mapping[str, Variable]) -> None:
    """Raise ValueError unless the names are exactly those of the Variables."""
    missing, surplus = (sorted(map(repr, s)) for s in (set(variables) - set(found), set(found) - set(variables)))
    if missing or surplus:
        raise ValueError(
            f"{source} was saved from another model: it lacks {listed(missing)} and holds {listed(surplus)}, "
            f"which this model does not have. Nothing was loaded."
        )


def check_streams(source: str, found: Sized, streams: Sized) -> None:
    """Raise ValueError unless there are as many positions as the model has random streams."""
    if len(found) != len(streams):
        raise ValueError(
            f"{source} was saved from another model: it holds {len(found)} random streams, as that of the order of "
            f"samples or of Dropout; this model has {len(streams)}. Nothing was loaded."
        )


def assign(variables: Mapping[str, Variable], arrays: Mapping[str, np.ndarray]) -> None:
    """Assign arrays that were checked."""
    for name, variable in variables.items():
        variable.assign(np.asarray(arrays[name]))


def _by_suffix(path: PathLike, choices: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    suffix = Path(path).suffix
    if suffix not in choices:
        raise ValueError(f"Weights are kept in files ending in {' or '.join(choices)}, received {os.fspath(path)!r}.")
    return choices[suffix]


def _write_tensors(stream: Any, arrays: Mapping[str, np.ndarray]) -> None:
    stream.write(encoded(arrays))


def _read_tensors(file: Path, model: Any) -> tuple[dict[str, Variable], dict[str, np.ndarray]]:
    arrays = decoded(file.read_bytes(), str(file))
    weights = named_weights(model, arrays)
    check(str(file), arrays, weights)
    return weights, arrays


def _read_npz(file: Path, model: Any) -> tuple[dict[str, Variable], dict[str, np.ndarray]]:
    found = npz_names(file)
    weights = named_weights(model, found)
    check_names(str(file), found, weights)
    return weights, read_npz(file, {name: (v.shape, v.dtype) for name, v in weights.items()})
