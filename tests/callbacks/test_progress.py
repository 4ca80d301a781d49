"""What people see: the text with a fake clock, and where it goes."""

import io
import re
import sys
from itertools import groupby

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


@pytest.mark.parametrize(("seconds", "text"), [
    (3.2, "3s/step"), (1, "1s/step"), (0.0087, "9ms/step"), (0.001, "1ms/step"), (870e-6, "870us/step"),
])  # fmt: skip
def test_times_of_steps(seconds, text):
    assert per_step(seconds) == text


def test_values_are_sorted_and_small_ones_scientific():
    assert values({"loss": 0.5, "accuracy": 0.98765, "tiny": 0.0001}) == (
        " - accuracy: 0.9877 - loss: 0.5000 - tiny: 1.0000e-04"
    )
    assert values({"similarity": -0.5}) == " - similarity: -0.5000"
    assert values(None) == ""


def drive(verbose, steps=3, epochs=2, clock=None):
    bar = callbacks.ProgbarLogger(clock=clock or Clock())
    bar.set_params({"epochs": epochs, "steps": steps, "verbose": verbose})
    bar.on_train_begin()
    bar.on_epoch_begin(0)
    for batch in range(steps):
        bar.on_train_batch_end(batch, {"loss": 1.0})
    bar.on_epoch_end(0, {"loss": 0.25, "accuracy": 0.5})
    bar.on_train_end()
    bar.close()
    return bar


def test_a_line_an_epoch(capsys):
    drive(verbose=2)
    out = capsys.readouterr().out
    assert out == "Epoch 1/2\n3/3 - 6s - 2s/step - accuracy: 0.5000 - loss: 0.2500\n"


def test_the_pace_leaves_out_the_first_step(capsys):
    now = [0.0]
    bar = callbacks.ProgbarLogger(clock=lambda: now[0])
    bar.set_params({"epochs": 1, "steps": None, "verbose": 2})
    for took in ([60, 62, 64], [66], []):
        bar.on_epoch_begin(0)
        for batch, now[0] in enumerate(took):
            bar.on_train_batch_end(batch)
        bar.on_epoch_end(0)
    assert capsys.readouterr().out.splitlines() == ["3/3 - 1:04 - 2s/step", "1/1 - 2s - 2s/step", "0/0 - 0s - 0us/step"]


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


def watching(monkeypatch):
    """A terminal in the place of stdout; no fixture, for pytest takes stdout back before the test."""
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return sys.stdout


def drawn(terminal):
    """The lines that a terminal was told to show, one after the other, but for repetitions."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    return [line for line, _ in groupby(re.split(r"[\r\n]+", text)) if line]


def test_a_bar_on_a_terminal_is_drawn_anew(monkeypatch):
    terminal = watching(monkeypatch)
    drive(verbose=1, epochs=1)
    bar = "━" * 20
    assert drawn(terminal) == [
        f"1/3 {bar} 12s 6s/step - loss: 1.0000",  # what is left, at 6 s a step
        f"2/3 {bar} 6s 6s/step - loss: 1.0000",
        f"3/3 {bar} 12s 4s/step - loss: 1.0000",
        f"3/3 {bar} 15s 6s/step - accuracy: 0.5000 - loss: 0.2500",
    ]
    for done in (6, 13):
        assert f"\x1b[32m{'━' * done}\x1b[0m\x1b[90m{'━' * (20 - done)}\x1b[0m" in terminal.getvalue()
    assert "\r" in terminal.getvalue()
    assert terminal.getvalue().endswith("\n\x1b[?25h")  # the cursor is shown again


def test_a_bar_is_drawn_ten_times_a_second_at_most(monkeypatch):
    terminal = watching(monkeypatch)
    drive(verbose=1, steps=8, epochs=1, clock=Clock(0.04))
    assert [line.split()[0] for line in drawn(terminal)] == ["2/8", "5/8", "8/8", "8/8"]


def test_a_bar_of_unknown_length(monkeypatch):
    terminal = watching(monkeypatch)
    model = net()
    data = ((X[k : k + 10], X[k : k + 10, :1]) for k in (0, 10))
    model.fit(data, callbacks=callbacks.ProgbarLogger(Clock()), verbose=1)
    assert [line.split()[:2] for line in drawn(terminal)] == [[n, "━" * 20] for n in ("1/?", "2/?", "2/2")]


def test_evaluation_and_prediction_have_their_bar(monkeypatch):
    terminal = watching(monkeypatch)
    model, bar = net(), callbacks.ProgbarLogger(Clock())
    model.evaluate(X, X[:, :1], batch_size=10, callbacks=bar, verbose=1)
    model.predict(X, batch_size=10, callbacks=bar, verbose=1)
    lines = [line.split() for line in drawn(terminal)]
    assert [line[0] for line in lines] == ["1/3", "2/3", "3/3", "3/3"] * 2
    assert [line[5::3] for line in lines] == [["loss:", "mae:"]] * 4 + [[]] * 4


def test_a_line_on_a_terminal_is_as_plain_as_in_a_file(monkeypatch):
    terminal = watching(monkeypatch)
    drive(verbose=2, epochs=1)
    assert terminal.getvalue() == "3/3 - 6s - 2s/step - accuracy: 0.5000 - loss: 0.2500\n"


def test_what_is_printed_takes_the_place_of_a_bar_and_the_bar_goes_on_below(monkeypatch):
    terminal = watching(monkeypatch)
    saying = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print("mine"))
    net().fit(X, X[:, :1], callbacks=[callbacks.ProgbarLogger(Clock()), saying][::-1], verbose=1)
    assert "\x1b[2Kmine\n" in terminal.getvalue()


def test_one_bar_serves_the_next_run(monkeypatch):
    terminal = watching(monkeypatch)
    model, bar = net(), callbacks.ProgbarLogger()
    model.fit(X, X[:, :1], callbacks=bar, verbose=1)
    terminal.truncate(0)
    model.evaluate(X, X[:, :1], callbacks=bar, verbose=2)
    assert terminal.getvalue().lstrip("\0").startswith("1/1 - ")


def test_an_epoch_that_was_left_gives_the_cursor_back(monkeypatch):
    terminal = watching(monkeypatch)
    bar = drive(verbose=1, epochs=1)
    for _ in range(2):
        bar.on_epoch_begin(0)
    bar.close()
    assert terminal.getvalue().count("\x1b[?25l") == terminal.getvalue().count("\x1b[?25h") == 3


def test_auto_is_a_bar_where_somebody_watches(monkeypatch):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    assert resolve_verbose("auto") == 2
    with monkeypatch.context() as notebook:
        notebook.setitem(sys.modules, "ipykernel", sys)
        assert resolve_verbose("auto") == 1
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
