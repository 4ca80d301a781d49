"""Compiled loops give NumPy's numbers, to rounding, and keep what is special."""

import subprocess
import sys
import threading
from unittest.mock import Mock

import numpy as np
import pytest

import arraynet
from arraynet import Variable, ops, optimizers
from arraynet.dispatch import op
from arraynet.program import jit
from arraynet.testing.tolerances import tolerance

pytest.importorskip("arraynet_numba", reason="the plugin arraynet-numba is not installed")

from arraynet_numba.loops import PART


@pytest.fixture(autouse=True)
def _loops(tmp_path, monkeypatch):
    monkeypatch.setenv("ARRAYNET_NUMBA_CACHE", str(tmp_path))


def trained(backend, rows):
    rng = np.random.default_rng(0)
    with arraynet.use_backend(backend):
        w, b = Variable(rng.normal(size=(7, 5)).astype("float32")), Variable(np.zeros(5, "float32"))

        def step(x, y):
            with arraynet.GradientTape() as tape:
                p = ops.softmax(ops.relu(x @ w + b))
                loss = -ops.mean(ops.sum(ops.log(p + 1e-3) * y, axis=-1))
            for v, g in zip((w, b), tape.gradient(loss, [w, b]), strict=True):
                v.assign(v - 0.5 * g)
            return loss

        fast = jit(step)
        losses = [
            float(fast(rng.normal(size=(n, 7)).astype("float32"), np.eye(5, dtype="float32")[rng.integers(0, 5, n)]))
            for n in rows
        ]
        return losses, w.numpy(), b.numpy(), fast


def test_a_training_equals_numpy():
    rows = [16, 16, 3, 16, 3, 16]
    one, other = trained("numpy", rows), trained("numba", rows)
    for a, b in zip(one[:3], other[:3], strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)
    assert other[3].captures == 2
    assert other[3].programs[0].primitives()["group"] > 0


def test_shapes_share_their_loops(tmp_path):
    trained("numba", [16, 3, 5, 9])
    few = len(list(tmp_path.glob("loop_*.py")))
    trained("numba", [4, 6])
    assert len(list(tmp_path.glob("loop_*.py"))) == few


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.0, 1e-42])
def test_special_values_survive(value):
    x = np.array([[value, 1.0, -2.0], [0.0, value, 3.0]], "float32")

    def f(x):
        y = ops.relu(x) + x
        return y * 2, ops.maximum(y, x), ops.sum(y * x, axis=0), ops.max(y * x, axis=-1), ops.exp(-x) * 3

    results = []
    for name in ("numpy", "numba"):
        with arraynet.use_backend(name):
            fast = jit(f)
            fast(x)
            results.append([y.numpy() for y in fast(x)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
        np.testing.assert_array_equal(np.signbit(a[~np.isnan(a)]), np.signbit(b[~np.isnan(b)]))


ACTIVATIONS = ["celu", "elu", "erfc", "gelu", "hard_silu", "hard_tanh", "log_sigmoid", "mish", "selu", "sigmoid",
               "silu", "softplus", "softsign", "tanh_shrink"]  # fmt: skip


def on_both(f, *arrays):
    """Results of a captured function on the reference and in loops, and the primitives of the latter."""
    results = []
    for name in ("numpy", "numba"):
        with arraynet.use_backend(name):
            fast = jit(f)
            fast(*map(np.zeros_like, arrays))  # or what is left in buffers would be right as well
            results.append([y.numpy() for y in fast(*arrays)])
    return *results, dict(fast.programs[0].primitives())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_and_its_derivative_are_one_loop(name, dtype):
    function = getattr(ops, name)

    def f(x, g):
        y, pull = arraynet.vjp(function, x)
        return y, *pull(g)

    x = np.linspace(-20, 20, 999, dtype=dtype)
    expected, found, primitives = on_both(f, x, np.cos(x))
    assert primitives == {"group": 1}
    for a, e in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, e, **tolerance(name, dtype))


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "AdamW", "Nadam", "Adamax", "Adagrad", "Adadelta", "Lion",
                                  "Lamb", "Ftrl"])  # fmt: skip
def test_a_step_of_an_optimizer_is_one_loop(name):
    g = np.linspace(-1, 1, 60, dtype="float32").reshape(6, 10)
    with arraynet.use_backend("numba"):
        optimizer, w = getattr(arraynet.optimizers, name)(), Variable(g)
        optimizer.build([w])
        step = jit(lambda g: optimizer.apply([g], [w]))
        step(ops.array(g))
        primitives = step.programs[0].primitives()
    assert {k: n for k, n in primitives.items() if not k.startswith("host.")} == {"group": 1}


def test_tests_and_roundings_in_a_loop_keep_what_is_special():
    def f(x, y):
        tests = ops.isfinite(x), ops.isinf(x), ops.isnan(x), ops.signbit(x), ops.logical_xor(x, y)
        rounded = ops.floor(x), ops.ceil(x), ops.trunc(x), ops.round(x), ops.logaddexp(x, y)
        both = ops.bitwise_and(x > y, x > 0), ops.bitwise_or(x > y, x > 0), ops.bitwise_xor(x > y, x > 0)
        return *tests, *(-r for r in rounded), *both

    odd = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 0.5, -0.5, 1.5, -2.5, 3.7, -1e9, 3e38], "float32")
    x, y = (a.ravel().copy() for a in np.meshgrid(odd, odd))
    expected, found, primitives = on_both(f, x, y)
    assert primitives == {"group": 1}
    for a, e in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-6)
        np.testing.assert_array_equal(np.signbit(a[~np.isnan(a)]), np.signbit(e[~np.isnan(e)]))


def test_compiling_is_announced_by_one_line(tmp_path, caplog):
    x = np.ones((4, 4), "float32")
    with arraynet.use_backend("numba"):
        for f in (lambda x: ops.relu(x + x) / (x + 7), lambda x: ops.relu(x - 7) / (x * x)):  # of no other test
            jit(f)(x)
    (line,) = [record.getMessage() for record in caplog.records if "compiles" in record.getMessage()]
    assert str(tmp_path) in line


def test_a_loop_that_was_interrupted_in_compiling_is_compiled_at_the_next_call(monkeypatch):
    import numba

    x = np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4)
    with arraynet.use_backend("numba"):
        fast = jit(lambda x: ops.floor(x - 7) * ops.expm1(x) / (x * x))  # of no other test
        with monkeypatch.context() as patch:
            patch.setattr(numba, "cfunc", Mock(side_effect=KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                fast(x)
        np.testing.assert_allclose(fast(x).numpy(), np.floor(x - 7) * np.expm1(x) / (x * x), rtol=1e-6)
    assert fast.programs[0].primitives() == {"group": 1}


def test_importing_the_plugin_does_not_import_numba():
    code = "import sys, arraynet_numba; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_product_of_integers_does_not_import_numba():
    """It is NumPy's, and the first one had waited a second for what it does not use."""
    code = "x = ops.ones((300, 300), 'int32'); x @ x; assert 'numba' not in sys.modules"
    code = f"import sys; from arraynet import ops, set_backend; set_backend('numba'); {code}"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_threads_that_need_one_loop_at_once_all_get_it():
    barrier, results = threading.Barrier(4), []

    def work():
        with arraynet.use_backend("numba"):
            f = jit(lambda x: ((x + 0.123456) * x - 0.654321) / 1.5)
            x = np.ones((3, 5), "float32")
            barrier.wait()
            f(x)
            results.append(float(ops.sum(f(x))))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [results[0]] * 4
    assert results[0] == pytest.approx(10 * (1.123456 - 0.654321), rel=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_quotients_know_zero_infinity_and_denormal_numbers(dtype):
    def f(x, y):
        root = ops.sqrt(y)
        return (
            x / root,
            ops.rsqrt(y) * 2,
            x / y,
            x / (y / 3),
            (x - 1) / ops.sqrt(ops.sum(y * y, axis=-1, keepdims=True)),
        )

    odd = np.array([0.0, np.inf, np.nan, 1.0, 2.0, -3.0, 1e-40, 1e-30, 3e38], dtype)
    x, y = np.meshgrid(odd, odd)
    expected, found, _ = on_both(f, x, y)
    for a, e in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-6)


@pytest.mark.parametrize("optimizer", [optimizers.Adagrad, optimizers.Adadelta, optimizers.Adam, optimizers.RMSprop])
def test_one_huge_gradient_leaves_numbers(optimizer):
    g = np.zeros((4, 64), "float32")
    g[0, 0] = 1e20
    weights = []
    for name in ("numpy", "numba"):
        with arraynet.use_backend(name):
            w, made = Variable(np.ones((4, 64), "float32")), optimizer(0.01)
            step = jit(lambda g, w=w, made=made: made.apply([g], [w]))
            for _ in range(4):
                step(g)
            weights.append(w.numpy())
    np.testing.assert_allclose(*weights, rtol=1e-6)


@pytest.mark.parametrize("axis", [-1, 0])
def test_a_single_column_is_summed_along_the_axis_that_is_asked_for(axis):
    def f(x):
        return ops.mean(x * 2 + 1, axis=axis, keepdims=True)

    x = np.arange(6, dtype="float32").reshape(6, 1)
    with arraynet.use_backend("numba"):
        fast = jit(f)
        fast(x)
        found = fast(x).numpy()
    np.testing.assert_allclose(found, f(x).numpy(), rtol=1e-6)


def test_a_sum_over_a_column_does_not_join_the_loop_of_a_matrix():
    def f(x, w):
        return x * 2 + w, ops.sum(w * w), ops.sum(w * 3, axis=-1)

    x, w = np.ones((8, 5), "float32"), np.arange(8, dtype="float32").reshape(8, 1)
    expected, found, _ = on_both(f, x, w)
    for a, e in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, e)


@pytest.mark.parametrize("name", ["numba", "naive", "numpy"])
def test_axes_may_be_given_in_every_way_that_the_generic_forms_take(name):
    with arraynet.use_backend(name):
        x = ops.ones((2, 3, 4))
        for axes in ([0, 1], (0, 1), np.array([0, 1]), ops.array([0, 1])):
            assert ops.sum(x, axis=axes).numpy().tolist() == [6] * 4
            assert ops.softmax(x, axis=axes).numpy().sum() == pytest.approx(4)
        with pytest.raises(TypeError, match="sum: expected an int or a sequence of ints, received"):
            ops.sum(x, axis=1.5)


FORMS = {  # of a matrix, a row, a column and integers, what one call computes
    "numbers beside truth values": lambda x, w, c, n: (
        ops.where(x > 0, x, 0.5), ops.where(x > 0, -1.0, 0.5), ops.cast(x > 0, "float32") - x,
    ),
    "numbers that are none": lambda x, w, c, n: (
        ops.where(x > 0, x, -np.inf), ops.where(x > 0, np.inf, x), ops.where(x > 0, x, np.nan), x * 2,
    ),
    "truth values": lambda x, w, c, n: (
        ops.bitwise_and(x > 0, True), ops.bitwise_xor(x > 0, np.bool_(True)), ops.where(x > 0, x > 1, True), x * 2,
    ),
    "integers": lambda x, w, c, n: (
        ops.cast((n + 1) - n, "float32") * x, ops.where(n == 2**60 + 1, x, w), ops.cast(n, "float32") * x,
    ),
    "exponentials and their shares": lambda x, w, c, n: (e := ops.exp(x), e / ops.sum(e, axis=-1, keepdims=True)),
    "a column that waits for another": lambda x, w, c, n: (
        m := ops.max(x * w, axis=-1, keepdims=True), ops.tanh(x) + ops.sum(x - m, axis=-1, keepdims=True) + m * 3,
    ),
    "a single row": lambda x, w, c, n: (
        y := x[:1] * 1.5, m := ops.max(y, axis=-1, keepdims=True), m * 3, ops.exp(y - m * 3),
    ),
    "a matrix that nobody has": lambda x, w, c, n: (ops.sum(w + c), ops.mean(w * c), ops.max(w * c, axis=-1)),
    "the mean of all": lambda x, w, c, n: (ops.mean(x * 3),),
    "means of rows": lambda x, w, c, n: (ops.mean(x * w), ops.mean(x * w, axis=0)),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_loop_of_any_form_gives_the_numbers_of_numpy(form):
    rng = np.random.default_rng(0)
    x, w, c = (rng.normal(size=shape).astype("float32") for shape in [(4, 5), (5,), (4, 1)])
    n = np.tile([2**60 + 1, 3, -7, 2**53 + 1, 0], (4, 1))
    expected, found, primitives = on_both(FORMS[form], x, w, c, n)
    assert set(primitives) <= {"group", "getitem"}
    for a, e in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, e, **tolerance(form, "float32"))


def test_a_number_that_is_written_over_is_read_before():
    with arraynet.use_backend("numba"):
        v = Variable(5.0)

        def step():
            new, other = v * 2, v * 3
            v.assign(new)
            return other

        fast = jit(step)
        assert [float(fast()) for _ in range(3)] == [15, 30, 60]
        assert fast.programs[0].primitives() == {"group": 1}


def test_an_op_of_ones_own_may_hold_numbers_of_numpy_and_fractions_beside_integers():
    @op(promote=None)
    def mixed(xp, x, n, /):
        masked = xp.multiply(xp.greater(x, 0), 2.0) + xp.where(x > 1, x, np.float64(-0.75))
        return masked + xp.multiply(n, 2.5) + xp.where(xp.less(n, 7.5), n, 0.25)

    x, n = np.linspace(-2, 3, 12), np.arange(12)
    expected, found, primitives = on_both(lambda x, n: (mixed(x, n),), x, n)
    assert primitives == {"group": 1}
    np.testing.assert_allclose(found, expected, **tolerance("mixed", "float64"))


@pytest.mark.parametrize("size", [PART, PART + 1, 5 * PART + 7])
def test_what_is_computed_block_by_block_is_all_there(size, threads):
    """Each element is of one block and one thread's; nothing is left out or done twice where these end."""
    x = np.linspace(-1, 1, size, dtype="float32")
    with arraynet.use_backend("numba"):
        w = arraynet.Variable(x)
        fast = jit(lambda x: (w.assign(w * 2 + x) is None, ops.sum(ops.square(x)), x * x - 0.5))
        expected = x
        for _ in range(3):
            _, total, made = fast(x)
            expected = expected * 2 + x
    assert fast.programs[0].primitives() == {"group": 1}
    np.testing.assert_allclose(w.numpy(), expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(made.numpy(), x * x - 0.5, rtol=1e-6, atol=1e-6)
    assert float(total) == pytest.approx(np.sum(x.astype("float64") ** 2), rel=1e-6)


def test_the_first_of_several_that_are_no_number_is_the_largest():
    x = np.array([[0, np.nan, 3, np.nan], [-np.inf] * 4, [1, 5, 5, np.nan], [-np.inf, 2, 2, 1]], "float32")
    with arraynet.use_backend("numba"):
        fast = jit(lambda x: (ops.argmax(x * 2, axis=-1), x * 2))
        fast(x)
        places, _ = fast(x)
    assert any(i.name.startswith("group") for i in fast.programs[0].instructions)
    assert places.numpy().tolist() == [1, 0, 3, 1]
