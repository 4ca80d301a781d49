"""Toy plugins, each installed as a distribution of its own: what is wrong with one is found, and hurts no other."""

import importlib

import numpy as np
import pytest

import arraynet
from arraynet import Variable, ops, plugins
from arraynet.backend import CONTRACT
from arraynet.testing import check_backend
from arraynet.testing.cases import cases_of

HEAD = """
import numpy as np
from arraynet.backend import Backend, Namespace, NumPyBackend

class Toy(NumPyBackend):
    name = "{name}"
"""

# The name of a plugin: what its class says besides, the ops to check, and what the kit must find.
FLAWS = {
    "wrong-gradient": (
        "    kernels = {'cos': lambda x: -np.cos(x)}",
        "sin",
        "sin: float32: gradient 0 differs",
    ),
    "missing-primitive": (
        "    class Poor(Namespace):\n"
        "        def __getattr__(self, name):\n"
        "            if name == 'sinh':\n"
        "                raise AttributeError('there is no sinh here')\n"
        "            return super().__getattr__(name)\n"
        "    xp = Poor(np)",
        "sinh",
        "there is no sinh here",
    ),
    "kernel-of-no-op": ("    kernels = {'sine': np.sin}", "sin", "kernel 'sine': there is no op of this name"),
    "writes-to-its-input": (
        "    kernels = {'exp': lambda x: np.exp(x, out=x)}",
        "exp",
        "kernel 'exp' writes to its input 0",
    ),
    "another-signature": (
        "    kernels = {'max': lambda x, dim=None, keepdims=False: np.max(x, axis=dim, keepdims=keepdims)}",
        "max",
        "its op's generic form takes",
    ),
    "widens": (
        "    kernels = {'exp': lambda x: np.exp(x.astype('float64'))}",
        "exp",
        "exp: float32: value 0 is float64",
    ),
    "hides-nan": (
        "    kernels = {'exp': lambda x: np.where(np.isnan(x), x.dtype.type(0), np.exp(x))}",
        "exp",
        "from NaN, infinities and zeros",
    ),
    "half-a-copy": (
        "    class Later:\n"
        "        def __init__(self, make): self.make = make\n"
        "        def __add__(self, other): return Toy.Later(lambda: self.make() + other.make())\n"
        "    array_types = (Later, np.ndarray)\n"
        "    def asarray(self, x, dtype=None): return Toy.Later(lambda: np.array(x, dtype))\n"
        "    def to_numpy(self, x): return x.make() if isinstance(x, Toy.Later) else x",
        None,
        "a result changes when the host array that it was computed from is written to afterwards",
    ),
}


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a distribution with one backend: a module, and the metadata that pip writes."""
    monkeypatch.setattr(plugins, "_loaded", {"numpy": plugins.load("numpy")})
    monkeypatch.setattr(plugins, "_default", None)

    def installed(name, body, distribution=None):
        distribution = distribution or f"toy-{name}"
        folder = tmp_path / distribution
        module = distribution.replace("-", "_")
        info = folder / f"{module}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{module}.py").write_text(body)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{plugins.GROUP}]\n{name} = {module}:Toy\n")
        monkeypatch.syspath_prepend(folder)
        importlib.invalidate_caches()
        plugins._points.cache_clear()

    yield installed
    monkeypatch.undo()
    plugins._points.cache_clear()


def toy(name, body="    pass"):
    return HEAD.format(name=name) + body + "\n"


def assert_others_work():
    for name in ("numpy", "fine", "strict"):
        with arraynet.use_backend(name):
            assert float(ops.sum(ops.ones(3) * 2)) == 6


def test_a_mistyped_op_is_no_success():
    with pytest.raises(ValueError, match=r"No op is called 'expp'\. Did you mean 'exp'"):
        cases_of("expp")


def test_a_faultless_plugin_passes(install):
    install("fine", toy("fine", "    kernels = {'exp': lambda x: np.exp(x)}"))
    report = check_backend("fine", cases_of("exp"))
    assert report.ok, str(report)
    assert {row.path for row in report.rows} == {"native"}
    assert "fine" in arraynet.available_backends()
    assert_others_work()


@pytest.mark.parametrize("flaw", FLAWS)
def test_the_kit_finds(flaw, install):
    body, op, text = FLAWS[flaw]
    install(flaw, toy(flaw, body))
    install("fine", toy("fine"))
    failures = check_backend(flaw, cases_of(op) if op else []).failures
    assert any(text in failure for failure in failures), failures
    assert_others_work()


def test_a_misspelt_name(install):
    install("fine", toy("fine"))
    with pytest.raises(ValueError, match=r"Unknown backend 'fin'. Installed: .*fine.*numpy.*Did you mean 'fine'\?"):
        arraynet.set_backend("fin")
    assert_others_work()


def test_a_plugin_that_raises_at_import(install):
    install("old-driver", "raise OSError('driver 470 is too old, 525 is needed')\n")
    install("fine", toy("fine"))
    for _ in range(2):
        with pytest.raises(OSError, match="driver 470 is too old") as caught:
            arraynet.set_backend("old-driver")
        assert "loaded the backend 'old-driver'; other backends are not affected" in caught.value.__notes__[0]
        assert_others_work()


def test_two_plugins_of_one_name(install):
    install("twin", toy("twin"), "toy-first")
    install("twin", toy("twin"), "toy-second")
    install("fine", toy("fine"))
    with pytest.raises(ValueError, match=r"Two plugins call themselves 'twin'.*Uninstall one") as caught:
        arraynet.set_backend("twin")
    assert "toy-first (toy_first:Toy)" in str(caught.value)
    assert "toy-second (toy_second:Toy)" in str(caught.value)
    assert plugins.load("toy_second:Toy").name == "twin"
    assert_others_work()


def test_a_plugin_for_another_contract(install):
    install("future", toy("future", "    contract = 99"))
    install("fine", toy("fine"))
    with pytest.raises(ValueError, match=f"contract 99, this arraynet has {CONTRACT}.*matching versions"):
        arraynet.set_backend("future")
    assert_others_work()


def test_tensors_of_two_backends(install):
    install("fine", toy("fine"))
    here, there = ops.ones(3), ops.ones(3).to("fine")
    with pytest.raises(ValueError, match=r"'numpy' and 'fine'. Move one of them: x.to\(\"fine\"\)"):
        here + there
    model = arraynet.Sequential([arraynet.layers.Input((3,)), arraynet.layers.Dense(2)]).to("fine")
    with pytest.raises(ValueError, match="'numpy' and 'fine'"):
        model(ops.ones((1, 3)))
    assert model(np.ones((1, 3))).backend.name == "fine"
    assert_others_work()


def test_host_arrays_may_be_written_to_at_once(other):
    for name in ("numpy", other):
        with arraynet.use_backend(name):
            host = np.ones((300, 300), "float32")
            kept = ops.convert_to_tensor(host), Variable(host), ops.exp(host), ops.array([1.0]).to(other)
            variable = Variable(np.zeros((300, 300), "float32"))
            variable.assign(host)
            host[...] = np.nan
            for value in (*kept, variable):
                assert np.isfinite(value.numpy()).all()
