"""Every test runs on a named backend where it asks for one, and leaves no global state behind."""

import os

import numpy as np
import pytest

import arraynet
from arraynet import config, naming, random

os.environ.pop("ARRAYNET_BACKEND", None)
BACKENDS = ("numpy", "strict")


def pytest_addoption(parser):
    parser.addoption("--backend", action="append", help="run only on this backend; may be repeated")


def pytest_generate_tests(metafunc):
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", metafunc.config.getoption("--backend") or BACKENDS, indirect=True)


@pytest.fixture
def backend(request):
    """The name of the current backend, each in turn."""
    with arraynet.use_backend(request.param):
        yield request.param


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
