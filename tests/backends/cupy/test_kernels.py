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
    x, narrow = cupy.ones((3, 4)), cupy.ones((3, 4), "float32")
    for name, *given in (
        ("softmax", x[:, :0]),
        ("layer_normalization", x, narrow[0]),
        ("layer_normalization", x, None, narrow[0]),
        ("softmax_crossentropy", x, narrow),
        ("softmax_crossentropy", x, x[:1]),
        ("sparse_softmax_crossentropy", x, cupy.zeros(2, "int32")),
    ):
        assert registry[name].run(*given) is NotImplemented, name
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


SHAPES = [(3,), (0, 4), (), (5, 7), (1,), (300_001,)]


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32", "float64"])
def test_many_arrays_are_copied_at_once(cupy, on_device, dtype):
    from arraynet_cupy.copies import copy, copy_all

    rng = np.random.default_rng(0)
    sources = [cupy.asarray(rng.integers(0, 99, shape).astype(dtype)) for shape in SHAPES * 40]
    targets = [cupy.zeros_like(x) for x in sources]
    long = cupy.asarray(rng.integers(0, 99, 4000).astype(dtype))
    for first in (1, 3):  # off the words' edges
        sources.append(long[first : first + 1001])
        targets.append(cupy.zeros(1005, dtype)[4:])
    grid = cupy.asarray(rng.integers(0, 99, (6, 8)).astype(dtype))
    for view in (grid.T, grid[:, ::2], grid[::-1], cupy.broadcast_to(grid[:1], (5, 8))):
        sources.append(view)
        targets.append(cupy.zeros(view.shape, dtype))
    sources.append(cupy.asfortranarray(grid))
    targets.append(cupy.asfortranarray(cupy.zeros_like(grid)))
    copy_all(sources, targets)
    for x, y in zip(sources, targets, strict=True):
        np.testing.assert_array_equal(y.get(), x.get())
        y.fill(0)
        copy(x, y)
        np.testing.assert_array_equal(y.get(), x.get())
    copy_all([], [])


def test_take_is_that_of_cupy_whatever_it_is_given(cupy, on_device):
    import array_api_compat.cupy as compat
    from arraynet_cupy.gather import take

    x = cupy.arange(60, dtype="float32").reshape(5, 4, 3)
    indices = [np.array([0, 4, -1, -5]), np.array([], "int64"), np.array([7, -8]), np.array([1, 2], "int32")]
    for array in (x, x[:, ::2], x.T, x.astype("uint8"), x[:, :0], x[0, 0]):
        for index in map(cupy.asarray, indices):
            for axis in (k for k, n in enumerate(array.shape) if n):
                found, expected = take(array, index, axis=axis), compat.take(array, index, axis=axis)
                assert found.dtype == expected.dtype
                np.testing.assert_array_equal(found.get(), expected.get())
    square = cupy.asarray([[0, 1], [2, 3]])
    np.testing.assert_array_equal(take(x, square, axis=0).get(), x[:4].get().reshape(2, 2, 4, 3))
    np.testing.assert_array_equal(take(x, [1, 0], axis=0).get(), x[1::-1].get())


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_words_begin_anywhere(cupy, on_device, bits):
    from arraynet_cupy.words import random_words

    from arraynet.words import host_words

    for start in (0, 1, 7, 2**31 + 3, 2**62 + 5, 2**63 + 1, 2**64 + 9):
        expected = host_words((7, 11), start, 9, bits)
        np.testing.assert_array_equal(random_words((7, 11), start, 9, bits).get(), expected)
        if start < 2**63:  # as a recorded program has it
            np.testing.assert_array_equal(random_words((7, 11), cupy.asarray(start), 9, bits).get(), expected)
    np.testing.assert_array_equal(random_words((7, 11), np.int64(3), 9, bits).get(), host_words((7, 11), 3, 9, bits))
