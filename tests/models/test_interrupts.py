"""Ctrl-C during training: a step happens as a whole, or not at all."""

import signal
import threading

import numpy as np
import pytest

import arraynet
from arraynet import callbacks, layers, optimizers
from arraynet.models.loop import RunningLogs, run_batches

X = np.random.default_rng(0).normal(size=(60, 6)).astype("float32")
Y = np.arange(60) % 3


@pytest.fixture(autouse=True)
def pythons_own_handler():
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)  # runners of tests may ignore signals
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, earlier)


def net(rate=0.01):
    model = arraynet.Sequential([layers.Dense(5, activation="relu"), layers.Dense(3, activation="softmax")])
    model.compile(optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return model


def press():
    signal.raise_signal(signal.SIGINT)


class Pressing(optimizers.schedules.LearningRateSchedule):
    """A learning rate, during whose look-up, which is within a step, somebody presses Ctrl-C."""

    at = -1

    def __call__(self, step):
        if int(step) == self.at:
            press()
        return 0.01


@pytest.mark.parametrize("host", ["numpy", "numba"])
def test_training_ends_after_the_step_and_goes_on_from_there(host):
    if host not in arraynet.available_backends():
        pytest.skip(f"the backend {host} is not installed")
    weights = []
    for at in (7, -1):
        with arraynet.use_backend(host):
            arraynet.utils.set_random_seed(1)
            rate = Pressing()
            model = net(rate)
            rate.at = at
            if at >= 0:
                with pytest.raises(KeyboardInterrupt):
                    model.fit(X, Y, batch_size=6, shuffle=False, verbose=0)
                assert model.optimizer.iterations == at + 1
                rest = slice(6 * (at + 1), None)
                model.fit(X[rest], Y[rest], batch_size=6, shuffle=False, verbose=0)
            else:
                model.fit(X, Y, batch_size=6, shuffle=False, verbose=0)
            weights.append(
                [v.numpy() for v in [*model.variables, *model.optimizer.variables] if "metric" not in v.path]
            )
    for interrupted, straight in zip(*weights, strict=True):
        np.testing.assert_array_equal(interrupted, straight)


def run(step, batches=3, hooks=()):
    run_batches(step, [(k, None, None) for k in range(batches)], [], list(hooks), RunningLogs([]), 1, lambda: False)


def test_a_second_press_does_not_wait():
    def step(x, y, weight):
        press()
        done.append(1)
        press()
        done.append(2)

    done = []
    with pytest.raises(KeyboardInterrupt):
        run(step)
    assert done == [1]


def test_between_steps_nothing_waits():
    def hook(batch, logs):
        press()
        done.append(batch)

    done = []
    with pytest.raises(KeyboardInterrupt):
        run(lambda x, y, weight: None, hooks=[hook])
    assert not done


def test_a_handler_that_does_not_raise_lets_training_go_on():
    presses, done = [], []
    signal.signal(signal.SIGINT, lambda number, frame: presses.append(len(done)))

    def step(x, y, weight):
        press()
        done.append(x)

    run(step)
    assert (presses, done) == ([1, 2, 3], [0, 1, 2])
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_an_error_of_the_step_hides_no_press_nor_the_other_way():
    def step(x, y, weight):
        press()
        raise ValueError("of the step")

    with pytest.raises(KeyboardInterrupt) as caught:
        run(step)
    assert "of the step" in str(caught.value.__context__)


def test_other_threads_and_ignored_signals_change_nothing():
    def step(x, y, weight):
        handlers.append(signal.getsignal(signal.SIGINT))

    handlers = []
    thread = threading.Thread(target=run, args=(step,))
    thread.start()
    thread.join()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run(step)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    assert handlers == 3 * [signal.default_int_handler] + 3 * [signal.SIG_IGN]


class Stopping(callbacks.Callback):
    def __init__(self, error):
        self.error = error

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            raise self.error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("mine")])
def test_an_interrupted_fit_keeps_what_is_trained(error):
    model = net()
    model.build((None, 6))
    before = model.get_weights()
    with pytest.raises(type(error)):
        model.fit(X, Y, batch_size=10, verbose=0, callbacks=[Stopping(error)])
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    assert model.optimizer.iterations == 2
    model.fit(X, Y, verbose=0)


def test_a_handler_that_is_set_meanwhile_stays_and_frames_arrive():
    def own(number, frame):
        frames.append(frame)

    def hook(batch, logs):
        signal.signal(signal.SIGINT, own)

    frames = []
    signal.signal(signal.SIGINT, own)
    run(lambda x, y, weight: press())
    assert len(frames) == 3
    assert all(hasattr(frame, "f_lineno") for frame in frames)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    run(lambda x, y, weight: None, hooks=[hook])
    assert signal.getsignal(signal.SIGINT) is own
    signal.signal(signal.SIGINT, signal.default_int_handler)
