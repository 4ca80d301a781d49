"""The notebook extension in a real IPython shell, and the pictures that notebooks show of our objects."""

import re

import numpy as np
import pytest

import arraynet
from arraynet import Input, Sequential, Tensor, Variable, layers, ops
from arraynet.inspection import Explanation
from arraynet.notebook import Backends

InteractiveShell = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    made = InteractiveShell()
    made.history_manager.enabled = False
    made.run_cell("import arraynet\nfrom arraynet import ops\n%load_ext arraynet").raise_error()
    yield made
    made.history_manager.end_session()
    InteractiveShell.clear_instance()


def test_a_cell_runs_on_another_backend_and_the_old_one_is_restored(shell):
    shell.run_cell("%%backend strict\nx = ops.ones(3)\ninside = arraynet.get_backend()").raise_error()
    assert shell.user_ns["inside"] == "strict"
    assert shell.user_ns["x"].backend.name == "strict"
    assert arraynet.get_backend() == "numpy"


def test_the_backend_is_restored_after_an_error_too(shell, capsys):
    result = shell.run_cell("%%backend strict\ny = 1\nraise KeyError('oh')\ny = 2")
    assert isinstance(result.error_in_exec, KeyError)  # so that "run all" stops here
    assert shell.user_ns["y"] == 1
    assert arraynet.get_backend() == "numpy"
    shown = capsys.readouterr().out
    assert "raise KeyError" in shown
    assert "> 2" in re.sub(r"\x1b\[[0-9;]*m", "", shown)


def test_the_value_of_the_last_expression_is_the_cells(shell, capsys):
    result = shell.run_cell("%%backend strict\nx = 2\nops.ones(2) * x")
    assert isinstance(result.result, Tensor)
    assert "backend=strict" in capsys.readouterr().out
    assert shell.run_cell("%%backend numpy\nx = 3").result is None
    assert shell.run_cell("%%backend numpy\n").result is None


def test_magics_work_inside(shell):
    shell.run_cell("%%backend strict\nname = !echo hello\n%config\nvalue = name[0]").raise_error()
    assert shell.user_ns["value"] == "hello"


def test_functions_made_inside_live_on(shell):
    shell.run_cell("%%backend strict\ndef f():\n    return arraynet.get_backend()\na = f()").raise_error()
    shell.run_cell("b = f()").raise_error()
    assert (shell.user_ns["a"], shell.user_ns["b"]) == ("strict", "numpy")


def test_the_line_magic_shows_the_backend(shell, capsys):
    shown = shell.run_cell("%backend").result
    assert isinstance(shown, Backends)
    assert "backend numpy" in capsys.readouterr().out
    assert "strict" in shown.installed
    assert "<td" in shown._repr_html_()
    assert "numpy (current)" in shown._repr_html_()


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%%backend\nx = 1", "%%backend needs a name"),
        ("%%backend nunpy\nx = 1", "Did you mean 'numpy'"),
        ("%backend strict", "%%backend strict"),
        ("%%explain strict\nx = 1", "begin with %%backend NAME"),
    ],
)
def test_mistakes_are_explained(shell, cell, message, capsys):
    result = shell.run_cell(cell)
    assert message in str(result.error_in_exec)
    assert "x" not in shell.user_ns


def test_a_cell_is_explained(shell, capsys):
    found = shell.run_cell("%%explain\nw = ops.ones((2, 3))\nz = w @ ops.ones((3, 2)) + 1").result
    assert isinstance(found, Explanation)
    assert [row.op for row in found][-2:] == ["matmul", "add"]
    assert found[-2].flops == 2 * 2 * 3 * 2
    assert shell.user_ns["z"].shape == (2, 2)
    assert "matmul" in capsys.readouterr().out
    assert arraynet.observers.OBSERVERS.get() == ()


def test_an_explained_cell_that_fails_is_not_watched_any_longer(shell, capsys):
    assert isinstance(shell.run_cell("%%explain\n1 / 0").error_in_exec, ZeroDivisionError)
    assert arraynet.observers.OBSERVERS.get() == ()


def html(shell, thing):
    data, _ = shell.display_formatter.format(thing)
    return data["text/html"]


def test_arrays_are_tables(shell, backend):
    matrix = html(shell, ops.reshape(ops.arange(6, dtype="float32"), (2, 3)))
    assert f"Tensor: shape (2, 3), float32, backend {backend}" in matrix
    assert matrix.count("<tr>") == 1 + 2
    assert ">5<" in matrix
    assert html(shell, ops.ones(3)).count("<tr>") == 1 + 1
    assert "<pre>1.</pre>" in html(shell, ops.convert_to_tensor(1.0))
    assert "<pre>" in html(shell, ops.ones((2, 2, 2)))
    assert "[]" in html(shell, ops.ones(0))
    assert ">1234567<" in html(shell, ops.array([1234567]))
    assert ">True<" in html(shell, ops.ones(2) == 1)


def test_large_arrays_stay_short(shell):
    for shape in ((1000, 1000), (1000,), (50, 50, 50)):
        assert len(html(shell, ops.ones(shape))) < 8000
    assert "…" in html(shell, ops.ones((9, 9)))


def test_names_are_escaped(shell):
    shown = html(shell, Variable(np.ones(2), name="<script>"))
    assert "Variable &lt;script&gt;" in shown
    assert "<script>" not in shown


def test_a_model_is_a_table_of_its_layers(shell):
    model = Sequential([Input((4,)), layers.Dense(3, name="<b>"), layers.Dense(2)], name="net")
    shown = html(shell, model)
    assert "net" in shown
    assert "&lt;b&gt;" in shown
    assert "(None, 3)" in shown
    assert ">15<" in shown
    assert "23" in shown
    assert "(unbuilt)" in html(shell, Sequential([layers.Dense(2)]))


def test_a_history_is_a_table_of_its_epochs(shell):
    model = Sequential([Input((1,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(np.ones((4, 1)), np.ones((4, 1)), epochs=30, verbose=0)
    shown = html(shell, history)
    assert repr(history) == f"<History of 30 epochs, loss {history.history['loss'][-1]:.4g}>"
    assert "30 epochs" in shown
    assert shown.count("<tr>") < 15
    assert "loss" in shown
    assert f"{history.history['loss'][-1]:.4g}" in shown
