"""What the site's build makes by itself: the reference leaves no name out, the picture is drawn from data."""

import importlib.util
import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

import arraynet
from arraynet import layers, ops, optimizers
from arraynet.datasets import mnist
from arraynet.testing import tolerances

DOCS = Path(__file__).parents[2] / "docs"
ROWS = 256


def loaded(file):
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generated():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS / "_ext")
        return loaded(DOCS / "_ext" / "generated.py")


def listed(text):
    return {line.split(":: ")[1] for line in text.splitlines() if line.startswith(".. auto")}


def test_every_op_is_in_the_reference(generated):
    public = {n for n, f in vars(ops).items() if callable(f) and not n.startswith("_")}
    assert {f"arraynet.ops.{name}" for name in public} <= listed(generated.page("ops"))


def test_ops_say_what_goes_in_and_comes_out(generated):
    assert generated.facts("sum")[:3] == [
        "",
        "| ``sum(float32 (2, 3, 4)) -> float32 ()``",
        "| ``sum(float32 (2, 3, 4), axis=1) -> float32 (2, 4)``",
    ]
    assert "first and second order" in generated.facts("sum")[-1]
    assert generated.facts("argmax")[-1] == "It has no derivative: gradients end here."
    assert generated.facts("zeros")[-1] == ""
    assert generated.facts("no_such_op") == []
    assert "   | ``elu(float32 (4, 5), alpha=0.3) -> float32 (4, 5)``" in generated.page("activations").splitlines()
    with_facts = [name for name in ops.__dict__ if generated.facts(name)]
    assert len(with_facts) > 270


@pytest.mark.parametrize("module", [layers, optimizers], ids=lambda module: module.__name__)
def test_every_class_of_a_module_is_in_the_reference(generated, module):
    found = listed(generated.page(module.__name__.partition(".")[2])) | listed(generated.page("arraynet"))
    for name, thing in vars(module).items():
        if isinstance(thing, type) and not name.startswith("_") and thing.__module__.startswith("arraynet"):
            assert {f"{module.__name__}.{name}", f"arraynet.{name}"} & found, name


def test_every_name_of_the_top_is_in_the_reference(generated):
    names = {n for n in arraynet.__all__ if n != "testing" and not isinstance(getattr(arraynet, n), ModuleType)}
    assert {f"arraynet.{name}" for name in names} == listed(generated.page("arraynet"))


def test_every_public_module_has_a_page(generated):
    public = {n for n in arraynet.__all__ if isinstance(getattr(arraynet, n), ModuleType)}
    assert public | {"arraynet", "backend"} <= set(generated.modules(DOCS))


SHARED = "`Layer`|`Merge`|`Loss`|`Metric`"
DESCRIBED = ["layers", "activations", "initializers", "losses", "metrics", "regularizers", "optimizers", "callbacks"]
DESCRIBED += ["models", "datasets", "random", "saving", "utils", "config", "backend"]


@pytest.mark.parametrize("name", DESCRIBED)
def test_every_parameter_is_named_in_the_reference(generated, name):
    """Or the class that describes it for all of its kind; one that is alone needs no name."""
    module = importlib.import_module(f"arraynet.{name}")
    for thing in (getattr(module, public) for public in generated.public(module)):
        parameters = inspect.signature(thing).parameters.values()
        named = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        missing = [p for p in named if not re.search(rf"\b{p}\b", thing.__doc__)]
        assert not missing or len(named) == 1 or re.search(SHARED, thing.__doc__), (thing, missing)


@pytest.mark.parametrize("name", ["ops", *DESCRIBED])
def test_no_initial_of_an_author_begins_a_list(generated, name):
    """To reStructuredText, a paragraph that begins with ``D. Misra`` is the fourth item of a list."""
    module = importlib.import_module(f"arraynet.{name}")
    for thing in (getattr(module, public) for public in generated.public(module)):
        assert not re.search(r"\n\n *[A-Z]\. ", thing.__doc__), thing


def test_the_page_of_tolerances_has_every_row(generated):
    lines = generated.tolerance_page().splitlines()
    assert sum(line.startswith("| `") for line in lines) == len(tolerances.table())


def test_the_picture_is_drawn_from_training(monkeypatch, tmp_path):
    pytest.importorskip("matplotlib", reason="the picture needs matplotlib: pip install 'arraynet[plot]'")
    small = tuple((x[:ROWS], y[:ROWS]) for x, y in mnist.load_data())
    monkeypatch.setattr(mnist, "load_data", lambda: small)
    script = loaded(DOCS / "draw_first_look.py")
    script.main(tmp_path / "picture.png", epochs=1)
    assert (tmp_path / "picture.png").read_bytes()[:4] == b"\x89PNG" == script.TARGET.read_bytes()[:4]
