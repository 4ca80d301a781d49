"""A small classifier and its data, for tests of training."""

import numpy as np

from arraynet import layers
from arraynet.models import Sequential

RNG = np.random.default_rng(7)
X = RNG.random((50, 6), dtype=np.float32)
Y = RNG.integers(0, 3, 50)
ONE_HOT = np.eye(3, dtype=np.float32)[Y]


def net(activation="softmax", units=3, **compiled):
    """Two dense layers on six features, compiled with SGD and accuracy unless told otherwise."""
    model = Sequential([layers.Input((6,)), layers.Dense(8, activation="relu"), layers.Dense(units, activation)])
    options = {"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    model.compile(**options | compiled)
    return model
