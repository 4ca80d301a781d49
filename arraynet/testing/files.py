"""Comparing what lies in a file: a script, op by op as it runs, or a saved model."""

import runpy
import sys
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from arraynet import layers
from arraynet.backend import Backend
from arraynet.layers.shapes import map_shapes
from arraynet.models import Model, load_model
from arraynet.plugins import load
from arraynet.testing.comparison import Comparison
from arraynet.testing.lockstep import compare, lockstep
from arraynet.utils.npz import npz_names

__all__ = ["compare_file"]

SAMPLES = 4


def compare_file(
    path: str | PathLike[str],
    backends: Sequence[str | Backend],
    data: str | PathLike[str] | None = None,
    captured: bool = False,
    limit: int | None = None,
) -> Comparison:
    """Compare backends on a Python script or on a saved model; see `compare`.

    Parameters
    ----------
    path : path
        A script, ``.py``, which is run as it would be by Python; or a model, ``.arraynet``.
    backends : sequence of str or Backend
        The reference, and those compared with it.
    data : path, optional
        An ``.npz`` file with arrays x and perhaps y and sample_weight for a model; made-up inputs without it.
    captured, limit
        As for `compare`.

    Raises
    ------
    ValueError
        Another kind of file, or an option that does not suit it.
    """
    suffix = Path(path).suffix
    if suffix == ".py":
        if captured or data:
            raise ValueError("A script brings its own data and is compared op by op: data and captured are for models.")
        return lockstep(_script(Path(path)), [load(name) for name in backends], limit)
    if suffix != ".arraynet":
        raise ValueError(f"Expected a script, .py, or a saved model, .arraynet; received {str(path)!r}.")
    model = load_model(path)
    inputs = [made_up(model, model._build_shape)] if data is None else _loaded(data)
    return compare(model, *inputs, backends=backends, captured=captured, limit=limit)


def _script(path: Path) -> Callable[[], Any]:
    def run() -> None:
        before = sys.argv, list(sys.path)
        sys.argv, sys.path[:0] = [str(path)], [str(path.parent.resolve())]
        try:
            runpy.run_path(str(path), run_name="__main__")
        finally:
            sys.argv, sys.path[:] = before

    return run


def _loaded(path: str | PathLike[str]) -> list[Any]:
    names = npz_names(Path(path))  # np.load of another file tells its user to have it unpickled
    if names - {"x", "y", "sample_weight"} or "x" not in names:
        raise ValueError(f"{str(path)!r} must hold x and perhaps y and sample_weight; it holds {sorted(names)}.")
    with np.load(path, allow_pickle=False) as arrays:
        return [arrays[name] for name in ("x", "y", "sample_weight") if name in arrays]


def made_up(model: Model, shape: Any) -> Any:
    """Return a few samples of a shape with None for unknown axes, or of a structure of such shapes."""
    if shape is None:
        raise ValueError(f"Model {model.name!r} was saved before it was built; pass data to compare on.")
    first = model.layers[0] if model.layers else None

    def samples(one: Any) -> np.ndarray:
        known = [SAMPLES if n is None else n for n in one]
        if isinstance(first, layers.Embedding):
            return np.arange(np.prod(known)).reshape(known) % first.input_dim
        return np.random.default_rng(0).normal(size=known).astype("float32")

    return map_shapes(samples, shape)
