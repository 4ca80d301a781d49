"""The command line, as its users call it."""

import os
import re
import subprocess
import sys
import types
from importlib.metadata import version

import numpy as np
import pytest

import arraynet
from arraynet import cli, plugins
from arraynet.backend import ArrayAPIBackend
from arraynet.datasets import mnist


@pytest.fixture
def small(monkeypatch):
    """MNIST cut down to what trains in a moment."""
    (x, y), (x_test, y_test) = mnist.load_data()
    monkeypatch.setattr(mnist, "load_data", lambda: ((x[:600], y[:600]), (x_test[:200], y_test[:200])))


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "arraynet", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


@pytest.mark.slow
def test_make_train_keeps_its_promise(tmp_path):
    done = run("train", "mnist", "--seed", 1, "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    assert float(re.search(r"Test accuracy ([\d.]+)%", done.stdout)[1]) >= 97.5
    assert re.search(r"First test digit: predicted 7 .* labelled 7", done.stdout)
    assert {p.name for p in tmp_path.iterdir()} == {"weights.safetensors", "model.arraynet", "curves.png"}


def test_train_on_each_backend(small, backend, tmp_path, capsys):
    assert cli.main(["train", "mnist", "--backend", backend, "--epochs", "1", "--output", str(tmp_path / "a/b")]) == 0
    printed = capsys.readouterr().out
    assert plugins.load(backend).describe() in printed
    assert (tmp_path / "a/b/weights.safetensors").is_file()


def test_one_seed_gives_the_same_files(small, tmp_path):
    files = []
    for k, seed in enumerate(("3", "3", "4")):
        cli.main(
            ["train", "mnist", "--epochs", "1", "--hidden", "8", "--seed", seed, "--output", str(tmp_path / str(k))]
        )
        files.append((tmp_path / str(k) / "weights.safetensors").read_bytes())
    assert files[0] == files[1] != files[2]


def test_flags_reach_the_model(small, tmp_path, monkeypatch):
    seen = {}
    monkeypatch.setattr(cli, "_write", lambda model, history, folder: seen.update(model=model, history=history))
    flags = "--hidden 16,8 --optimizer adam --learning-rate 0.01 --batch-size 100 --epochs 2"
    assert cli.main(["train", "mnist", *flags.split(), "--output", str(tmp_path)]) == 0
    assert [w.shape for w in seen["model"].weights[::2]] == [(784, 16), (16, 8), (8, 10)]
    assert type(seen["model"].optimizer).__name__ == "Adam"
    assert seen["model"].optimizer.learning_rate == 0.01
    assert seen["model"].optimizer.iterations == 12
    assert seen["history"].epoch == [0, 1]


def test_without_matplotlib_there_is_no_picture_and_no_failure(small, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert cli.main(["train", "mnist", "--epochs", "1", "--hidden", "8", "--output", str(tmp_path)]) == 0
    assert "arraynet[plot]" in capsys.readouterr().out
    assert {p.name for p in tmp_path.iterdir()} == {"weights.safetensors", "model.arraynet"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "dataset"),
        (["train", "cifar"], "invalid choice: 'cifar'"),
        (["train", "mnist", "--backend", "nonesuch"], "Unknown backend 'nonesuch'. Installed: "),
        (["train", "mnist", "--epochs", "0"], "expected a positive whole number, received '0'"),
        (["train", "mnist", "--hidden", "12,x"], "expected a positive whole number, received 'x'"),
        (["train", "mnist", "--seed", "one"], "invalid int value: 'one'"),
        (["check-backend", "nonesuch"], "Unknown backend 'nonesuch'"),
        ([], "COMMAND"),
    ],
)
def test_mistakes_are_told_in_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith("Error: ")
    assert message in error
    assert hint == f"For help: python -m arraynet {arguments[0] + ' ' if arguments else ''}--help"


@pytest.mark.parametrize(
    ("flag", "value", "message"),
    [
        ("--seed", "-1", "seed must be an int from 0 to 2**32 - 1, received -1."),
        ("--optimizer", "nonesuch", "'nonesuch'"),
        ("--learning-rate", "nan", "learning_rate must be a number, 0 or more, received nan."),
        ("--output", __file__, "File exists"),
    ],
)
def test_what_cannot_be_trained_with_is_told_before_the_training(flag, value, message, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cli, "_network", lambda hidden: pytest.fail("the training began"))
    assert cli.main(["train", "mnist", "--output", str(tmp_path), flag, value]) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert error.startswith("Error: ")
    assert message in error


@pytest.mark.parametrize("name", ["ARRAYNET_SEED", "ARRAYNET_DATA"])
def test_a_variable_that_training_needs_is_told_in_one_line(name, tmp_path):
    done = run("train", "mnist", "--output", tmp_path, **{name: "nonsense"})
    assert done.returncode == 2
    assert re.fullmatch(f"Error: {name} .*nonsense.*\n", done.stderr)


def test_a_reader_may_stop_early():
    command = [sys.executable, "-m", "arraynet", "backends"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_backends_is_for_every_terminal_and_cuts_no_name():
    done = run("backends", PYTHONIOENCODING="ascii", COLUMNS="50")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("+---")


def test_a_setting_that_means_nothing_is_no_fault_of_numpy():
    done = run("backends", ARRAYNET_KERNELS="nonsense", COLUMNS="300")
    assert "received 'nonsense'. |" in re.sub(" +", " ", done.stdout.replace("│", "|"))
    assert "uninstall" not in next(row for row in done.stdout.splitlines() if "numpy" in row)


def test_the_version():
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout == f"arraynet {arraynet.__version__}\n" == f"arraynet {version('arraynet')}\n"


def test_a_bad_environment_variable_is_told_in_one_line():
    done = run("train", "mnist", ARRAYNET_BACKEND="nonesuch")
    assert done.returncode == 2
    assert "Unknown backend 'nonesuch'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["train", "bench", "backends", "check-backend", "compare"])
def test_every_command_has_help(command):
    done = run(command, "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) >= 5
    assert "default: None" not in done.stdout
    assert "default: False" not in done.stdout


class Broken(ArrayAPIBackend):
    def __init__(self):
        raise RuntimeError("no [device] found")


class Leaving(ArrayAPIBackend):
    def __init__(self):
        sys.exit(3)


class Lacking(ArrayAPIBackend):
    def __init__(self):
        raise ImportError("No module named 'compiler'.")


class Doubling(plugins.NumPyBackend):
    name = "doubling"
    kernels = {"relu": lambda x: 2 * x, "exp": lambda x: x}  # noqa: RUF012


def test_backends_tells_what_is_there_and_why_one_cannot_run(monkeypatch, capsys):
    found = {"broken": Broken, "leaving": Leaving, "naive": Lacking, "doubling": Doubling}
    points = {name: types.SimpleNamespace(value=name, load=lambda c=c: c, dist=None) for name, c in found.items()}
    monkeypatch.setattr(plugins, "_points", lambda: {name: [point] for name, point in points.items()})
    monkeypatch.setattr(plugins, "_loaded", {"numpy": plugins.load("numpy")})
    monkeypatch.setenv("COLUMNS", "300")
    assert cli.main(["backends"]) == 0
    rows = {row.split()[1]: row for row in capsys.readouterr().out.splitlines() if row.startswith("│")}
    assert f"numpy {np.__version__}" in rows["numpy"]
    assert str(len(plugins.load("numpy").dtypes)) in rows["numpy"]
    assert int(rows["numpy"].split("│")[3]) >= 1
    assert "exp, relu" in rows["doubling"]
    assert "cannot run: RuntimeError: no [device] found Ask the plugin's author" in rows["broken"]
    assert "cannot run: SystemExit: 3 Ask the plugin's author" in rows["leaving"]
    assert "No module named 'compiler'. Reinstall it with what it needs: pip install arraynet-numba" in rows["naive"]


def test_check_backend(monkeypatch, capsys):
    from arraynet.testing import Report, conformance
    from arraynet.testing.parts import PARTS

    asked = []

    def check(backend, parts):
        asked.append((backend.name, len(parts)))
        return Report(backend.name, problems=["asarray lies"] if len(asked) > 1 else [])

    monkeypatch.setattr("arraynet.testing.check_backend", check)
    assert conformance.check_backend is not check
    assert cli.main(["check-backend", "numpy"]) == 0
    assert cli.main(["check-backend", "strict", "--parts"]) == 1
    assert asked == [("numpy", 0), ("strict", len(PARTS))]
    assert "asarray lies" in capsys.readouterr().out


def test_check_backend_prints_what_is_wrong_and_a_count(monkeypatch, capsys):
    from arraynet.testing import Report
    from arraynet.testing.report import Row

    rows = [Row("exp"), Row("sin", "native", problems=["[0] differs"]), Row("cos")]
    monkeypatch.setattr("arraynet.testing.check_backend", lambda *_, **__: Report("some library", rows))
    assert cli.main(["check-backend", "numpy"]) == 1
    summary = "some library: 3 cases (1 native, 0 declined, 2 generic), 1 failures"
    assert capsys.readouterr().out.splitlines() == ["sin: [0] differs", summary]
    assert cli.main(["check-backend", "numpy", "--verbose"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(re.search(r"exp.*ok", line) for line in lines)
    assert lines[-1] == summary


def test_bench_times_a_step_on_each_backend(capsys, monkeypatch):
    assert cli.main(["bench", "numpy", "nowhere", "--hidden", "4", "--batch-size", "8"]) == 1
    printed = capsys.readouterr().out
    assert re.search(r"numpy +│ +\d+\.\d\d +│ +\d+\.\d{3} +│ +[\d,]+", printed)
    assert re.search(r"nowhere +│ +cannot run", printed)
    monkeypatch.setattr(cli, "PATIENCE", 0)
    assert cli.main(["bench", "numpy", "--hidden", "4"]) == 0
    assert "too slow" in capsys.readouterr().out
