"""Backends are found by name, refused with an error that helps, and never disturb each other."""

import subprocess
import sys
import threading
from importlib.metadata import EntryPoint

import pytest

import arraynet
from arraynet import ops, plugins
from arraynet.backend import CONTRACT, NumPyBackend

MODULE = """
from arraynet.backend import Backend, NumPyBackend

class Good(NumPyBackend):
    name = "good"

class Future(NumPyBackend):
    name, contract = "future", 99

    def __init__(self):
        raise AssertionError("a backend of another contract is not even made")

class NoDevice(NumPyBackend):
    def __init__(self):
        raise OSError("no device found")

class Nameless(Backend):
    array_types = ()

class Shelf:
    instance = Good()

number = 3
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs plugins: pairs of a name and what the entry point says."""
    (tmp_path / "toyplugin.py").write_text(MODULE)
    (tmp_path / "broken.py").write_text("raise RuntimeError('driver too old')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(plugins, "_loaded", {"numpy": plugins.load("numpy")})
    monkeypatch.setattr(plugins, "_default", None)

    def installed(*pairs):
        points = [EntryPoint(name, value, plugins.GROUP) for name, value in pairs]
        monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points)
        plugins._points.cache_clear()

    yield installed
    monkeypatch.undo()
    plugins._points.cache_clear()
    for name in ("toyplugin", "broken"):
        sys.modules.pop(name, None)


def test_an_installed_backend_is_listed_and_loaded_once(install):
    install(("good", "toyplugin:Good"))
    assert arraynet.available_backends() == ["good", "numpy"]
    with arraynet.use_backend("good"):
        assert arraynet.get_backend() == "good"
        assert ops.ones(2).backend is plugins.load("good")


def test_a_misspelt_name(install):
    install(("good", "toyplugin:Good"))
    with pytest.raises(ValueError, match=r"Unknown backend 'goood'. Installed: good, numpy. Did you mean 'good'\?"):
        arraynet.set_backend("goood")
    assert arraynet.get_backend() == "numpy"


@pytest.mark.parametrize("name", ["numba", "naive", "cupy", "strict"])
def test_an_official_backend_that_is_not_installed(install, name):
    install()
    with pytest.raises(ValueError, match="pip install"), arraynet.use_backend(name):
        pass


def test_a_plugin_that_fails_to_import_raises_its_own_error_and_hurts_nobody(install):
    install(("bad", "broken:Backend"), ("good", "toyplugin:Good"))
    assert arraynet.available_backends() == ["bad", "good", "numpy"]
    with pytest.raises(RuntimeError, match="driver too old") as caught:
        arraynet.set_backend("bad")
    assert "loaded the backend 'bad'" in caught.value.__notes__[0]
    assert float(ops.sum(ops.ones(3))) == 3
    arraynet.set_backend("good")
    assert arraynet.get_backend() == "good"


def test_a_backend_that_cannot_run_here_says_so_itself(install):
    install(("gpu", "toyplugin:NoDevice"))
    with pytest.raises(OSError, match="no device found"):
        plugins.load("gpu")


def test_a_missing_module_is_named(install):
    install(("gone", "uninstalled_module:Backend"))
    with pytest.raises(ModuleNotFoundError, match="uninstalled_module"):
        plugins.load("gone")


def test_two_plugins_of_one_name(install):
    install(("twin", "toyplugin:Good"), ("twin", "broken:Backend"), ("good", "toyplugin:Good"))
    with pytest.raises(ValueError, match=r"Two plugins call themselves 'twin'.*toyplugin:Good.*broken:Backend"):
        plugins.load("twin")
    assert plugins.load("good").name == "good"
    assert plugins.load("toyplugin:Good").name == "good"


def test_one_plugin_seen_twice_on_the_path_is_one(install):
    install(("good", "toyplugin:Good"), ("good", "toyplugin:Good"))
    assert plugins.load("good").name == "good"


def test_a_plugin_cannot_take_the_name_of_the_reference(install):
    install(("numpy", "broken:Backend"))
    assert type(plugins.load("numpy")) is NumPyBackend


def test_another_contract_is_refused(install):
    install(("future", "toyplugin:Future"))
    with pytest.raises(ValueError, match=f"contract 99, this arraynet has {CONTRACT}.*matching versions"):
        plugins.load("future")


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        ("toyplugin:number", TypeError, "names 3; expected an instance or subclass"),
        ("toyplugin:Shelf", TypeError, "expected an instance or subclass"),
        ("toyplugin:Nameless", TypeError, "lacks name, xp"),
        ("toyplugin:missing", ValueError, "no attribute 'missing'"),
        ("toyplugin:", ValueError, "expected 'module:attribute'"),
        (":Good", ValueError, "expected 'module:attribute'"),
        ("unheard-of", ValueError, "Others are plugins: pip install arraynet-numba; .*backend.md"),
        ("nowhere:Backend", ModuleNotFoundError, "nowhere"),
    ],
)
def test_what_a_module_and_attribute_can_get_wrong(install, value, error, text):
    with pytest.raises(error, match=text):
        plugins.load(value)


def test_module_and_attribute(install):
    install(("good", "toyplugin:Good"))
    assert plugins.load("toyplugin:Shelf.instance").name == "good"
    assert plugins.load("toyplugin:Good") is plugins.load("good"), "one class is one backend"
    with arraynet.use_backend("toyplugin:Good"):
        assert float(ops.exp(ops.zeros(()))) == 1


def test_a_backend_itself_is_checked_too():
    class Old(NumPyBackend):
        contract = 0

    with pytest.raises(ValueError, match="contract 0"), arraynet.use_backend(Old()):
        pass
    with pytest.raises(TypeError, match=r"chosen by name, .* received 3"):
        arraynet.set_backend(3)


def test_the_environment_is_read_at_first_use(install, monkeypatch):
    install(("good", "toyplugin:Good"))
    monkeypatch.setenv("ARRAYNET_BACKEND", "good")
    assert arraynet.get_backend() == "good"


def test_a_wrong_environment_is_an_error_and_stays_one(install, monkeypatch):
    monkeypatch.setenv("ARRAYNET_BACKEND", "nunpy")
    for _ in range(2):
        with pytest.raises(ValueError, match="Did you mean 'numpy'") as caught:
            ops.ones(2)
        assert "ARRAYNET_BACKEND" in caught.value.__notes__[0]
    arraynet.set_backend("numpy")
    assert arraynet.get_backend() == "numpy"


def test_use_backend_is_of_one_thread_and_set_backend_of_all(install):
    install(("good", "toyplugin:Good"))
    seen = []

    def look():
        seen.append(arraynet.get_backend())

    def in_thread():
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    with arraynet.use_backend("good"):
        in_thread()
    arraynet.set_backend("good")
    in_thread()
    assert seen == ["numpy", "good"]


def test_use_backend_is_restored_after_an_error():
    with pytest.raises(KeyError), arraynet.use_backend("strict"):
        raise KeyError
    assert arraynet.get_backend() == "numpy"


def test_threads_that_load_at_once_share_one_backend(install):
    install(("good", "toyplugin:Good"))
    barrier, found = threading.Barrier(4), []

    def load():
        barrier.wait()
        found.append(plugins.load("good"))

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1


def test_no_plugin_is_imported_before_it_is_asked_for():
    code = "import sys, arraynet; arraynet.available_backends(); sys.exit('array_api_strict' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
