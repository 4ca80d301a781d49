"""A part of the library above the ops, and a run of it whose every result can be compared."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from arraynet import config
from arraynet.backend import Backend
from arraynet.plugins import use_backend
from arraynet.testing.case import normal, positive

__all__ = ["INTEGERS", "LABELS", "LOGITS", "ONE_HOT", "PROBABILITIES", "SHARES", "WEIGHTS", "Part", "X"]

# Sample data, shared by the tables: five samples of four features or three classes.
X = normal(5, 4).astype("float32")
INTEGERS = np.array([[0, 2, 1], [3, 3, 0]], "int32")
LABELS = np.array([0, 2, 1, 2, 0], "int32")
ONE_HOT = np.eye(3, dtype="float32")[LABELS]
SHARES = positive(5, 3, seed=2).astype("float32")
PROBABILITIES = (positive(5, 3) / positive(5, 3).sum(axis=-1, keepdims=True)).astype("float32")
LOGITS = normal(5, 3, seed=4).astype("float32")
WEIGHTS = np.array([1, 0.5, 0, 2, 1], "float32")


@dataclass(frozen=True)
class Part:
    """One line of a table of parts.

    Attributes
    ----------
    kind : {"layer", "loss", "metric", "optimizer", "network"}
        Which table it is from.
    name : str
        The class that it shows, and what sets it apart from the others of that class: ``"SGD-momentum"``.
    run : callable
        Called without arguments on the backend to test; returns named results.
    stage : {"gradient", "training"}
        How long a computation it is: see `arraynet.testing.tolerances`.
    """

    kind: str
    name: str
    run: Callable[[], Mapping[str, Any]]
    stage: str = "gradient"

    @property
    def id(self) -> str:
        """The part's name in reports."""
        return f"{self.kind} {self.name}"

    def results(self, backend: str | Backend) -> dict[str, np.ndarray]:
        """Return the results on a backend as NumPy arrays; random numbers are always the same ones."""
        with use_backend(backend), _seeded(7):
            return {name: np.array(value) for name, value in self.run().items()}


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Give models and layers made in this block the streams of a seed, and no others theirs."""
    before = config.seed()
    config.set_seed(seed)
    try:
        yield
    finally:
        config.set_seed(before)
