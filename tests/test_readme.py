"""Every claim of the README that a machine can check."""

import doctest
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import arraynet
from arraynet import cli, plugins
from arraynet.backend import ArrayAPIBackend
from arraynet.datasets import mnist
from arraynet.testing import conformance
from arraynet.testing.cases import cases_of

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


def test_the_parts_come_in_their_order():
    assert re.findall(r"^## (.*)$", TEXT, re.MULTILINE)[:4] == ["Backends", "Speed", "What it is not for", "Links"]


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("python -m arraynet ")])
def test_the_command_line_does_what_is_written(command, monkeypatch, tmp_path, capsys):
    small = tuple((x[:512], y[:512]) for x, y in mnist.load_data())
    monkeypatch.setattr(mnist, "load_data", lambda: small)
    monkeypatch.setattr(conformance, "CASES", cases_of("matmul"))
    monkeypatch.chdir(tmp_path)
    arguments = shlex.split(command)[3:]
    assert cli.main(arguments + (["--hidden", "4"] if arguments[0] == "bench" else [])) == 0
    assert capsys.readouterr().out


def test_the_environment_chooses_the_backend(tmp_path):
    (line,) = [c for c in COMMANDS if c.startswith("ARRAYNET_BACKEND=")]
    name, script = re.fullmatch(r"ARRAYNET_BACKEND=(\w+) python (\S+)", line).groups()
    (tmp_path / script).write_text("import arraynet; print(arraynet.ops.ones(2).backend.name)")
    environment = os.environ | {"ARRAYNET_BACKEND": name}
    run = subprocess.run([sys.executable, script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.stdout == f"{name}\n"


def test_what_is_to_be_installed_exists():
    pages = [TEXT, *((ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("install.md", "quickstart.md"))]
    commands = [line for page in pages for line in re.findall(r"pip install ([^`#\n]*)", page)]
    wanted = {match for line in commands for match in re.findall(r"(?<!\S)'?(\.[\w/-]*)(?:\[(\w+)\])?", line)}
    assert len(wanted) > 5
    for folder, extra in wanted:
        project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        assert not extra or extra in project["optional-dependencies"], (folder, extra)
    packages = {name for page in pages for name in re.findall(r"pip install '?(arraynet[\w-]*)", page)}
    assert packages <= {f"arraynet-{file.parent.name}" for file in ROOT.glob("backends/*/pyproject.toml")}


def test_the_gpus_are_those_that_kernels_are_compiled_for():
    text = (ROOT / "tests" / "backends" / "cupy" / "test_nvrtc.py").read_text(encoding="utf-8")
    compiled = re.findall(r"\d+", re.search(r"^GENERATIONS = (.*)$", text, re.MULTILINE)[1])
    assert f"sm_{', '.join(compiled[:-1])} and {compiled[-1]}" in " ".join(TEXT.split())


def test_any_namespace_is_a_backend():
    assert re.search(r"`arraynet\.backend\.ArrayAPIBackend\(xp\)`", TEXT)
    with arraynet.use_backend(ArrayAPIBackend(np, name="plain")):
        assert arraynet.ops.ones(2).backend.name == "plain"


def test_what_it_is_not_for():
    missing = ("Conv2D", "LSTM", "Masking")
    assert not any(hasattr(arraynet.layers, name) for name in missing)
    for suffix in (".keras", ".h5"):
        with pytest.raises(ValueError, match="arraynet"):
            arraynet.models.load_model(f"model{suffix}")


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
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    tables = [table for table in re.findall(r"(?:^\|.*\n)+", TEXT, re.M) if "x products" in table]
    (day,) = set(re.findall(r"\d{4}-\d\d-\d\d", TEXT))
    assert len(tables) == 2
    for table in tables:
        (where, *columns), _, *rows = ([cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines())
        headings = [f"Training 784-512-10, {c}, rmsprop{', on a GPU' if where else ''}" for c in columns[::2]]
        sections = [page.partition(f"## {heading}\n")[2].partition("\n## ")[0] for heading in headings]
        assert all(f"\n{day} " in section for section in sections)
        for name, *numbers in rows:
            lines = [re.search(rf"^\| {name} .*", section, re.M)[0].split("|") for section in sections]
            assert numbers == [cells[k].strip() for cells in lines for k in (2, 4)]
    assert (ROOT / re.search(r"`(tests/benchmarks/\S+\.py)`", TEXT)[1]).is_file()
