"""The networks that are trained: the chapter's, a deeper one, a regression, and one on words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from arraynet import Sequential, layers

__all__ = ["NETWORKS", "Network"]


@dataclass(frozen=True)
class Network:
    """A network, the data that it takes, and how it is trained."""

    body: Callable[[], list[Any]]
    data: Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]
    optimizer: str
    loss: str
    metrics: tuple[str, ...] = ()

    def model(self) -> Any:
        """Return it, compiled."""
        model = Sequential(self.body())
        model.compile(self.optimizer, loss=self.loss, metrics=list(self.metrics))
        return model

    def rows(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return samples and labels; noise costs what data costs."""
        return self.data(np.random.default_rng(0), count)


def _digits(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.random((count, 784), "float32"), rng.integers(0, 10, count)


def _houses(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.normal(size=(count, 13)).astype("float32"), rng.normal(size=(count, 1)).astype("float32")


def _sentences(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.integers(0, 1000, (count, 20)), rng.integers(0, 2, (count, 1)).astype("float32")


def _chapter() -> list[Any]:
    return [layers.Input((784,)), layers.Dense(512, activation="relu"), layers.Dense(10, activation="softmax")]


def _deep() -> list[Any]:
    hidden = [
        layer
        for units in (256, 128, 64)
        for layer in (layers.Dense(units), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.25))
    ]
    return [layers.Input((784,)), *hidden, layers.Dense(10, activation="softmax")]


def _regression() -> list[Any]:
    hidden = [layers.Dense(64, activation="tanh"), layers.LayerNormalization(), layers.Dense(64, activation="gelu")]
    return [layers.Input((13,)), *hidden, layers.Dense(1)]


def _words() -> list[Any]:
    inner = [layers.Embedding(1000, 16), layers.Flatten(), layers.Dense(32, activation="relu")]
    return [layers.Input((20,), dtype="int64"), *inner, layers.Dense(1, activation="sigmoid")]


SPARSE = "sparse_categorical_crossentropy"
NETWORKS = {
    "chapter": Network(_chapter, _digits, "rmsprop", SPARSE, ("accuracy",)),
    "deep": Network(_deep, _digits, "adam", SPARSE, ("accuracy",)),
    "regression": Network(_regression, _houses, "sgd", "mean_squared_error", ("mae",)),
    "words": Network(_words, _sentences, "nadam", "binary_crossentropy", ("accuracy",)),
}
