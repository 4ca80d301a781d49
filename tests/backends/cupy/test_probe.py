"""What is in the way of a GPU is said in words that help: each state is made here, with a driver of our own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import arraynet

pytest.importorskip("arraynet_cupy", reason="the plugin arraynet-cupy is not installed")
STUB = Path(__file__).parent / "libcuda.c"


@pytest.fixture
def module(monkeypatch):
    from arraynet_cupy import probe

    module = sys.modules[probe.__module__]
    monkeypatch.setitem(arraynet.plugins._loaded, "cupy", None)
    del arraynet.plugins._loaded["cupy"]
    return module


def said(folder=None):
    """The code and message of a process of its own, in which nothing stands below CuPy."""
    code = (
        "from arraynet_cupy import UnavailableError, probe\n"
        "try: probe()\nexcept UnavailableError as error: print(error.code, error, sep='|')"
    )
    environment = {k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"}
    if folder:
        environment["LD_LIBRARY_PATH"] = str(folder)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    return done.stdout.strip().split("|"), done.stderr


@pytest.fixture
def driver(cupy, host, tmp_path):
    """A function that makes a driver and returns the folder that it is in."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed, which makes a driver that does not work")

    def make(version, result):
        target = tmp_path / "libcuda.so.1"
        options = [f"-DVERSION={version}", f"-DRESULT={result}", "-shared", "-fPIC", "-o", target]
        subprocess.run(["gcc", STUB, *options], check=True)
        return tmp_path

    return make


def test_no_driver(cupy, host):
    (code, message), printed = said()
    assert code == "no-driver"
    assert "libcuda.so.1 cannot be loaded" in message
    assert "docker run --gpus all" in message
    assert printed == ""


def test_an_old_driver(driver):
    (code, message), _ = said(driver(11040, 0))
    assert code == "old-driver"
    assert "made for CUDA 11.4" in message
    assert "Update the driver" in message


def test_no_device(driver):
    (code, message), _ = said(driver(12090, 100))
    assert code == "no-device"
    assert "CUDA_VISIBLE_DEVICES" in message


def test_no_libraries(module, monkeypatch, cupy, host):
    def lacking():
        raise RuntimeError('Failure finding "libnvrtc.so.12": No such file\nin any of these folders')

    monkeypatch.setattr(cupy.cuda.nvrtc, "getVersion", lacking)
    with pytest.raises(module.UnavailableError, match=r"pip install 'cupy-cuda12x\[ctk\]'") as caught:
        arraynet.set_backend("cupy")
    assert caught.value.code == "no-libraries"
    assert "libnvrtc.so.12" in str(caught.value)


def test_cupy_is_missing(module, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr(module, "packages_distributions", dict)
    with pytest.raises(module.UnavailableError, match=r"pip install 'arraynet-cupy\[cuda12\]'") as caught:
        arraynet.set_backend("cupy")
    assert caught.value.code == "missing"
    assert "other backends are not affected" in caught.value.__notes__[0]
    assert arraynet.get_backend() == "numpy"


def test_both_wheels_are_installed(module, monkeypatch):
    monkeypatch.setattr(module, "packages_distributions", lambda: {"cupy": ["cupy-cuda13x", "cupy-cuda12x"]})
    with pytest.raises(module.UnavailableError, match="pip uninstall cupy-cuda12x cupy-cuda13x") as caught:
        arraynet.set_backend("cupy")
    assert caught.value.code == "duplicate"


def test_the_reason_is_in_the_table_of_backends(host):
    command, environment = [sys.executable, "-m", "arraynet", "backends"], os.environ | {"COLUMNS": "250"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert "there is no NVIDIA driver" in done.stdout


def test_importing_the_plugin_does_not_import_cupy():
    code = "import sys, arraynet_cupy; assert 'cupy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
