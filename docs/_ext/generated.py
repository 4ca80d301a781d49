"""Pages that the build writes itself, so that they cannot grow stale: the reference and the tolerances.

The reference has a page for each public module. On it stands whatever the module shows, in the order in which its
files show it; ops are grouped by the file that they live in.
"""

import inspect
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from calls import facts

import arraynet
from arraynet import ops
from arraynet.testing import tolerances

MEASURED = ("performance", "gpu-runs")
"""Pages that scripts write after measuring."""
INTERNAL = ("reduced", "same_rank", "epoch_line", "resolve_verbose", "host_permutation", "path_scope", "stream_key")
INTERNAL += ("reset_streams",)
"""What modules of the package share among themselves, and nobody else needs."""
CALLED = ("arraynet.ops", "arraynet.activations")
"""Modules whose functions the table of cases calls."""
OPEN = ("Tensor", "Variable", "GradientTape", "custom_vjp", "Sequential", "Model", "Layer", "Optimizer", "Metric")
OPEN += ("Loss", "Callback", "History", "Backend", "ArrayAPIBackend")
OPEN += ("Report", "Comparison", "Difference", "Explanation")
"""Classes whose methods users call or write; of others the constructor says all."""
UP_TO = {"Tensor": "ArrayDisplay", "Variable": "Versioned", "Layer": "Versioned", "Optimizer": "Versioned"}
UP_TO |= {"Model": "Layer"}
"""The base classes before which what they inherit ends to be theirs."""


def setup(app: Any) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("builder-inited", write_pages)
    app.connect("source-read", drop_missing)
    return {"parallel_read_safe": True}


def write_pages(app: Any) -> None:
    """Write what changed; untouched files are not built anew."""
    folder = Path(app.srcdir)
    for name in modules(folder):
        write(folder / "api" / f"{name}.rst", page(name))
    write(folder / "tolerances.md", tolerance_page())


def modules(folder: Path) -> list[str]:
    """Return the modules that have a page: those in the table of contents of the reference."""
    return re.findall(r"^[a-z][a-z.]*$", (folder / "api" / "index.md").read_text(encoding="utf-8"), re.MULTILINE)


def drop_missing(app: Any, page: str, source: list[str]) -> None:
    """Leave pages of measurements that were not taken yet out of the table of contents."""
    if page == "facts":
        missing = [name for name in MEASURED if not Path(app.srcdir, f"{name}.md").exists()]
        source[0] = "\n".join(line for line in source[0].splitlines() if line not in missing)


def write(file: Path, text: str) -> None:
    """Write a text unless the file holds it already."""
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")


def page(name: str) -> str:
    """Return one module's page."""
    if name == "arraynet":
        names = [n for n in arraynet.__all__ if not isinstance(getattr(arraynet, n), ModuleType)]
        return "\n".join([*title("arraynet"), "The names that every program starts with.", "", *entries("", names)])
    module = import_module(f"arraynet.{name}")
    path = f"arraynet.{name}"
    sections = op_sections() if name == "ops" else [entries(path, public(module))]
    lines = [*title(path), *(inspect.getdoc(module) or "").splitlines(), ""]
    return "\n".join(lines + [line for section in sections for line in section])


def title(text: str, mark: str = "=") -> list[str]:
    """Return the lines of a heading."""
    return [text, mark * len(text), ""]


def public(module: ModuleType) -> list[str]:
    """Return the names that a module shows; classes that `arraynet` itself shows have their entry there."""
    names = getattr(module, "__all__", None) or [n for n in vars(module) if not n.startswith("_")]
    things = {n: getattr(module, n) for n in names}
    above = [vars(arraynet)[n] for n in arraynet.__all__ if inspect.isclass(vars(arraynet).get(n))]
    own = {n: thing for n, thing in things.items() if getattr(thing, "__module__", "").startswith("arraynet")}
    return [n for n, thing in own.items() if callable(thing) and thing not in above and n not in INTERNAL]


def op_sections() -> list[list[str]]:
    """Return the ops, one section for each file that defines some; names of `ops.linalg` and `ops.nn` too."""
    files = sorted(file.stem for file in Path(ops.__file__).parent.glob("[a-z]*.py"))
    sections, seen = [], set()
    for stem in files:
        module = import_module(f"arraynet.ops.{stem}")
        names = [n for n in getattr(module, "__all__", ()) if n not in seen and hasattr(ops, n)]
        seen |= set(names)
        if names and stem not in ("linalg", "nn"):
            intro = (inspect.getdoc(module) or "").splitlines()
            sections.append(
                [*title(stem.replace("_", " ").capitalize(), "-"), *intro, "", *entries("arraynet.ops", names)]
            )
    others = [n for n, thing in vars(ops).items() if callable(thing) and n not in seen and not n.startswith("_")]
    return [*sections, [*title("Derivatives", "-"), *entries("arraynet.ops", others)]]


def entries(path: str, names: list[str]) -> list[str]:
    """Return autodoc's directives for names of a module."""
    lines = []
    for name in names:
        thing = getattr(import_module(path or "arraynet"), name)
        kind = "autoclass" if inspect.isclass(thing) else "autofunction"
        lines.append(f".. {kind}:: {path or 'arraynet'}.{name}")
        if name in OPEN:
            lines += ["   :members:"] + ([f"   :inherited-members: {UP_TO[name]}"] if name in UP_TO else [])
        lines += [f"   {line}".rstrip() for line in (facts(name) if path in CALLED else ())] + [""]
    return lines


def tolerance_page() -> str:
    """Return the table of tolerances as the tests use it."""
    rows = [
        [f"`{row['op']}`", row["dtype"], row["stage"], f"{row['rtol']:g}", f"{row['atol']:g}"]
        for row in tolerances.table()
    ]
    lines = [
        "# Tolerances",
        "",
        "How far two correct results may lie apart. A result `a` equals its reference `b` where "
        "`|a - b| <= atol + rtol * |b|`; whole numbers and booleans must agree exactly. The build writes this page "
        "from `arraynet/testing/tolerances.py`, which every test and the conformance kit use.",
        "",
        "The first rows hold for every op that has none of its own. *Gradient* and *training* are what comes after "
        "a value, and carry its errors along.",
        "",
        *table(["op", "dtype", "of a", "rtol", "atol"], rows),
        "",
    ]
    return "\n".join(lines)


def table(heads: list[str], rows: list[list[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    return [f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows)]
