"""Several Python threads at once: one model asked by all of them, or a model for each."""

import gc
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import arraynet
from arraynet import layers
from arraynet.models import Sequential

THREADS = 4
X = np.random.default_rng(0).normal(size=(50, 6)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, len(X))


@pytest.fixture(params=["numpy", "numba"])
def host(request):
    if request.param not in arraynet.available_backends():
        pytest.skip(f"the backend {request.param} is not installed")
    return request.param


def net():
    arraynet.utils.set_random_seed(0)
    hidden = [layers.Rescaling(0.5), layers.Dense(5, activation="relu"), layers.BatchNormalization()]
    model = Sequential([layers.Input((6,)), *hidden, layers.Dropout(0.2), layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def in_threads(f, arguments):
    """Results of all calls, which begin together; an error in one of them is raised."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(f, arguments))


def test_a_model_predicts_for_all_threads(host):
    with arraynet.use_backend(host):
        model = net()
    parts = [X + k for k in range(THREADS)]
    model.predict(X, batch_size=16, verbose=0)  # the run that is captured may round otherwise
    alone = [model.predict(part, batch_size=16, verbose=0) for part in parts]

    def predicted(k):
        return [model.predict(parts[k], batch_size=16, verbose=0) for _ in range(20)]

    for k, found in enumerate(in_threads(predicted, range(THREADS))):
        np.testing.assert_array_equal(found, [alone[k]] * 20)


def test_a_model_may_be_captured_in_all_threads_at_once(host):
    with arraynet.use_backend(host):
        models = [net() for _ in range(2)]
    expected = models[0].predict(X, verbose=0)
    for found in in_threads(lambda _: models[1].predict(X, verbose=0), range(THREADS)):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_each_thread_trains_a_model_of_its_own(host):
    with arraynet.use_backend(host):
        models = [net() for _ in range(THREADS)]
        alone = trained(net())
    for found in in_threads(trained, models):
        np.testing.assert_array_equal(found, alone)


def trained(model):
    history = model.fit(X, Y, batch_size=16, epochs=3, verbose=0).history
    return [*history["loss"], *history["accuracy"], *model.predict(X, verbose=0).ravel()]


def test_what_one_thread_reads_no_other_writes_over(host):
    arraynet.utils.set_random_seed(3)
    with arraynet.use_backend(host):
        model = Sequential([layers.Input((200,)), layers.Dense(300, activation="relu"), layers.Dense(3, "softmax")])
        model.compile("rmsprop", "sparse_categorical_crossentropy")
        x, y = np.tile(X[:, :1], (200, 200)), np.tile(Y, 200)
        model.fit(x, y, batch_size=50, verbose=0)
        held = []

        def watch():
            while training.is_alive() and len(held) < 200:
                for weight in model.weights:
                    value = weight.value
                    held.append((value, np.array(value)))

        training = threading.Thread(target=lambda: model.fit(x, y, batch_size=50, epochs=3, verbose=0))
        training.start()
        watch()
        training.join()
        assert len(held) > 20
        for value, copied in held:
            np.testing.assert_array_equal(np.asarray(value), copied)


def test_a_variable_forgets_the_programs_that_are_gone():
    with arraynet.use_backend("numpy"):
        model = net()
        for _ in range(5):
            model.compile("adam", "sparse_categorical_crossentropy")
            model.fit(X, Y, verbose=0)
        gc.collect()
        assert len(model.weights[0]._locks) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_process_that_is_forked_while_a_thread_trains_reads_weights(host):
    with arraynet.use_backend(host):
        model = net()
        x, y = np.tile(X, (100, 1)), np.tile(Y, 100)
        model.fit(x, y, verbose=0)
        training = threading.Thread(target=lambda: model.fit(x, y, epochs=3, verbose=0))
        training.start()
        children = []
        while training.is_alive() and len(children) < 10:
            if not (child := os.fork()):
                model.get_weights()
                os._exit(0)
            children.append(child)
        training.join()
    assert children
    assert all(waited(child) for child in children), "a child waits for a lock that nobody holds"


def waited(child):
    for _ in range(1000):
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    return False
