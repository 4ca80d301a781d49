"""The notebooks run from top to bottom and hold what readers need: no stored outputs, a word for each picture."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from arraynet.datasets import mnist

FOLDER = Path(__file__).parents[2] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
DRAWS = re.compile(r"plt\.subplots|image_grid\(|training_curves\(|plot_\w+\(")
ROWS = 1024  # of the training and of the test images, for speed

each_notebook = pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)


def cells(file, kind="code"):
    return [cell for cell in json.loads(file.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


@pytest.fixture
def shell(monkeypatch, tmp_path):
    """An IPython of its own, whose pictures are drawn and thrown away, with a small MNIST."""
    pytest.importorskip("IPython", reason="notebooks need IPython: pip install 'arraynet[notebook]'")
    matplotlib = pytest.importorskip("matplotlib", reason="notebooks draw: pip install 'arraynet[plot]'")
    monkeypatch.setitem(os.environ, "IPYTHONDIR", str(tmp_path))
    from IPython.core.interactiveshell import InteractiveShell

    small = tuple((x[:ROWS], y[:ROWS]) for x, y in mnist.load_data())
    monkeypatch.setattr(mnist, "load_data", lambda: small)
    matplotlib.use("agg")
    shell = InteractiveShell()
    shell.history_manager.enabled = False
    yield shell
    shell.history_manager.end_session()
    matplotlib.pyplot.close("all")


def run(shell, file, back=False):
    """The names that a notebook leaves behind, after its cells ran, and ran again from the last one up."""
    from matplotlib import pyplot

    for cell in cells(file) + (cells(file)[::-1] if back else []):
        shell.run_cell("".join(cell["source"])).raise_error()
        for number in pyplot.get_fignums():
            pyplot.figure(number).canvas.draw()
        pyplot.close("all")
    return shell.user_ns


def test_the_first_look(shell):
    names = run(shell, FOLDER / "01_first_look.ipynb")
    assert names["test_accuracy"] > 0.75
    assert 0 < len(names["wrong"]) < ROWS / 4


def test_data_representations(shell):
    names = run(shell, FOLDER / "02_data.ipynb")
    assert names["films"].ndim == 5


def test_the_gears(shell):
    names = run(shell, FOLDER / "03_gears.ipynb", back=True)
    assert {"naive", "numpy", "numba"} <= set(names["milliseconds"])
    np.testing.assert_array_equal(names["naive_matmul"](names["a"], names["b"]), names["a"] @ names["b"])


def test_the_engine(shell):
    names = run(shell, FOLDER / "04_engine.ipynb", back=True)
    ends = {name: float(names["canyon"](*path[-1])) for name, path in names["paths"].items()}
    assert max(ends["Adam"], ends["SGD, momentum 0.9"]) < 0 < min(ends["SGD"], ends["RMSprop"])
    s = 1 / (1 + np.exp(-1))  # of 2 * 1.5 - 2
    np.testing.assert_allclose(names["by_hand"], 2 * (s - 1) * s * (1 - s) * 2, rtol=1e-5)


def test_from_scratch(shell):
    names = run(shell, FOLDER / "05_from_scratch.ipynb", back=True)
    assert names["gap"] < 1e-4
    assert abs(names["naive_accuracy"] - names["builtin_accuracy"]) < 0.05


@each_notebook
def test_it_is_stored_without_outputs(file):
    for cell in cells(file):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@each_notebook
def test_every_picture_says_in_words_what_it_shows(file):
    for cell in cells(file):
        if DRAWS.search("".join(cell["source"])):
            assert len(cell["metadata"]["mystnb"]["image"]["alt"]) > 20, cell["source"]


@each_notebook
def test_it_opens_with_a_title_and_ends_with_something_to_do(file):
    texts = ["".join(cell["source"]) for cell in cells(file, "markdown")]
    assert texts[0].startswith("# ")
    assert "## Your turn" in texts[-1]


def test_one_program_any_library(shell):
    names = run(shell, FOLDER / "06_backends.ipynb")
    assert names["gaps"].max() < 1e-4
    assert names["check_backend"](names["mine"], names["some"]).ok
    assert {"exp", "sum", "max"} <= set(names["mine"].xp.pages)
    samples = names["x"][:8], names["y"][:8]
    found = names["compare"](names["here"], *samples, backends=("numpy", names["sloppy"])).difference
    assert (found.op, found.phase) == ("relu", "forward")
