"""Kernels written by hand, from the registry: against NumPy, within bounds, in either order of threads."""

import numpy as np
import pytest

from arraynet.normals import host_normals
from arraynet.testing.kernels import signature_problem

pytest.importorskip("arraynet_cupy", reason="the plugin arraynet-cupy is not installed")

NAMES = {
    "softmax": ("float32", "float64"),
    "log_softmax": ("float32", "float64"),
    "softmax_crossentropy": ("float32", "float64"),
    "sparse_softmax_crossentropy": ("float32", "float64"),
    "layer_normalization": ("float32", "float64"),
    "batch_normalization": ("float32", "float64"),
    "take_rows": ("float32", "float64", "int32", "int64"),
    "index_add": ("float32", "float64", "int32", "uint32", "int64", "uint64"),
    "philox": ("uint8", "uint16", "uint32", "uint64"),
    "normals": ("float64",),
}
EACH = [(name, dtype) for name, dtypes in NAMES.items() for dtype in dtypes]


@pytest.fixture
def registry(on_device):
    import arraynet_cupy.backend  # noqa: F401
    from arraynet_cupy import gather, native, scatter, words  # noqa: F401
    from arraynet_cupy.registry import REGISTRY

    return REGISTRY


def entered(cupy, x):
    """An argument on the device, in the layout that it has here."""
    if not isinstance(x, np.ndarray) or x.flags.c_contiguous:
        return cupy.asarray(x) if isinstance(x, np.ndarray) else x
    if x.flags.f_contiguous:
        return cupy.asfortranarray(cupy.asarray(x))
    return cupy.repeat(cupy.asarray(np.ascontiguousarray(x)), 2, axis=-1)[..., ::2]


def test_the_list_is_complete(registry):
    assert {name: kernel.dtypes for name, kernel in registry.items()} == NAMES


def test_those_of_ops_have_their_ops_signature(registry):
    from arraynet_cupy.native import KERNELS

    assert [text for text in (signature_problem(op, kernel) for op, kernel in KERNELS.items()) if text] == []


@pytest.mark.parametrize(("name", "dtype"), EACH)
def test_equals_numpy(cupy, registry, near, name, dtype):
    kernel = registry[name]
    for args in kernel.samples(dtype):
        near(kernel.run(*[entered(cupy, a) for a in args]), kernel.reference(*args), dtype)


@pytest.mark.parametrize(("name", "dtype"), EACH)
def test_stays_within_bounds_in_either_thread_order(cupy, host, registry, near, name, dtype):
    kernel = registry[name]
    with host.guarded(), host.reversed_threads():
        for args in kernel.samples(dtype):
            near(kernel.run(*[entered(cupy, a) for a in args]), kernel.reference(*args), dtype)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmax_crossentropy", "layer_normalization"])
def test_special_values_survive(cupy, registry, name):
    x = np.array([[np.nan, 1, 2], [np.inf, 0, 1], [-np.inf, 0, 1], [-np.inf] * 3, [-0.0, 0.0, 1e-42]], "float32")
    kernel = registry[name]
    more = next(iter(kernel.samples("float32")))[1:]
    args = (x, *(None if a is None or a.ndim < 2 else np.ones_like(x) for a in more))
    with np.errstate(all="ignore"):
        expected = kernel.reference(*args)
    found = cupy.asnumpy(kernel.run(*[entered(cupy, a) for a in args]))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_ops_decline_what_their_kernels_do_not_cover(cupy, registry):
    x = cupy.ones((3, 4), "float16")
    assert registry["softmax"].run(x) is NotImplemented
    assert registry["softmax"].run(cupy.ones((3, 4), "float32"), axis=0) is NotImplemented
    assert registry["layer_normalization"].run(cupy.ones((3, 4)), cupy.ones((3, 1))) is NotImplemented
    batch, x, v = registry["batch_normalization"].run, cupy.ones((3, 4)), cupy.ones(4)
    for given in ((x, v, v.astype("float32")), (x, v[:3], v[:3]), (x, x[:1], x[:1]), (x, v[0], v[0]), (x, v, v, v[:1])):
        assert batch(*given) is NotImplemented


def test_narrow_dtypes_are_scattered_in_wider_ones(cupy, registry):
    x = cupy.ones((3, 2), "float16")
    y = registry["index_add"].run(x, cupy.asarray([1, 1]), x[:2])
    assert y.dtype == "float16"
    assert cupy.asnumpy(y).tolist() == [[1, 1], [3, 3], [1, 1]]


def test_random_numbers_need_no_upload(counted, registry):
    assert counted(registry["philox"].run, (7, 11), 3, 100, 16) == {"launches": 1}
    assert counted(registry["normals"].run, (7, 11), 3, 100, 0.0, 1.0) == {"launches": 1}


def test_normal_numbers_are_the_same_bits(cupy, registry):
    found, expected = (f((7, 11), 5, 100_000, 0.0, 1.0) for f in (registry["normals"].run, host_normals))
    assert cupy.asnumpy(found).tobytes() == expected.tobytes()
