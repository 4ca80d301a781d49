"""CuPy for the tests: on the CPU host, or on a device with ``-m gpu``; skipped, with the reason, without either."""

import numpy as np
import pytest
from support import gpu

import arraynet


@pytest.fixture
def on_device(request):
    """Skip where CuPy cannot run; with ``-m gpu`` these tests run on the device."""
    if reason := gpu.why_not(request.config):
        pytest.skip(reason)


@pytest.fixture
def cupy(on_device):
    """The library."""
    import cupy

    return cupy


@pytest.fixture
def on_cupy(on_device):
    """Make it the current backend."""
    with arraynet.use_backend("cupy"):
        yield "cupy"


@pytest.fixture
def plainly(on_cupy, monkeypatch):
    """Replay programs kernel by kernel, however often."""
    from arraynet_cupy import graphs

    monkeypatch.setattr(graphs, "OFTEN", 1 << 30)


@pytest.fixture
def host(request, cupy):
    """The host device, for tests of what only it can see."""
    if gpu.on_device(request.config):
        pytest.skip("it looks into the host device, and this run is on a GPU")
    import cupy_host

    return cupy_host


@pytest.fixture
def counted(host):
    """A function that calls another and returns what happened on the device meanwhile."""

    def count(f, *args):
        before = host.counts.copy()
        f(*args)
        return {name: n - before[name] for name, n in host.counts.items() if n != before[name]}

    return count


@pytest.fixture
def near():
    """Compare an array of any kind with a NumPy array, as close as rounding in its dtype allows."""

    def compare(found, expected, dtype="float32"):
        found = found.get() if hasattr(found, "get") else np.asarray(found)
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        allowed = {"float16": 1e-2, "float32": 1e-5, "float64": 1e-12}.get(dtype, 0.0)
        np.testing.assert_allclose(found, expected, rtol=allowed, atol=allowed)

    return compare
