"""A backend that tells of a memory of its own gets a data set that fits once, and gathers batches there."""

import numpy as np
import pytest

import arraynet
from arraynet import layers
from arraynet.backend import NumPyBackend
from arraynet.models import fetching
from arraynet.models.data import data_of
from arraynet.models.placed import PlacedData


class Device(NumPyBackend):
    """NumPy with a memory of so many bytes, counting what enters."""

    name = "device"

    def __init__(self, limit):
        self.limit, self.entered, self.fetched = limit, 0, []

    def memory_info(self):
        return {"used": 7, "held": 0, "limit": self.limit + 7}

    def asarray(self, x, dtype=None):
        self.entered += np.asarray(x).nbytes
        return super().asarray(x, dtype)

    def to_numpy(self, x):
        self.fetched.append(x.shape[0] if x.shape else 1)
        return super().to_numpy(x)


def data(n=10):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 3)), {"a": rng.integers(0, 9, n).astype("uint8")}


@pytest.mark.parametrize(("limit", "placed"), [(260, True), (259, False)])
def test_it_must_fit_twice(limit, placed):
    with arraynet.use_backend(Device(limit)):
        assert isinstance(data_of(*data(), batch_size=4), PlacedData) == placed  # 120 bytes and 10 of labels
    assert not isinstance(data_of(*data(), batch_size=4), PlacedData)


@pytest.mark.parametrize("steps", [None, 2])
@pytest.mark.parametrize("key", [None, (3, 5)])
def test_batches_are_those_of_the_host(key, steps):
    device = Device(10_000)
    with arraynet.use_backend(device):
        found = data_of(*data(), batch_size=4, steps=steps, shuffle=True)
        first = found.first()
        epochs = [list(found.epoch(key)) for _ in range(2)]
    expected = data_of(*data(), batch_size=4, steps=steps, shuffle=True)
    np.testing.assert_array_equal(first[0], expected.first()[0])
    for batches in epochs:
        for (x, y, weight), (a, b, _) in zip(batches, expected.epoch(key), strict=True):
            assert x.backend is device
            assert (x.dtype, y["a"].dtype, weight) == ("float32", "uint8", None)
            np.testing.assert_array_equal(x.numpy(), a)
            np.testing.assert_array_equal(y["a"].numpy(), b["a"])


@pytest.mark.parametrize("key", [None, (3, 5)])
def test_a_backend_that_has_the_standard_alone_gathers_the_last_batch(key, monkeypatch):
    with arraynet.use_backend("strict"):
        strict = type(arraynet.plugins.current())
        monkeypatch.setattr(strict, "memory_info", lambda self: {"used": 0, "held": 0, "limit": 10_000})
        found = data_of(*data(), batch_size=4, shuffle=True)
        assert isinstance(found, PlacedData)
        assert [len(x) for x, _, _ in found.epoch(key)] == [4, 4, 2]
        lone = data_of(np.ones((1, 2), np.float32))
        assert [len(x) for x, _, _ in (*lone.epoch(key), lone.first())] == [1, 1]


def test_it_enters_once():
    x, y = np.zeros((64, 1000), "float32"), np.zeros((64, 1), "float32")
    device = Device(1 << 30)
    with arraynet.use_backend(device):
        model = arraynet.Sequential([layers.Dense(1, kernel_initializer="zeros")])
        model.compile("sgd", "mse")
        model.fit(x, y, epochs=1, batch_size=16, verbose=0)
        before = device.entered
        model.fit(x, y, epochs=5, batch_size=16, verbose=0)
    assert x.nbytes < device.entered - before < 1.1 * x.nbytes


@pytest.mark.parametrize(
    ("limits", "fetched"),
    [({}, [10]), ({"BATCHES": 2}, [6, 4]), ({"BYTES": 3 * 4 * 2 - 1}, [3, 3, 3, 1]), ({"BYTES": 3 * 4 * 2}, [6, 4])],
)
def test_outputs_are_fetched_together(limits, fetched, monkeypatch):
    for name, value in limits.items():
        monkeypatch.setattr(fetching, name, value)
    device, (x, _) = Device(1 << 30), data()
    with arraynet.use_backend(device):
        model = arraynet.Sequential([layers.Dense(2)])
        model.build((None, 3))
        device.fetched.clear()
        found = model.predict(x, batch_size=3, verbose=0)
        assert device.fetched == fetched
        # compared batch by batch: BLAS may add up a lone row in another order
        batches = [model.predict_on_batch(x[k : k + 3]) for k in range(0, 10, 3)]
        np.testing.assert_array_equal(found, np.concatenate(batches))
