"""Files and functions stay short, and no library's name appears in the core."""

import ast
import re

import pytest

from .sources import ALL_FILES, FILES, PACKAGE, ROOT, code_lines, docstring, tree

CORE = ("config", "backend", "plugins", "tensor", "variable", "operands", "dispatch", "autodiff", "program")
CORE += ("dtypes", "naming", "observers", "operators", "tree", "words")
LIBRARIES = re.compile(r"numba|cupy|torch|jax|tensorflow|array_api_strict|(?<![\w.])strict(?!\w)", re.IGNORECASE)
TAKEN = {"numpy", "numba", "cupy", "torch", "jax", "keras", "tensorflow", "scipy", "onnx", "h5py", "rich", "pooch"}
TAKEN |= {"safetensors", "matplotlib", "pandas", "IPython", "pytest"}

each_file = pytest.mark.parametrize("file", ALL_FILES, ids=lambda file: str(file.relative_to(ROOT)))


@each_file
def test_file_length(file):
    most = 400 if file.is_relative_to(ROOT / "tests") else 300
    assert len(file.read_text(encoding="utf-8").splitlines()) <= most


@each_file
def test_function_length(file):
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            text = docstring(node)
            lines = node.end_lineno - node.lineno + 1 - (text.end_lineno - text.lineno + 1 if text else 0)
            assert lines <= 50, f"{node.name} has {lines} lines"


@each_file
def test_no_module_is_named_after_a_library(file):
    inside = file.relative_to(ROOT).parts[1:]
    assert file.stem not in TAKEN
    if file.is_relative_to(PACKAGE):
        assert not TAKEN & set(inside)


def test_the_core_is_small():
    core = [file for file in FILES if file.relative_to(PACKAGE).parts[0].removesuffix(".py") in CORE]
    assert sum(code_lines(file) for file in core) <= 2500


def texts(file):
    """Names and strings of a file's code; docstrings may compare, code may not choose."""
    skipped = {id(docstring(node).value) for node in ast.walk(tree(file)) if docstring(node)}
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.value


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_the_core_names_no_library(file):
    found = [text for text in texts(file) if LIBRARIES.search(text) and not text.startswith("https://")]
    if file.name == "plugins.py":
        found = [text for text in found if text not in install_lines(file)]
    assert not found


def install_lines(file):
    """The keys and values of the table of official plugins, the one exception."""
    (table,) = [
        node.value
        for node in tree(file).body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "INSTALL"
    ]
    return {node.value for node in (*table.keys, *table.values)}
