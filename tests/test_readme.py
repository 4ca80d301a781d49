"""Every claim of the README that a machine can check."""

import doctest
import re
import shlex
import subprocess
from pathlib import Path

import pytest

import arraynet
from arraynet import cli, plugins
from arraynet.datasets import mnist

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
VARIABLE = r"\"(ARRAYNET_[A-Z_]+)\""
COMMANDS = [line.split("#")[0].strip() for line in TEXT.splitlines() if line.startswith("    ")]


def named(pattern, folder, suffix=".py"):
    found = (re.findall(pattern, file.read_text(encoding="utf-8")) for file in folder.rglob(f"*{suffix}"))
    return {name for names in found for name in names}


def test_it_opens_with_a_sentence_a_picture_and_the_two_commands():
    assert COMMANDS[:2] == ["make train", "make test"]
    title, sentence, picture, commands, program = TEXT.split("\n\n")[:5]
    assert title == "# arraynet"
    assert sentence.count(". ") == 0
    assert picture.startswith("![")
    assert commands.strip().startswith("make train")
    assert program.startswith("```python")


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    assert len(links) > 10
    for link in links:
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make ")])
def test_make_knows_its_targets(command):
    run = subprocess.run(["make", "--dry-run", *command.split()[1:]], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("python -m arraynet ")])
def test_the_command_line_knows_its_commands(command):
    cli._parser().parse_args(shlex.split(command)[3:])


def test_every_environment_variable_is_in_the_table_and_in_the_code():
    table = set(re.findall(r"^\| `(ARRAYNET_\w+)`", TEXT, re.MULTILINE))
    assert table == named(VARIABLE, ROOT / "arraynet") | named(VARIABLE, ROOT / "backends")


def test_every_backend_is_in_the_table():
    table = set(re.findall(r"^\| `([a-z]+)` \|", TEXT, re.MULTILINE))
    assert table == {"numpy"} | named(r"(?m)^(\w+) = \"arraynet_", ROOT / "backends", "pyproject.toml")
    assert table <= set(plugins.available_backends())


def test_the_examples_of_the_prompt():
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert result.attempted > 0
    assert result.failed == 0


def test_the_first_program_runs(monkeypatch, tmp_path):
    (x, y), test = mnist.load_data()
    monkeypatch.setattr(mnist, "load_data", lambda: ((x[:512], y[:512]), test))
    monkeypatch.chdir(tmp_path)
    (program,) = re.findall(r"```python\n(import arraynet as keras\n.*?)```", TEXT, re.DOTALL)
    names = {}
    exec(program, names)
    assert names["model"].evaluate(names["x_train"], y[:512], verbose=0)[1] > 0.5
    assert 10 <= len(program.strip().splitlines()) <= 13
    assert (tmp_path / "digits.arraynet").is_file()
    assert arraynet.models.load_model("digits.arraynet").count_params() == 407_050


def test_the_numbers_are_those_of_the_page_that_a_script_writes():
    rows = [line.strip("| \n").split(" | ") for line in TEXT.splitlines() if re.match(r"\| \S+ \| \d+\.\d+ \|", line)]
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert len(rows) == 5
    for name, *numbers in rows:
        measured = [cell for line in page.splitlines() if line.startswith(f"| {name} ") for cell in line.split(" | ")]
        assert set(numbers) <= {cell.strip() for cell in measured}
