"""What people see: the text with a fake clock, and where it goes."""

import io
import sys

import numpy as np
import pytest

from arraynet import callbacks, layers
from arraynet.callbacks.progress import duration, per_step, resolve_verbose, values
from arraynet.models import Sequential

X = np.linspace(0, 1, 60, dtype=np.float32).reshape(30, 2)


class Clock:
    """Three seconds and a bit from one look to the next."""

    def __init__(self, step=3.0):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


def net():
    model = Sequential([layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0s"), (12.3, "12s"), (59.7, "1:00"), (65, "1:05"), (3605, "1:00:05")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(3.2, "3s/step"), (0.0087, "9ms/step"), (870e-6, "870us/step")])
def test_times_of_steps(seconds, text):
    assert per_step(seconds) == text


def test_values_are_sorted_and_small_ones_scientific():
    assert values({"loss": 0.5, "accuracy": 0.98765, "tiny": 0.0001}) == (
        " - accuracy: 0.9877 - loss: 0.5000 - tiny: 1.0000e-04"
    )
    assert values(None) == ""


def drive(verbose, steps=3, epochs=2):
    bar = callbacks.ProgbarLogger(clock=Clock())
    bar.set_params({"epochs": epochs, "steps": steps, "verbose": verbose})
    bar.on_train_begin()
    bar.on_epoch_begin(0)
    for batch in range(steps):
        bar.on_train_batch_end(batch, {"loss": 1.0})
    bar.on_epoch_end(0, {"loss": 0.25, "accuracy": 0.5})
    bar.on_train_end()
    bar.close()


def test_a_line_an_epoch(capsys):
    drive(verbose=2)
    out = capsys.readouterr().out
    assert out == "Epoch 1/2\n3/3 - 6s - 2s/step - accuracy: 0.5000 - loss: 0.2500\n"


def test_a_bar_in_a_file_is_one_line(capsys):
    drive(verbose=1, epochs=1)
    assert capsys.readouterr().out == f"3/3 {'━' * 20} 6s 2s/step - accuracy: 0.5000 - loss: 0.2500\n"


def test_a_bar_is_made_of_what_a_file_can_hold(monkeypatch):
    file = io.TextIOWrapper(io.BytesIO(), "cp1252", newline="\n")
    monkeypatch.setattr(sys, "stdout", file)
    drive(verbose=1, epochs=1)
    file.flush()
    assert file.buffer.getvalue() == f"3/3 {'-' * 20} 6s 2s/step - accuracy: 0.5000 - loss: 0.2500\n".encode()


@pytest.mark.parametrize("verbose", ["auto", 1, 2])
def test_a_process_without_a_console_trains(monkeypatch, verbose):
    monkeypatch.setattr(sys, "stdout", None)
    assert len(net().fit(X, X[:, :1], epochs=2, verbose=verbose).epoch) == 2


def test_a_bar_on_a_terminal_is_drawn_anew(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    drive(verbose=1, epochs=1)
    text = sys.stdout.getvalue()
    assert "1/3" in text
    assert "3/3" in text
    assert "loss: 1.0000" in text
    assert "accuracy: 0.5000 - loss: 0.2500" in text
    assert "\r" in text or "\x1b[" in text


def test_auto_is_a_bar_where_somebody_watches(monkeypatch):
    assert resolve_verbose("auto") == 2
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert resolve_verbose("auto") == 1
    with pytest.raises(ValueError, match="verbose must be"):
        resolve_verbose("loud")


def test_a_file_gets_no_control_characters(capsys):
    net().fit(X, X[:, :1], batch_size=10, epochs=2, validation_split=0.1)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "Epoch" in line] == ["Epoch 1/2", "Epoch 2/2"]
    assert len(lines) == 4  # the validation is silent
    assert lines[1].startswith("3/3 - ")
    assert " - loss: " in lines[1]
    assert lines[1].split(" - ")[3].startswith("loss") or "mae" in lines[1].split(" - ")[4]
    assert "val_mae" in lines[1]
    assert not set("\b\r\x1b") & set("".join(lines))


def test_silence(capsys):
    model = net()
    model.fit(X, X[:, :1], verbose=0)
    model.evaluate(X, X[:, :1], verbose=0)
    model.predict(X, verbose=0)
    assert capsys.readouterr().out == ""


def test_evaluation_and_prediction_have_their_line(capsys):
    model = net()
    model.evaluate(X, X[:, :1], verbose=2)
    assert capsys.readouterr().out.startswith("1/1 - ")
    model.predict(X, batch_size=10, verbose=2)
    assert capsys.readouterr().out.startswith("3/3 - ")
