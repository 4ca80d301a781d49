"""CuPy for the tests: on the CPU host, or on a device with ``-m gpu``; skipped, with the reason, without either."""

import numpy as np
import pytest
from support import gpu

import arraynet
from arraynet import Variable, ops
from arraynet.program import jit


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


@pytest.fixture
def graphs(on_cupy):
    from arraynet_cupy import graphs

    return graphs


@pytest.fixture
def counter(graphs):
    """A captured function that changes a Variable, recorded already; the Variable; and the runner."""
    v = Variable(np.zeros((3, 5), "float32"))

    @jit
    def step(x):
        y = ops.sum(ops.softmax(x) * ops.exp(x), axis=0)
        v.assign_add(ops.tanh(ops.matmul(ops.ones((3, 3)), x) * y) * 0 + 1)
        return ops.sum(v.value, axis=1)

    x = ops.array(np.ones((3, 5), "float32"))
    for _ in range(graphs.OFTEN + 2):
        step(x)
    run = gpu.runner(step)
    assert (run.recordings, run.reason) == (1, "")
    return lambda: step(x), v, run
