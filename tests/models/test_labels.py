"""Labels and outputs that go together, or nearly: each bound from both of its sides."""

import numpy as np
import pytest

from arraynet import layers, losses, ops
from arraynet.models import Model, Sequential

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
CLASSES = np.array([0, 1, 2, 0, 1, 2])
PAIRS = np.eye(3, dtype="float32")[CLASSES]


class Answer(Model):
    """A model that gives the same row for each sample."""

    def __init__(self, *row):
        super().__init__()
        self.row, self.scale = np.array(row, "float32"), self.add_weight((), "ones", name="scale")

    def call(self, x):
        return self.scale * ops.broadcast_to(ops.array(self.row), (x.shape[0], len(self.row)))


def net(units, activation):
    return Sequential([layers.Dense(units, activation=activation)])


def fit(model, loss, x, y):
    model.compile("sgd", loss)
    return model.fit(x, y, batch_size=6, verbose=0)


SPARSE, CATEGORICAL, BINARY = "sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy"


@pytest.mark.parametrize(
    ("model", "loss", "y", "match"),
    [
        (lambda: net(1, "sigmoid"), BINARY, CLASSES % 2 - 1, "lie between 0 and 1; y holds values from -1 to 0"),
        (lambda: net(1, "sigmoid"), BINARY, CLASSES % 2 * 1.5, "y holds values from 0.0 to 1.5"),
        (lambda: net(3, "softmax"), SPARSE, CLASSES + 0.5, "whole numbers, y holds fractions from 0.5 to 2.5"),
        (lambda: net(1, "sigmoid"), SPARSE, CLASSES % 2, "For two classes use loss='binary_crossentropy'"),
        (lambda: net(1, "sigmoid"), SPARSE, CLASSES, "Give the last layer 3 units"),
        (lambda: net(2, "softmax"), SPARSE, CLASSES, "Give the last layer 3 units"),
        (lambda: net(2, "softmax"), losses.SparseCategoricalCrossentropy(ignore_class=-1), CLASSES - 1, None),
        (lambda: net(2, "softmax"), losses.SparseCategoricalCrossentropy(ignore_class=-1), CLASSES, "from 0 to 2"),
        (lambda: net(3, "softmax"), losses.SparseCategoricalCrossentropy(ignore_class=7), CLASSES * 0 + 7, None),
        (lambda: net(3, "softmax"), SPARSE, CLASSES.astype("float64"), None),
        (lambda: net(1, "sigmoid"), BINARY, CLASSES % 2 * 1.0, None),
        (lambda: Answer(0.0, 1.0, 1.0), BINARY, PAIRS, None),
        (lambda: Answer(0.0, 1.5, 1.0), BINARY, PAIRS, "from 0 to 1.5. Use activation='sigmoid'"),
        (lambda: Answer(-0.5, 1.0, 1.0), BINARY, PAIRS, "from -0.5 to 1. Use activation='sigmoid'"),
        (lambda: Answer(0.0, 1.5, 1.0), CATEGORICAL, PAIRS, None),
        (lambda: Answer(-0.5, 1.5, 1.0), CATEGORICAL, PAIRS, "from -0.5 to 1.5. Use activation='softmax'"),
        (lambda: net(3, "softmax"), SPARSE, PAIRS, "one-hot"),
        (lambda: net(3, "softmax"), SPARSE, PAIRS * 2, "takes a whole number for each answer"),
        (lambda: net(3, "softmax"), SPARSE, PAIRS * 3 - 1, "takes a whole number for each answer"),
    ],
)
def test_labels_are_let_through_as_far_as_they_mean_something(model, loss, y, match):
    if match is None:
        assert np.isfinite(fit(model(), loss, X, y).history["loss"][0])
        return
    with pytest.raises(ValueError, match=match):
        fit(model(), loss, X, y)


@pytest.mark.parametrize(
    ("words", "match"), [([0, 4], None), ([-1, 3], "from 0 to 4; x holds -1 to 3"), ([0, 5], "=6")]
)
def test_words_are_those_that_have_vectors(words, match):
    model = Sequential([layers.Embedding(5, 2), layers.Flatten(), layers.Dense(1)])
    x = np.array([words] * 6)
    if match is None:
        fit(model, "mse", x, X[:, :1])
        return
    with pytest.raises(ValueError, match=match):
        fit(model, "mse", x, X[:, :1])
