"""Whole trainings: the same numbers as NumPy's, with nothing copied in a step."""

from itertools import pairwise

import numpy as np
import pytest

import arraynet
from arraynet import callbacks, datasets, layers
from arraynet.plugins import load
from arraynet.testing.parts import NETWORKS

pytest.importorskip("arraynet_cupy", reason="the plugin arraynet-cupy is not installed")


@pytest.fixture(scope="module")
def images():
    (x, y), _ = datasets.mnist.load_data()
    return x[:2000].reshape(-1, 784).astype("float32") / 255, y[:2000]


def fitted(name, images, epochs=2, **options):
    """The history of a small classifier trained on a backend, and the classifier."""
    arraynet.utils.set_random_seed(3)
    with arraynet.use_backend(name):
        model = arraynet.Sequential(
            [
                layers.GaussianNoise(0.01),
                layers.Dense(32, activation="relu"),
                layers.Dropout(0.1),
                layers.Dense(10, activation="softmax"),
            ]
        )
        model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model.fit(*images, epochs=epochs, batch_size=128, verbose=0, **options).history, model


class Meter(callbacks.Callback):
    """What happens on the device between the ends of two batches."""

    def __init__(self, counts):
        super().__init__()
        self.counts, self.seen = counts, []

    def on_epoch_begin(self, epoch, logs=None):
        self.before = None

    def on_train_batch_end(self, batch, logs=None):
        now = self.counts.copy()
        if self.before is not None:
            self.seen.append({k: n - self.before[k] for k, n in now.items() if n != self.before[k]})
        self.before = now


def test_two_thousand_images(on_cupy, images):
    expected, _ = fitted("numpy", images)
    found, model = fitted("cupy", images)
    assert expected["accuracy"][-1] > 0.7
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, err_msg=name)
    assert {v.backend.name for v in model.weights} == {"cupy"}


def test_a_step_of_fit_neither_copies_nor_waits(plainly, images, host):
    meter = Meter(host.counts)
    fitted("cupy", images, callbacks=[meter])
    steady = meter.seen[15:]  # the first epoch captures
    assert len(steady) == 15
    for step in steady:
        assert set(step) == {"launches", "products"}, step
    assert steady[0]["launches"] <= 28


@pytest.mark.parametrize("part", NETWORKS, ids=lambda part: part.id)
def test_nor_does_a_step_of_any_of_five_networks(plainly, host, part):
    meter = Meter(host.counts)
    make, x, y, options = part.run.args
    part.run.func(make, x, y, {**options, "callbacks": [meter]})
    last = meter.seen[2 * len(meter.seen) // 3 :]  # the third epoch: batches of both sizes are captured before
    assert last
    for step in last:
        assert set(step) <= {"launches", "products"}, step


def test_an_epoch_uploads_its_order_and_fetches_a_loss_and_a_metric(on_cupy, images, host):
    seen = []

    class Snapshot(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            seen.append(host.counts.copy())

    fitted("cupy", images, epochs=4, callbacks=[Snapshot()])
    for before, after in pairwise(seen[1:]):
        moved = {name: after[name] - before[name] for name in ("uploads", "downloads", "syncs")}
        assert moved == {"uploads": 1, "downloads": 2, "syncs": 2}


def test_data_that_does_not_fit_is_uploaded_in_batches(on_cupy, images, host, monkeypatch):
    monkeypatch.setattr(load("cupy"), "memory_info", lambda: {"used": 0, "held": 0, "limit": 1 << 20}, raising=True)
    meter = Meter(host.counts)
    history, _ = fitted("cupy", images, callbacks=[meter])
    assert {step.get("uploads", 0) for step in meter.seen[15:]} == {2}
    np.testing.assert_allclose(history["loss"], fitted("numpy", images)[0]["loss"], rtol=1e-4)


def test_random_numbers_are_the_same_bits(on_cupy):
    drawn = []
    for name in ("numpy", "cupy"):
        with arraynet.use_backend(name):
            seed = arraynet.random.SeedGenerator(5)
            drawn.append(
                [arraynet.random.uniform((7,), seed=seed).numpy(), arraynet.random.normal((5,), seed=seed).numpy()]
            )
    for a, b in zip(*drawn, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_model_moves_to_the_device_and_back(on_cupy, images):
    _, model = fitted("numpy", (images[0][:256], images[1][:256]), epochs=1)
    expected = model.predict(images[0][:10], verbose=0)
    model.to("cupy")
    np.testing.assert_allclose(model.predict(images[0][:10], verbose=0), expected, rtol=1e-5)
    model.to("numpy")
    np.testing.assert_array_equal(model.predict(images[0][:10], verbose=0), expected)


@pytest.mark.parametrize(("limit", "downloads"), [(1 << 20, 1), (3 * 40 * 10, 3)])  # bytes; three batches of seven
def test_predictions_are_fetched_together(on_cupy, images, host, monkeypatch, limit, downloads):
    from arraynet.models import fetching

    _, model = fitted("cupy", images, epochs=1)
    x = images[0][:65]
    expected = model.predict(x, batch_size=65, verbose=0)
    monkeypatch.setattr(fetching, "BYTES", limit - 1)
    before = host.counts.copy()
    found = model.predict(x, batch_size=10, verbose=0)
    assert host.counts["downloads"] - before["downloads"] == downloads
    np.testing.assert_allclose(found, expected, rtol=1e-5)
