"""The contract is enough: backends written from it alone pass the whole conformance kit."""

import math
import types

import numpy as np
import pytest

import arraynet
from arraynet import ops
from arraynet.backend import CONTRACT, ArrayAPIBackend, Backend, Namespace, NumPyBackend, dtype_of
from arraynet.plugins import load
from arraynet.testing import check_backend


# A third-party backend, written from arraynet.backend's contract: arrays of a class of its own, which is no
# ndarray and converts to none by itself.
class Box:
    def __init__(self, data):
        self.data = np.asarray(data)

    shape, ndim, dtype = (
        property(lambda self, name=name: getattr(self.data, name)) for name in ("shape", "ndim", "dtype")
    )

    def __getitem__(self, key):
        return Box(self.data[key])

    def __array__(self, *args, **kwargs):
        raise TypeError("a Box is not opened from outside")

    __bool__ = __float__ = __int__ = __index__ = __len__ = __array__


def opened(x):
    if isinstance(x, tuple | list):
        return type(x)(map(opened, x))
    return x.data if isinstance(x, Box) else x


def boxed(x):
    if isinstance(x, tuple | list):
        return tuple(map(boxed, x))
    return Box(x) if isinstance(x, np.ndarray | np.generic) else x


def operator(name):
    def apply(self, *others):
        return boxed(getattr(self.data, name)(*map(opened, others)))

    return apply


ARITHMETIC = (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
)
for short in (*ARITHMETIC, *(f"r{name}" for name in ARITHMETIC)):
    setattr(Box, f"__{short}__", operator(f"__{short}__"))
for short in ("lt", "le", "gt", "ge", "eq", "ne", "neg", "pos", "abs", "invert"):
    setattr(Box, f"__{short}__", operator(f"__{short}__"))


class Boxes:
    """NumPy's functions, of Boxes."""

    def __init__(self, module=np):
        self.module = module

    def __getattr__(self, name):
        value = getattr(self.module, name)
        if name in ("linalg", "fft"):
            return Boxes(value)
        if isinstance(value, type) or not callable(value):
            return value
        return lambda *args, **kwargs: boxed(value(*opened(args), **{k: opened(v) for k, v in kwargs.items()}))


class BoxBackend(Backend):
    name, xp, array_types = "boxes", Boxes(), (Box,)

    def asarray(self, x, dtype=None):
        return Box(np.asarray(opened(x), dtype))

    def to_numpy(self, x):
        return x.data

    def guard(self):
        return np.errstate(all="ignore")


def test_a_backend_of_a_foreign_array_class_conforms():
    report = check_backend(BoxBackend())
    assert report.ok, str(report)


def test_any_array_api_namespace_is_a_backend():
    class Quiet(ArrayAPIBackend):
        def guard(self):
            return np.errstate(all="ignore")

    report = check_backend(Quiet(np, name="plain"))
    assert report.ok, str(report)


def test_a_network_trains_on_a_foreign_backend():
    with arraynet.use_backend(BoxBackend()):
        w = arraynet.Variable(np.zeros((3, 1), "float32"))
        x = ops.array(np.float32([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]))
        y = ops.array(np.float32([[1], [2], [3], [6]]))
        losses = []
        for _ in range(50):
            with arraynet.GradientTape() as tape:
                error = ops.matmul(x, w) - y
                loss = ops.mean(error * error)
            losses.append(float(loss))
            w.assign_sub(0.5 * tape.gradient(loss, w))
    assert isinstance(w.read().array, Box)
    assert losses[-1] < 1e-3 * losses[0]


def test_defaults_of_the_contract():
    backend = BoxBackend()
    assert backend.contract == CONTRACT
    assert backend.kernels == {}
    assert backend.describe() == "boxes"
    assert backend.memory_info() is None
    assert backend.synchronize() is None
    assert backend.compile_program(None) is NotImplemented
    with Backend().guard():
        pass
    for door in (Backend().asarray, Backend().to_numpy):
        with pytest.raises(NotImplementedError):
            door(1)


def test_a_plain_module_becomes_a_namespace():
    backend = BoxBackend()
    backend.xp = Boxes()
    assert isinstance(load(backend).xp, Namespace)


def test_descriptions_name_the_library():
    assert load("numpy").describe().startswith(f"numpy {np.__version__}")
    assert load("strict").describe().startswith("strict 2.")


def test_creation_functions_get_the_device():
    strict = load("strict")
    for array in (strict.xp.zeros(3), strict.xp.arange(3), strict.xp.asarray([1.0]), strict.asarray([1.0])):
        assert "device1" in str(array.device)


def test_strict_arrays_refuse_hidden_copies_and_count_the_doors():
    strict = load("strict")
    with arraynet.use_backend("strict"):
        x = ops.ones(1)
    for read in (float, int, bool, np.asarray, np.from_dlpack):
        with pytest.raises(RuntimeError, match="device1"):
            read(x.array)
    before = strict.copies.copy()
    ops.exp(x) * 2 + ops.sum(x)
    assert strict.copies == before, "no op fetches a value"
    float(x[0])
    assert strict.copies["out"] == before["out"] + 1


def test_strict_arrays_on_the_cpu_stay_as_they_were():
    import array_api_strict

    load("strict")
    assert float(array_api_strict.asarray(2.0)) == 2


@pytest.mark.parametrize("name", ["numpy", "strict", "boxes"])
def test_index_add(name):
    backend = load(BoxBackend()) if name == "boxes" else load(name)
    rng = np.random.default_rng(0)
    for shape, k in (((5,), 7), ((5, 2), 40), ((3, 2, 2), 1), ((4,), 0)):
        x, values = rng.normal(size=shape), rng.normal(size=(k, *shape[1:]))
        indices = rng.integers(0, shape[0], size=k).astype("int32")
        expected = x.copy()
        np.add.at(expected, indices, values)
        found = backend.xp.index_add(*map(backend.asarray, (x, indices, values)))
        np.testing.assert_allclose(backend.to_numpy(found), expected, rtol=1e-12)


@pytest.mark.parametrize("name", ["numpy", "strict"])
def test_erf(name):
    backend = load(name)
    x = np.concatenate([np.linspace(-7, 7, 4001), [0.46875, 4.0, 1e-300, np.inf, -np.inf]])
    found = backend.to_numpy(backend.xp.erf(backend.asarray(x)))
    np.testing.assert_allclose(found, [math.erf(v) for v in x], rtol=6e-16)
    assert np.isnan(backend.to_numpy(backend.xp.erf(backend.asarray(np.array([np.nan])))))[0]


@pytest.mark.parametrize("bits", [16, 32, 64])
def test_random_words_are_one_stream(bits):
    numpy, strict = load("numpy"), load("strict")
    whole = numpy.xp.random_words((3, 4), 0, 100, bits)
    assert whole.dtype == f"uint{bits}"
    np.testing.assert_array_equal(numpy.xp.random_words((3, 4), 37, 20, bits), whole[37:57])
    np.testing.assert_array_equal(strict.to_numpy(strict.xp.random_words((3, 4), 37, 20, bits)), whole[37:57])
    assert not np.array_equal(numpy.xp.random_words((3, 5), 0, 100, bits), whole)


def test_dtypes_are_numpys_everywhere(backend):
    for dtype in ("bool", "int32", "uint8", "float32", "float64"):
        x = ops.array(np.ones(2, dtype))
        assert x.dtype is np.dtype(dtype)
        assert dtype_of(x.array) is np.dtype(dtype)


@pytest.mark.parametrize(
    "call",
    [
        lambda: ops.array(np.ones(2, "float16")),
        lambda: ops.zeros(2, "float16"),
        lambda: ops.cast(ops.ones(2), "float16"),
    ],
)
def test_a_dtype_that_a_library_lacks_is_named(call):
    with arraynet.use_backend("strict"), pytest.raises(TypeError, match=r"strict has no dtype 'float16'.* float32, "):
        call()


def test_the_doors_of_the_reference_do_not_copy():
    host = np.ones(3)
    backend = NumPyBackend()
    assert np.shares_memory(backend.asarray(host), host)
    assert np.shares_memory(backend.to_numpy(host), host)


def test_a_library_that_copies_late_is_handed_memory_of_its_own():
    """As JAX does, whose copy is still under way when `asarray` returns."""
    handed = []
    late = types.SimpleNamespace(**vars(np) | {"zeros": lambda n: types.SimpleNamespace()})  # arrays of its own
    late.asarray = lambda x, dtype=None, **kwargs: handed.append(x)
    host = np.ones(3)
    ArrayAPIBackend(late, name="late").asarray(host)
    assert not np.shares_memory(handed[0], host)
