"""A batch takes one gathering of its rows, and bytes stay bytes up to the program that scales them."""

import tracemalloc

import numpy as np
import pytest

import arraynet
from arraynet import layers
from arraynet.models import Sequential
from arraynet.models.data import data_of

ROWS, BATCH = 2000, 50
PIXELS = np.random.default_rng(0).integers(0, 256, (ROWS, 784), np.uint8)
LABELS = np.random.default_rng(1).integers(0, 10, ROWS)


def net(*first):
    arraynet.utils.set_random_seed(0)
    hidden = [layers.Dense(8, activation="relu"), layers.Dense(10, activation="softmax")]
    model = Sequential([layers.Input((784,)), *first, *hidden])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture(params=["numpy", "numba"])
def host(request):
    if request.param not in arraynet.available_backends():
        pytest.skip(f"the backend {request.param} is not installed")
    with arraynet.use_backend(request.param):
        yield request.param


def test_bytes_are_cast_and_scaled_in_the_program(host):
    model = net(layers.Rescaling(1 / 255))
    model.fit(PIXELS, LABELS, batch_size=BATCH, verbose=0)
    (program,) = model._step("train").programs
    assert [(str(v.dtype), v.shape) for v in program.inputs[:1]] == [("uint8", (BATCH, 784))]


def test_bytes_train_as_scaled_floats_do(host):
    bytes_, floats = net(layers.Rescaling(1 / 255)), net()
    options = {"batch_size": BATCH, "epochs": 2, "verbose": 0}
    found = bytes_.fit(PIXELS, LABELS, **options).history["loss"]
    expected = floats.fit(PIXELS.astype("float32") * np.float32(1 / 255), LABELS, **options).history["loss"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(
        bytes_.predict(PIXELS[:70], verbose=0),
        floats.predict(PIXELS[:70].astype("float32") * np.float32(1 / 255), verbose=0),
        rtol=1e-4,
        atol=1e-6,
    )


def test_a_data_set_of_bytes_stays_one(host):
    model = net(layers.Rescaling(1 / 255))
    model.fit(PIXELS[: 2 * BATCH], LABELS[: 2 * BATCH], batch_size=BATCH, verbose=0)  # captured, buffers are there
    tracemalloc.start()
    try:
        model.fit(PIXELS, LABELS, batch_size=BATCH, verbose=0)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < PIXELS.nbytes / 4  # as floats they would take four times what they take


BYTES = np.zeros(PIXELS.size * 4 + 1, np.uint8)
LAID = {
    "by columns": np.asfortranarray(PIXELS),
    "every other column": PIXELS[:, ::2],
    "backwards": PIXELS[::-1],
    "at an odd address": BYTES[1:].view(np.float32).reshape(PIXELS.shape),
}


@pytest.mark.parametrize("lies", LAID)
def test_rows_are_gathered_from_where_they_lie(lies):
    data = data_of(LAID[lies], LABELS, batch_size=BATCH, shuffle=True)
    tracemalloc.start()
    try:
        x, _, _ = next(data.epoch((1, 2)))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert x.shape == (BATCH, LAID[lies].shape[1])
    assert most < LAID[lies].nbytes / 4


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_batch_is_gathered_once(shuffle):
    data = data_of(PIXELS, LABELS, batch_size=BATCH, shuffle=shuffle)
    batches = data.epoch((1, 2))
    next(batches)
    tracemalloc.start()
    try:
        x, y, _ = next(batches)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    if shuffle:
        assert x.nbytes + y.nbytes <= most < 1.5 * (x.nbytes + y.nbytes)
    else:
        assert np.shares_memory(x, PIXELS)
        assert np.shares_memory(y, LABELS)
        assert most < x.nbytes / 4


def test_a_batch_is_as_it_was_before_its_hook_wrote_into_the_data(host):
    losses = []
    for eagerly in (False, True):
        model, x = net(), PIXELS[:200] / np.float32(255)
        model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=eagerly)
        write = arraynet.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs, x=x: x.__imul__(0.5))
        losses.append(model.fit(x, LABELS[:200], batch_size=BATCH, callbacks=write, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-5)
