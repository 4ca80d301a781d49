"""The package's source files, parsed once for the tests of this folder."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "arraynet"
FILES = sorted(PACKAGE.rglob("*.py"))
ALL_FILES = sorted([*FILES, *(ROOT / "backends").rglob("*.py"), *(ROOT / "tests").rglob("*.py")])


@cache
def tree(file):
    return ast.parse(file.read_text(encoding="utf-8"))


def module_name(file):
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(file):
    """Absolute names of the modules that a file imports, those inside functions included, those for types not."""
    types = {id(inner) for node in ast.walk(tree(file)) if _for_types(node) for inner in ast.walk(node)}
    for node in ast.walk(tree(file)):
        if id(node) in types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}: imports are absolute"
            yield from (_module_or_parent(node.module, alias.name) for alias in node.names)


def _for_types(node):
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _module_or_parent(module, name):
    """`from package import name` imports package.name where that is a module."""
    inner = ROOT.joinpath(*module.split("."), name)
    return f"{module}.{name}" if inner.is_dir() or inner.with_suffix(".py").is_file() else module


def docstring(node):
    """The statement that is a module's, class's or function's docstring, or None."""
    documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    first = node.body[0] if documented and node.body else None
    is_text = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return first if is_text else None


def code_lines(file):
    """How many lines of a file hold code: no blank lines, comments or docstrings."""
    lines = file.read_text(encoding="utf-8").splitlines()
    texts = [text for node in ast.walk(tree(file)) if (text := docstring(node))]
    without = {n for text in texts for n in range(text.lineno, text.end_lineno + 1)}
    code = (line.strip() for n, line in enumerate(lines, 1) if n not in without)
    return sum(1 for line in code if line and not line.startswith("#"))
