"""Whole models in one file: configuration, weights, optimizer and random streams, from which training goes on.

Loading makes a new model and gives it back when all of it fits, so that a bad file changes nothing.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from arraynet.custom_objects import custom_object_scope
from arraynet.layers import serialization
from arraynet.release import __version__
from arraynet.saving.archive import as_json, from_json, read_archive, write_archive
from arraynet.saving.compiling import compile_config, compile_from_config
from arraynet.saving.tensors import decoded, encoded
from arraynet.saving.weights import assign, check, check_streams, named_weights, slots
from arraynet.variable import Variable

__all__ = ["described_model", "load_model", "save_model"]

FORMAT = 1


def save_model(model: Any, filepath: str | os.PathLike[str]) -> None:
    """Write a model to an ``.arraynet`` file, replacing an old one in one step.

    Parameters
    ----------
    model : Model
        Of layers, losses and optimizers that have a `get_config`.
    filepath : str or path
        With the suffix ``.arraynet``.

    Raises
    ------
    ValueError
        Another suffix; a function without a name, as a lambda; an optimizer built with weights that the model no
        longer has.
    TypeError
        A layer or another part has a configuration that is not made of plain types.
    """
    weights, described = named_weights(model), described_model(model)
    streams = [[stream.seed, list(stream.key), stream.counter] for stream in model.seed_generators]
    members = {
        "metadata.json": as_json({"format": FORMAT, "arraynet": __version__, "streams": streams}),
        "config.json": as_json(described),
        "weights.safetensors": encoded({name: variable.numpy() for name, variable in weights.items()}),
    }
    if described["compile"] is not None:
        members["optimizer.safetensors"] = encoded(slots(model.optimizer))
    write_archive(filepath, members)


def described_model(model: Any) -> dict[str, Any]:
    """Return what a file says of a model beside its numbers; raise as `save_model` if it cannot."""
    weights = named_weights(model)
    return {
        "model": serialization.serialize(model),
        "build_shape": model._build_shape,
        "trainable": [layer.trainable for layer in model._walk()],  # of those that a constructor makes, too
        "still": [name for name, variable in weights.items() if not variable.trainable],
        "compile": compile_config(model),
        "trained": _trained(model.optimizer, weights) if model.compiled else [],
        "spared": _spared(model.optimizer, weights) if model.compiled else [],
    }


def load_model(filepath: str | os.PathLike[str], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the model that `save_model` wrote, on the current backend, compiled if it was.

    Parameters
    ----------
    filepath : str or path
        A file ending in ``.arraynet``.
    custom_objects : dict of str to class or function, optional
        The user's own layers, losses, activations and so on by name, unless they were registered
        (`register_serializable`).

    Returns
    -------
    Model
        With weights, optimizer state and epoch count, from which training goes on bit for bit.

    Raises
    ------
    ValueError
        Another suffix, no such file, a damaged or hostile one, one of a newer arraynet, or a class that is not known.
    """
    members = read_archive(filepath)
    with _explaining(filepath), custom_object_scope(custom_objects):
        metadata, described = (from_json(members[name], name) for name in ("metadata.json", "config.json"))
        if metadata.get("format") != FORMAT:
            raise ValueError(f"it has format {metadata.get('format')!r}, this arraynet reads format {FORMAT}")
        model = _built(described)
        arrays = decoded(members["weights.safetensors"], "weights.safetensors")
        weights = named_weights(model, arrays)
        check("weights.safetensors", arrays, weights)
        assign(weights, arrays)
        inside, told = [*model._walk()], described.get("trainable", ())
        for layer, trainable in zip(inside, told if len(told) == len(inside) else (), strict=False):
            if layer.trainable != trainable:
                layer._set_trainable(trainable)
        for name in described.get("still", ()):
            weights[name].trainable = False
        if described["compile"] is not None:
            compile_from_config(model, described["compile"])
            names, pattern = described.get("spared", ([], ""))  # older files do not know
            model.optimizer.exclude_from_weight_decay([weights[name] for name in names], filter(None, [pattern]))
            model.optimizer.build([weights[name] for name in described["trained"]])
            model.optimizer.load_own_variables(decoded(members["optimizer.safetensors"], "optimizer.safetensors"))
        streams = model.seed_generators
        check_streams("metadata.json", metadata["streams"], streams)
        for stream, (seed, (low, high), counter) in zip(streams, metadata["streams"], strict=True):
            stream.seed, stream.key = seed, (low, high)
            stream.set_counter(counter)
    return model


@contextmanager
def _explaining(path: str | os.PathLike[str]) -> Iterator[None]:
    """Name the file in whatever a configuration that nobody's `get_config` gave may raise."""
    try:
        yield
    except Exception as error:
        raise ValueError(f"{os.fspath(path)} cannot be loaded: {error}") from error


def _built(described: dict[str, Any]) -> Any:
    """A model with its weights made."""
    model = serialization.deserialize(described["model"])
    if described["build_shape"] is not None and not model.built:
        model.build(described["build_shape"])
    return model


def _trained(optimizer: Any, weights: Mapping[str, Variable]) -> list[str]:
    """The names of the Variables that the optimizer was built with, in its order."""
    names = {id(variable): name for name, variable in weights.items()}
    gone = [v.path for v in optimizer._targets if id(v) not in names]
    if gone:
        raise ValueError(
            f"{optimizer.name} was built with {', '.join(gone)}, which the model no longer has: compile it again, then "
            f"save it."
        )
    return [names[id(v)] for v in optimizer._targets]


def _spared(optimizer: Any, weights: Mapping[str, Variable]) -> list[Any]:
    """What was excluded from weight decay: names of weights, and the pattern of others."""
    variables, pattern = optimizer._spared
    return [[name for name, variable in weights.items() if variable in variables], pattern]
