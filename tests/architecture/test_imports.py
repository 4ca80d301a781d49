"""Imports point one way, and importing the package loads NumPy and nothing else."""

import ast
import json
import subprocess
import sys

import pytest

from .sources import FILES, PACKAGE, ROOT, imported, module_name, tree

# From the bottom up: a module imports from its own level or those below it.
LEVELS = [
    [
        "config",
        "release",
        "naming",
        "tree",
        "words",
        "normals",
        "erf",
        "registry",
        "custom_objects",
        "threads",
        "checks",
        "display",
        "rows",
        "turns",
    ],
    ["dtypes", "backend"],
    ["plugins", "observers", "operators"],
    ["tensor"],
    ["variable"],
    ["operands"],
    ["dispatch"],
    ["autodiff", "program"],
    ["fusion", "masks", "scalars", "tiles"],
    ["ops", "random"],
    ["activations", "initializers", "regularizers"],
    ["layers", "losses", "metrics", "optimizers"],
    ["utils", "datasets"],
    ["inspection"],
    ["models", "callbacks", "saving"],
    ["testing"],
    ["cli", "__main__", "notebook"],
]
STRANGERS = {("autodiff", "program"), ("program", "autodiff")}  # on one level, but both are told by dispatch
OPTIONAL = {"rich", "pooch", "safetensors", "threadpoolctl", "matplotlib", "IPython"}  # where used
LEVEL = {name: number for number, names in enumerate(LEVELS) for name in names}
STDLIB = set(sys.stdlib_module_names)

each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))


def part(module):
    """The part of the package that a module belongs to; None for the package itself."""
    return module.split(".")[1] if "." in module else None


@each_file
def test_imports_point_one_way(file):
    here = part(module_name(file))
    if here is None:
        return  # the package's face shows all of it
    assert here in LEVEL, f"give {here!r} its place in LEVELS"
    for module in imported(file):
        if module == "arraynet":
            pytest.fail(f"{file} imports the package's face; import the module that is meant")
        if module.startswith("arraynet."):
            there = part(module)
            assert LEVEL[there] <= LEVEL[here], f"{here} imports {there}, which stands above it"
            assert (here, there) not in STRANGERS


@each_file
def test_only_declared_libraries_are_imported(file):
    found = {module.split(".")[0] for module in imported(file)}
    assert found - STDLIB <= {"arraynet", "numpy"} | OPTIONAL


@each_file
def test_optional_libraries_are_imported_inside_functions(file):
    top = {node for node in tree(file).body if isinstance(node, ast.Import | ast.ImportFrom)}
    names = {alias.name for node in top if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in top if isinstance(node, ast.ImportFrom)}
    assert not {name.split(".")[0] for name in names} & OPTIONAL


@pytest.mark.parametrize("file", sorted((ROOT / "backends").rglob("arraynet_*/**/*.py")), ids=str)
def test_plugins_import_the_contract_the_programs_and_the_testing_kit_only(file):
    own = file.relative_to(ROOT / "backends").parts[1]
    for module in imported(file):
        if module.split(".")[0] == "arraynet":
            assert module.startswith(
                (
                    "arraynet.backend",
                    "arraynet.fusion",
                    "arraynet.program",
                    "arraynet.testing",
                    "arraynet.words",
                    "arraynet.normals",
                )
            ), f"{own} imports {module}"


@pytest.fixture(scope="module")
def loaded():
    """What `import arraynet` loads: names of modules, and how many of them NumPy alone accounts for."""
    script = (
        "import json, sys, numpy; before = set(sys.modules); import arraynet;"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd="/")
    return json.loads(run.stdout)


def test_importing_loads_no_library_but_numpy(loaded):
    assert {name.split(".")[0] for name in loaded} - STDLIB == {"arraynet"}


def test_importing_is_cheap(loaded):
    """Counts, because seconds depend on the machine."""
    foreign = [name for name in loaded if not name.startswith("arraynet")]
    assert len(foreign) <= 25, foreign
    assert len(loaded) <= 130


def test_importing_prints_nothing_and_warns_of_nothing():
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import arraynet"], capture_output=True, text=True, check=True, cwd="/"
    )
    assert run.stdout == run.stderr == ""
