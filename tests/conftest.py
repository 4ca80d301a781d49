"""Every test runs on a named backend where it asks for one, and leaves no global state behind."""

import os
from pathlib import Path

import numpy as np
import pytest
from support import gpu

import arraynet
from arraynet import config, naming, random

os.environ.pop("ARRAYNET_BACKEND", None)
# Loops are compiled once for all tests, workers and runs; their names are hashes of what they contain.
os.environ.setdefault("ARRAYNET_NUMBA_CACHE", str(Path(__file__).parents[1] / ".pytest_cache" / "numba"))
BACKENDS = ("numpy", "strict")
NEED_DEVICE = ("cupy",)  # left to --backend cupy, but for what tests/backends/cupy runs: its kernels compile slowly


def pytest_addoption(parser):
    parser.addoption("--backend", action="append", help="run only on this backend; may be repeated")


def pytest_configure(config):
    gpu.prepare(config)


def pytest_report_header(config):
    return gpu.header(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    gpu.mark(config, items)


def pytest_terminal_summary(terminalreporter, config):
    gpu.record(config, terminalreporter)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """What only a GPU can run is skipped, and says so."""
    try:
        return (yield)
    except Exception as error:
        if lacking := gpu.limit(error):
            pytest.skip(lacking)
        raise


def pytest_generate_tests(metafunc):
    chosen = metafunc.config.getoption("--backend")
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", chosen or BACKENDS, indirect=True)
    if "other" in metafunc.fixturenames:
        installed = [name for name in arraynet.available_backends() if name not in NEED_DEVICE]
        others = [name for name in chosen or installed if name != "numpy"]
        metafunc.parametrize("other", others, indirect=True)


def _require(request):
    if request.param in NEED_DEVICE and (reason := gpu.why_not(request.config)):
        pytest.skip(reason)


@pytest.fixture
def backend(request):
    """The name of the current backend, each in turn."""
    _require(request)
    with arraynet.use_backend(request.param):
        yield request.param


@pytest.fixture
def other(request):
    """The name of each installed backend but the reference; those that need a GPU are left out where there is none."""
    _require(request)
    arraynet.plugins.load(request.param)
    return request.param


@pytest.fixture(autouse=True)
def _fresh():
    config.set_seed(1234)
    random.reset_streams()
    naming.reset_names()
    np.random.seed(0)  # noqa: NPY002 (nothing may depend on it)
    yield
    config.set_floatx("float32")
    config.set_epsilon(1e-7)
    config.set_crossentropy("logits")
    config.set_kernels("fused")
