"""The code on the site's pages runs, page by page, prints what the page shows, and the commands on them exist."""

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
PYTHON = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]\d+)?")
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
def test_the_code_of_a_page_runs_and_prints_what_is_shown(file, reader, capsys):
    names = {"__name__": "page"}
    for number, (block, shown) in enumerate(PYTHON.findall(file.read_text(encoding="utf-8")), 1):
        capsys.readouterr()
        exec(compile(block, f"{named(file)}, block {number}", "exec"), names)
        if shown:
            assert agree(capsys.readouterr().out, shown), f"{named(file)}, block {number}"


def agree(printed, shown):
    """Whether two texts are the same but for line breaks, and the last digits of numbers, which processors change."""
    texts = [" ".join(text.split()) for text in (printed, shown)]
    numbers = [list(map(float, NUMBER.findall(text))) for text in texts]
    return NUMBER.sub("#", texts[0]) == NUMBER.sub("#", texts[1]) and numbers[0] == pytest.approx(numbers[1], rel=1e-3)


def test_what_agrees():
    assert agree("loss 0.123456 in (3,)\n", "loss\n  0.123457 in (3,)")
    assert not agree("loss 0.123", "loss 0.124")
    assert not agree("loss 0.1 of", "loss 0.1 in")


def test_pages_show_what_is_printed():
    shown = {
        named(file): len(re.findall("^```text$", file.read_text(encoding="utf-8"), re.MULTILINE)) for file in PAGES
    }
    matched = {
        named(file): sum(bool(out) for _, out in PYTHON.findall(file.read_text(encoding="utf-8"))) for file in PAGES
    }
    assert shown == matched  # none stands where no code is before it
    assert shown["guide/troubleshooting.md"] > 5


@pytest.mark.parametrize("file", PAGES, ids=named)
def test_the_commands_of_a_page_exist(file):
    for command in COMMAND.findall(file.read_text(encoding="utf-8")):
        cli._parser().parse_args(shlex.split(command))


@pytest.mark.parametrize("file", PAGES, ids=named)
def test_every_picture_of_a_page_says_in_words_what_it_shows(file):
    for words in re.findall(r"!\[(.*?)\]\(", file.read_text(encoding="utf-8")):
        assert len(words) > 20
