"""The code on the site's pages runs, page by page, and the commands on them exist."""

import re
import shlex
from pathlib import Path

import pytest

import arraynet
from arraynet import cli, custom_objects
from arraynet.datasets import mnist
from arraynet.operators import OPS

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(file for file in DOCS.rglob("*.md") if "_build" not in file.parts)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^python -m arraynet (.*)$", re.MULTILINE)
ROWS = 1024


def named(file):
    return str(file.relative_to(DOCS))


@pytest.fixture
def reader(monkeypatch, tmp_path):
    """Somebody with an empty folder and a small MNIST, who leaves no op, class or backend behind."""
    small = tuple((x[:ROWS], y[:ROWS]) for x, y in mnist.load_data())
    monkeypatch.setattr(mnist, "load_data", lambda: small)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(custom_objects, "_registered", {})
    before, backend = dict(OPS), arraynet.get_backend()
    yield
    OPS.clear()
    OPS.update(before)
    arraynet.set_backend(backend)


@pytest.mark.parametrize("file", [f for f in PAGES if PYTHON.search(f.read_text(encoding="utf-8"))], ids=named)
def test_the_code_of_a_page_runs(file, reader):
    names = {"__name__": "page"}
    for number, block in enumerate(PYTHON.findall(file.read_text(encoding="utf-8")), 1):
        exec(compile(block, f"{named(file)}, block {number}", "exec"), names)


@pytest.mark.parametrize("file", PAGES, ids=named)
def test_the_commands_of_a_page_exist(file):
    for command in COMMAND.findall(file.read_text(encoding="utf-8")):
        cli._parser().parse_args(shlex.split(command))


@pytest.mark.parametrize("file", PAGES, ids=named)
def test_every_picture_of_a_page_says_in_words_what_it_shows(file):
    for words in re.findall(r"!\[(.*?)\]\(", file.read_text(encoding="utf-8")):
        assert len(words) > 20
