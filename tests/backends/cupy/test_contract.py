"""Level 0: whatever the backend and the ops name exists in the real CuPy, with the arguments that they are given."""

import ast
import inspect
from pathlib import Path

import pytest

import arraynet

arraynet_cupy = pytest.importorskip("arraynet_cupy", reason="the plugin arraynet-cupy is not installed")
PLUGIN = sorted(Path(arraynet_cupy.__file__).parent.glob("*.py"))
OPS = sorted(Path(arraynet.__file__).parent.glob("ops/*.py"))


def nodes(files, kind):
    return [node for file in files for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, kind)]


def dotted(node):
    """``a.b.c`` as text, "" for what is none."""
    if isinstance(node, ast.Name):
        return node.id
    head = dotted(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{head}.{node.attr}" if head else ""


def found(cupy, name):
    value = cupy
    for part in name.split(".")[1:]:
        value = getattr(value, part)
    return value


def test_the_plugin_names_what_cupy_has(cupy):
    names = {dotted(node) for node in nodes(PLUGIN, ast.Attribute)}
    names = {name.replace("self._cupy", "cupy") for name in names}
    names = {name for name in names if name.startswith("cupy.")}
    assert len(names) > 15
    for name in names:
        found(cupy, name)


def test_the_plugin_passes_arguments_that_cupy_takes(cupy):
    checked = 0
    for call in nodes(PLUGIN, ast.Call):
        name = dotted(call.func).replace("self._cupy", "cupy")
        if name.startswith("cupy.") and call.keywords:
            try:
                signature = inspect.signature(found(cupy, name))
            except ValueError:  # compiled functions do not tell
                continue
            signature.bind(*call.args, **{k.arg: None for k in call.keywords})
            checked += 1
    assert checked


def test_the_ops_name_what_the_namespace_has(cupy):
    names = {node.attr for node in nodes(OPS, ast.Attribute) if dotted(node.value) == "xp"}
    assert len(names) > 80
    namespace = arraynet.plugins.load("cupy").xp
    assert [name for name in sorted(names) if not hasattr(namespace, name)] == []


def test_the_host_was_made_for_the_version_that_the_tests_install(host):
    from cupy_host.installing import VERSION

    assert f"cupy-cuda12x=={VERSION}" in (Path(__file__).parents[3] / "backends/cupy/pyproject.toml").read_text()
