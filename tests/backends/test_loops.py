"""The naive loops: the same bits interpreted and compiled, NumPy's numbers, and only where they pay."""

import os
import subprocess
import sys

import numpy as np
import pytest

import arraynet
from arraynet import layers, ops, optimizers
from arraynet.operators import OPS
from arraynet.program import jit

pytest.importorskip("arraynet_numba", reason="the plugin arraynet-numba is not installed")

from arraynet_numba import functions, settings, vectors
from arraynet_numba.choice import NUMPY_IS_FASTER, choose
from arraynet_numba.compiling import compiled
from arraynet_numba.kernels import KERNELS, LOOPS, bound

INTERPRETED, COMPILED = bound(lambda loop: loop), bound(compiled)
SHAPE = (3, 70)
ODD = [np.nan, 1.5, np.inf, -0.0, -np.inf, 0.0, -2.0]


def normal(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def positive(*shape):
    return 0.1 + abs(normal(*shape, seed=1))


def step(slots, **static):
    """Arrays of a step: weight, gradient, and slots that may be roots of something."""
    return [normal(*SHAPE), normal(*SHAPE, seed=2), *(positive(*SHAPE) for _ in range(slots))], static


RATE = {"learning_rate": 0.1}
BETAS = {"beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-7}
ROWS = [([normal(*SHAPE)], {}), ([normal(2, 3, 4)], {"axis": (1, 2)})]
REDUCTIONS = [([normal(2, 3, 200)], {"axis": axis, "keepdims": True}) for axis in (None, 0, 1, (0, 1), (1, -1))]
CALLS = {  # for every kernel, calls that reach each of its loops
    "adadelta_step": [step(2, **RATE, rho=0.9, epsilon=1e-7)],
    "adagrad_step": [step(1, **RATE, epsilon=1e-7)],
    "adam_step": [step(2, alpha=0.1, **BETAS), step(3, alpha=0.1, **BETAS)],
    "adamax_step": [step(2, alpha=0.1, **BETAS)],
    "add": [([normal(*SHAPE), normal(*SHAPE, seed=1)], {}), ([normal(*SHAPE), normal(70)], {})],
    "batch_normalization": [
        ([normal(*SHAPE), normal(70), positive(70)], {}),
        ([normal(2, 3, 4), normal(3, 1), positive(3, 1), normal(3, 1), normal(3, 1, seed=1)], {}),
    ],
    "ftrl_step": [
        step(
            2, **RATE, learning_rate_power=power, beta=0.1, l1_regularization_strength=0.5,
            l2_regularization_strength=0.1, l2_shrinkage_regularization_strength=0.01,
        )
        for power in (-0.5, -0.3, 0.0)
    ],
    "lamb_step": [step(2, **RATE, m_scale=0.9, v_scale=1.2, **BETAS)],
    "layer_normalization": [([normal(*SHAPE)], {}), ([normal(*SHAPE), normal(70), normal(1, 70)], {})],
    "lion_step": [step(1, **RATE, beta_1=0.9, beta_2=0.99)],
    "log_softmax": ROWS,
    "matmul": [([normal(m, 9), normal(9, n)], {}) for m, n in [(1, 1), (3, 1), (3, 4)]],
    "max": REDUCTIONS,
    "mean": REDUCTIONS,
    "min": REDUCTIONS,
    "nadam_step": [step(2, **RATE, m_scale=0.9, g_scale=0.8, v_scale=1.2, **BETAS)],
    "put_rows": [([normal(3, 5), np.array([2, 0, 2])], {"n": 4, "axis": 0})],
    "relu": [([normal(*SHAPE)], {})],
    "rmsprop_step": [
        step(1, **RATE, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False),
        step(2, **RATE, rho=0.9, momentum=0.5, epsilon=1e-7, centered=False),
        step(2, **RATE, rho=0.9, momentum=0.0, epsilon=9.0, centered=True),
        step(3, **RATE, rho=0.9, momentum=0.5, epsilon=9.0, centered=True),
    ],
    "sgd_step": [
        step(0, **RATE, momentum=0.0, nesterov=False),
        step(1, **RATE, momentum=0.9, nesterov=False),
        step(1, **RATE, momentum=0.9, nesterov=True),
    ],
    "sigmoid_crossentropy": [([normal(*SHAPE), positive(*SHAPE)], {})],
    "softmax": ROWS,
    "softmax_crossentropy": [([normal(*SHAPE), positive(*SHAPE)], {})],
    "sparse_softmax_crossentropy": [([normal(4, 70), np.array([3, -1, 70, 0])], {})],
    "sum": REDUCTIONS,
    "take": [([normal(4, 3), np.array([[2, 0], [2, 3]])], {"axis": 0})],
    "transpose": [([normal(*SHAPE)], {}), ([normal(*SHAPE)], {"axes": (1, 0)})],
}  # fmt: skip
EACH = [(name, dtype) for name in sorted(KERNELS) for dtype in ("float32", "float64")]
each_kernel = pytest.mark.parametrize(("name", "dtype"), EACH)


def calls(name, dtype):
    """The calls of a kernel, with plain numbers and with odd ones."""
    for arrays, static in CALLS[name]:
        typed = [a.astype(dtype) if a.dtype.kind == "f" else a for a in arrays]
        yield typed, static
        yield [np.resize(np.roll(ODD, k), a.shape).astype(dtype) if a.dtype.kind == "f" else a
               for k, a in enumerate(typed)], static  # fmt: skip


def results(kernel, arrays, static):
    before = [a.tobytes() for a in arrays]
    with np.errstate(all="ignore"):
        made = kernel(*arrays, **static)
    assert made is not NotImplemented
    assert [a.tobytes() for a in arrays] == before
    return made if isinstance(made, tuple) else (made,)


def same_bits(a, b):
    """Equal, but for the payload of a NaN."""
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(np.signbit(a)[~np.isnan(a)], np.signbit(b)[~np.isnan(b)])


@each_kernel
def test_interpreted_and_compiled_agree_bit_for_bit(name, dtype):
    for arrays, static in calls(name, dtype):
        for a, b in zip(*(results(table[name], arrays, static) for table in (INTERPRETED, COMPILED)), strict=True):
            assert a.dtype == dtype
            same_bits(a, b)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(KERNELS))
def test_loops_compute_what_the_generic_form_defines(name, dtype):
    xp = arraynet.plugins.load("numpy").xp
    allowed = {"rtol": 1e-5, "atol": 2e-6} if dtype == "float32" else {"rtol": 1e-11, "atol": 1e-12}
    for arrays, static in calls(name, dtype):
        found = results(INTERPRETED[name], arrays, static)
        expected = results(lambda *a, **s: OPS[name].form(xp, *a, **s), arrays, static)
        for a, e in zip(found, expected, strict=True):
            assert a.shape == np.shape(e)
            np.testing.assert_allclose(a, e, **allowed)


def test_every_loop_is_reached():
    reached = set()

    def noted(loop):
        reached.add(loop.__name__)
        return loop

    for name, kernel in bound(noted).items():
        for arrays, static in calls(name, "float64"):
            results(kernel, arrays, static)
    assert reached == set(LOOPS)


@pytest.mark.parametrize(
    ("name", "arrays", "static"),
    [
        ("relu", [normal(3).astype("float16")], {}),
        ("relu", [np.zeros((0, 2))], {}),
        ("add", [normal(3), 1.0], {}),
        ("add", [normal(2, 3), normal(2, 1)], {}),
        ("add", [normal(3), normal(3).astype("float32")], {}),
        ("sum", [normal(2, 3, 4)], {"axis": (0, 2)}),
        ("sum", [normal(3)], {"axis": 1}),
        ("max", [normal(3)], {"initial": 0.0}),
        ("softmax", [normal(4, 3).T], {}),
        ("softmax", [normal(4, 3)], {"axis": 0}),
        ("softmax_crossentropy", [normal(4, 3), normal(3)], {}),
        ("layer_normalization", [normal(3, 3), normal(3, 1)], {}),
        ("take", [normal(4, 3), np.array([0])], {"axis": 1}),
    ],
)
def test_what_a_loop_does_not_cover_is_left_to_the_generic_form(name, arrays, static):
    assert INTERPRETED[name](*arrays, **static) is NotImplemented


def test_elementary_functions_are_right_to_their_last_digits():
    x = np.concatenate([np.linspace(-750, 720, 3001), np.linspace(-1, 1, 501), ODD])
    with np.errstate(all="ignore"):
        for kind, low, high in (("float32", -104, 89), ("float64", -750, 720)):
            near = x[~((x < low) | (x > high)) | np.isinf(x)].astype(kind)
            np.testing.assert_array_max_ulp(np.array([functions.exp(v) for v in near]), np.exp(near), 2)
        far = np.exp(np.append(np.linspace(-745, 709, 999), ODD))
        np.testing.assert_array_max_ulp(np.array([functions.log(v) for v in far]), np.log(far), 3)
        small = np.linspace(0, 1, 501)
        np.testing.assert_array_max_ulp(np.array([functions.log1p(v) for v in small]), np.log1p(small), 3)
        assert np.isnan(functions.log(np.float64(-1.0)))


@pytest.mark.parametrize("length", [1, 7, 63, 64, 65, 200, 512, 600])
def test_vectors_of_any_length(length):
    x = normal(length).astype("float32")
    assert vectors.total(x) == pytest.approx(x.sum(dtype="float64"), abs=1e-12)
    assert vectors.largest(x) == x.max()
    assert vectors.smallest(x) == x.min()
    for place in {length // 2, *range(max(length - 70, 0), length)}:
        for odd in (9, -9, np.nan):
            y = x.copy()
            y[place] = odd
            for found, expected in ((vectors.largest(y), y.max()), (vectors.smallest(y), y.min())):
                np.testing.assert_equal(found, expected)
        assert np.isnan(vectors.total(y))


def test_sums_are_accumulated_in_float64():
    x = np.full(100_000, 0.1, "float32")
    assert INTERPRETED["sum"](x[:1000]) == np.float32(np.float64(x[0]) * 1000)
    assert COMPILED["sum"](x) == np.float32(np.float64(x[0]) * 100_000)


def trained(backend):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(24, 6)).astype("float32"), rng.integers(0, 3, 24)
    arraynet.random.reset_streams()
    with arraynet.use_backend(backend):
        model = arraynet.Sequential([layers.Input((6,)), layers.Dense(5, activation="relu"),
                                     layers.Dense(3, activation="softmax")])  # fmt: skip
        model.compile(optimizer=optimizers.Adam(0.05), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(x, y, batch_size=8, epochs=3, verbose=0).history
        return history["loss"], model.predict(x, verbose=0)


@pytest.mark.parametrize("loops", ["naive", "numba"])
def test_a_small_network_trains_as_on_numpy(loops):
    found, expected = trained(loops), trained("numpy")
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-4)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-3, atol=1e-5)
    assert found[0][-1] < found[0][0]


def test_fit_waits_for_no_loop_that_its_program_does_not_call():
    from arraynet_numba import tasks, team

    team.shared_team()
    before = compiled.cache_info()
    trained("numba")
    assert tasks.run.signatures
    assert compiled.cache_info() == before


def captured(f, *args, backend="numba"):
    with arraynet.use_backend(backend):
        fast = jit(f)
        fast(*args)
        return fast(*args).numpy(), fast.programs[0].primitives()


def test_a_captured_program_fuses_what_eager_mode_has_a_kernel_for():
    x = normal(4, 5).astype("float32")
    value, primitives = captured(lambda x: ops.softmax(2 * x), x)
    assert not any(name.startswith("kernel.") for name in primitives)
    np.testing.assert_allclose(value, ops.softmax(2 * x).numpy(), rtol=1e-6)
    arraynet.config.set_kernels("native")
    assert captured(lambda x: ops.softmax(2 * x), x)[1]["kernel.softmax"] == 1


def test_a_captured_program_keeps_the_kernels_that_no_group_takes_in():
    g, rows = normal(4, 3).astype("float32"), np.array([1, 0, 1, 2])
    _, primitives = captured(lambda g, rows: ops.segment_sum(g, rows, num_segments=3), g, rows)
    assert primitives["kernel.put_rows"] == 1


def test_a_captured_program_multiplies_by_the_naive_loop_if_asked(monkeypatch):
    kernels = arraynet.plugins.load("numba").kernels  # chosen before it is asked
    monkeypatch.setenv("ARRAYNET_NUMBA_MATMUL", "naive")
    monkeypatch.setitem(kernels, "matmul", choose(COMPILED)["matmul"])
    assert captured(lambda x: ops.matmul(x, x), normal(4, 4))[1]["kernel.matmul"] == 1


def test_a_kernel_may_decline_at_a_replay(monkeypatch):
    kernels = arraynet.plugins.load("naive").kernels
    softmax, answers = kernels["softmax"], []

    def sometimes(*given, **static):
        answers.append(len(answers) < 2)  # the run that is captured, and its lowering
        return softmax(*given, **static) if answers[-1] else NotImplemented

    monkeypatch.setitem(kernels, "softmax", sometimes)
    with arraynet.use_backend("naive"):
        fast = jit(lambda x: ops.softmax(x))
        x = normal(4, 4).astype("float32")
        first = fast(x)
        np.testing.assert_allclose(fast(x).numpy(), first.numpy(), rtol=1e-6)
    assert answers == [True, True, False]
    assert fast.captures == 1


def test_kernels_that_numpy_beats_are_left_out(monkeypatch):
    assert set(arraynet.plugins.load("naive").kernels) == set(KERNELS)
    assert set(arraynet.plugins.load("numba").kernels) == set(KERNELS) - NUMPY_IS_FASTER
    monkeypatch.setenv("ARRAYNET_NUMBA_MATMUL", "blas")
    assert "matmul" not in type(arraynet.plugins.load("numba"))().kernels
    monkeypatch.setenv("ARRAYNET_NUMBA_MATMUL", "naive")
    assert "matmul" in type(arraynet.plugins.load("numba"))().kernels
    monkeypatch.setenv("ARRAYNET_NUMBA_MATMUL", "fast")
    with pytest.raises(ValueError, match="ARRAYNET_NUMBA_MATMUL must be 'auto', 'blas' or 'naive', received 'fast'"):
        type(arraynet.plugins.load("numba"))()


def test_small_arrays_are_left_to_numpy_where_that_is_faster():
    step = arraynet.plugins.load("numba").kernels["sgd_step"]
    settings = {"learning_rate": 0.1, "momentum": 0.0, "nesterov": False}
    assert step(normal(10), normal(10), **settings) is NotImplemented
    w = normal(20_000)
    np.testing.assert_array_equal(step(w, w, **settings)[0], INTERPRETED["sgd_step"](w, w, **settings)[0])


def test_transposed_factors_reach_the_naive_product():
    x, y = normal(3, 4), normal(3, 5)
    np.testing.assert_allclose(INTERPRETED["matmul"](x.T, y), x.T @ y)


def test_the_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ARRAYNET_NUMBA_CACHE", str(tmp_path / "named"))
    assert settings.cache_folder() == tmp_path / "named"
    monkeypatch.setenv("ARRAYNET_NUMBA_CACHE", "off")
    assert not settings.cache_folder().is_relative_to(tmp_path)
    (tmp_path / "file").touch()
    monkeypatch.setenv("ARRAYNET_NUMBA_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match=r"cannot be kept in .*file .*with off nothing is kept"):
        assert settings.cache_folder().is_dir()


@pytest.mark.parametrize("kept", [True, False])
def test_compiled_loops_are_kept_between_processes_unless_that_is_off(tmp_path, kept):
    script = (
        "import numpy; from arraynet_numba.compiling import compiled; from arraynet_numba.kernels import bound;"
        "bound(compiled)['relu'](numpy.ones(3))"
    )
    environment = os.environ | {"ARRAYNET_NUMBA_CACHE": str(tmp_path) if kept else "off", "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)
    assert any(tmp_path.rglob("*.nbi")) == kept


def test_a_power_is_left_to_numpy():
    arrays, static = CALLS["ftrl_step"][0]
    kernel = choose(COMPILED)["ftrl_step"]
    assert kernel(*arrays, **static) is not NotImplemented
    assert kernel(*arrays, **{**static, "learning_rate_power": -0.3}) is NotImplemented
