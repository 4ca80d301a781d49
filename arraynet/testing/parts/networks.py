"""Five networks, each trained for three epochs, in captured steps and with a smaller last batch."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from arraynet import layers, losses, metrics, ops, optimizers
from arraynet.models import Model, Sequential
from arraynet.testing.case import normal
from arraynet.testing.parts.part import Part

__all__ = ["NETWORKS"]

ROWS = 40
IMAGES = normal(ROWS, 4, 4).astype("float32")
FEATURES = normal(ROWS, 6, seed=1).astype("float32")
WORDS = np.arange(ROWS * 5).reshape(ROWS, 5) * 7 % 11
CLASSES = np.argmax(IMAGES.reshape(ROWS, 16)[:, :3], axis=-1)
SIDES = (FEATURES.sum(axis=-1, keepdims=True) > 0).astype("float32")
SUMS = np.tanh(FEATURES[:, :2] - FEATURES[:, 2:4])


class Forked(Model):
    """Two ways through, which meet again: a model of one's own with two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = layers.Dense(6, activation="swish"), layers.Dense(6, activation="tanh")
        self.added, self.joined = layers.Add(), layers.Concatenate()
        self.normal = layers.LayerNormalization()
        self.side, self.sums = layers.Dense(1, activation="sigmoid"), layers.Dense(2)

    def call(self, inputs: Any) -> Any:
        left, right = self.left(inputs), self.right(inputs)
        both = self.normal(self.joined([left, self.added([left, right])]))
        return {"side": self.side(both), "sums": self.sums(ops.stop_gradient(right) + left)}


def classifier() -> Any:
    """A plain classifier of images, from probabilities and integer labels."""
    hidden, classes = layers.Dense(12, activation="relu"), layers.Dense(3, activation="softmax")
    model = Sequential([layers.Input((4, 4)), layers.Flatten(), hidden, classes])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def normalized() -> Any:
    """What behaves differently in training, with a schedule and moving averages of the weights."""
    rate = optimizers.schedules.ExponentialDecay(0.02, 4, 0.8)
    model = Sequential([layers.Dense(8), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.3)])
    model.add(layers.Dense(1, activation="sigmoid", kernel_regularizer="l2"))
    model.compile(
        optimizers.Adam(rate, use_ema=True), "binary_crossentropy", metrics=["accuracy", metrics.Recall(name="recall")]
    )
    return model


def reader() -> Any:
    """Words as vectors, logits, and one-hot labels."""
    model = Sequential([layers.Embedding(11, 4), layers.LayerNormalization(), layers.Flatten(), layers.Dense(3)])
    loss = losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    model.compile(optimizers.SGD(0.1, momentum=0.9, nesterov=True, clipnorm=1.0), loss, metrics=["accuracy"])
    return model


def autoencoder() -> Any:
    """A regression through a bottleneck, with slopes that are learnt."""
    model = Sequential([layers.Dense(8), layers.LeakyReLU(), layers.Dense(3), layers.PReLU(), layers.Dense(6)])
    model.compile(optimizers.AdamW(0.01), losses.Huber(), weighted_metrics=["mae"])
    return model


def forked() -> Any:
    """Two outputs, each with its loss."""
    model = Forked()
    goals, shares = {"side": "binary_crossentropy", "sums": "log_cosh"}, {"side": 0.5, "sums": 1.0}
    model.compile(optimizers.Nadam(0.01), goals, loss_weights=shares)
    return model


def part(make: Callable[[], Any], x: Any, y: Any, **options: Any) -> Part:
    """Return a line of the table: how to make the network, data, and arguments of `fit`."""
    return Part("network", make.__name__, partial(_run, make, x, y, options), "training")


def _run(make: Callable[[], Any], x: Any, y: Any, options: dict[str, Any]) -> dict[str, Any]:
    model = make()
    history = model.fit(x, y, epochs=3, batch_size=16, verbose=0, **options).history
    results: dict[str, Any] = {name: np.array(values, "float32") for name, values in history.items()}
    outputs = model(x)  # as it stands; the validation above, where there is one, was captured
    results |= {f"output {k}": v for k, v in outputs.items()} if isinstance(outputs, dict) else {"output": outputs}
    weights = [*model.weights, *model.optimizer.variables]
    return results | {f"weight or slot {k}": w for k, w in enumerate(weights)}


NETWORKS = [
    part(classifier, IMAGES, CLASSES, validation_split=0.2),
    part(normalized, FEATURES, SIDES),
    part(reader, WORDS, np.eye(3, dtype="float32")[CLASSES], shuffle="batch"),
    part(autoencoder, FEATURES, FEATURES, sample_weight=np.linspace(0.5, 1.5, ROWS)),
    part(forked, FEATURES, {"side": SIDES, "sums": SUMS}),
]
