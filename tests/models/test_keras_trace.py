"""A small net trained step by step as Keras 3.15 trained it (JAX backend), from the same weights and data."""

import numpy as np
import pytest

from arraynet import config, layers
from arraynet.models import Sequential

X = np.cos(np.arange(240) * 0.9).reshape(40, 6).astype("float32")
Y = (np.arange(40) * 7) % 3

LOSSES = {  # of three rounds of four batches of ten
    "rmsprop": [1.2722652, 1.2578702, 1.43347156, 1.24660385, 1.24187684, 1.24218941, 1.40679002, 1.23185086,
                1.22459722, 1.23256004, 1.38721859, 1.22075331],
    "adam": [1.2722652, 1.25984955, 1.44448256, 1.25613248, 1.25654137, 1.25179195, 1.42670369, 1.2460047,
             1.24281943, 1.24408996, 1.40997887, 1.23625171],
}  # fmt: skip
HISTORIES = {
    "rmsprop": {
        "accuracy": [0.3, 0.3],
        "loss": [1.26965463, 1.26278484],
        "val_accuracy": [0.3, 0.2],
        "val_loss": [1.21304834, 1.210078],
    },
    "adam": {
        "accuracy": [0.3, 0.3],
        "loss": [1.28869092, 1.28266561],
        "val_accuracy": [0.3, 0.3],
        "val_loss": [1.22912741, 1.22482824],
    },
}
OUTPUTS = {"rmsprop": [0.384597, 0.5501269, 0.06527609], "adam": [0.37623012, 0.56407255, 0.0596973]}


def grid(*shape):
    return np.sin(np.arange(np.prod(shape)) * 1.7 + 0.3).reshape(shape).astype("float32") * 0.5


@pytest.mark.parametrize("path", ["logits", "clip"])
@pytest.mark.parametrize("optimizer", LOSSES)
def test_every_step_and_epoch_is_that_of_keras(backend, optimizer, path):
    config.set_crossentropy(path)
    model = Sequential([layers.Input((6,)), layers.Dense(8, activation="relu"), layers.Dense(3, activation="softmax")])
    model.set_weights([grid(6, 8), grid(8), grid(8, 3), grid(3)])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    batches = [slice(k, k + 10) for k in range(0, 40, 10)] * 3
    found = [model.train_on_batch(X[rows], Y[rows])[0] for rows in batches]
    np.testing.assert_allclose(found, LOSSES[optimizer], rtol=1e-5)
    history = model.fit(X, Y, batch_size=16, shuffle=False, epochs=2, verbose=0, validation_split=0.25).history
    assert list(history) == list(HISTORIES[optimizer])
    for name, values in HISTORIES[optimizer].items():
        np.testing.assert_allclose(history[name], values, rtol=1e-5)
    np.testing.assert_allclose(model.predict(X[:1], verbose=0)[0], OUTPUTS[optimizer], rtol=1e-5)
