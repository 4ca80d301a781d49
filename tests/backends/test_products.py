"""Matrix products are loops of a program, on their own or where somebody begins with them, and as exact as BLAS'."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import arraynet
from arraynet import layers, ops
from arraynet.program import jit

products = pytest.importorskip("arraynet_numba.products", reason="the plugin arraynet-numba is not installed")
from arraynet_numba import tasks  # noqa: E402
from arraynet_numba.microkernel import ROWS, VECTOR, VECTORS  # noqa: E402
from arraynet_numba.multiplication import DEPTH  # noqa: E402

pytestmark = pytest.mark.usefixtures("threads")
DTYPES = ["float32", "float64"]
TOLERANCE = {"float32": {"rtol": 2e-5, "atol": 2e-5}, "float64": {"rtol": 1e-12, "atol": 1e-12}}


def left(jitted):
    """The products that BLAS is left in each program."""
    return [Counter(i.name for i in program.instructions)["matmul"] for program in jitted.programs]


def replayed(f, *args):
    """What a captured function returns when it is replayed, on numba, with no product left to BLAS."""
    with arraynet.use_backend("numba"):
        fast = jit(f)
        fast(*args)
        result = fast(*args).numpy()
    assert left(fast) == [0]
    return result


def numbers(rng, shape, dtype, turned=False):
    """A matrix, or one whose columns lie in order."""
    x = rng.normal(size=shape[::-1] if turned else shape).astype(dtype) / 8
    return x.T if turned else x


FORMS = {
    "x @ w": (lambda x, w: ops.matmul(x, w), False, False),
    "x.T @ w": (lambda x, w: ops.matmul(ops.transpose(x), w), True, False),
    "x @ w.T": (lambda x, w: ops.matmul(x, ops.transpose(w)), False, True),
    "x.T @ w.T": (lambda x, w: ops.matmul(ops.transpose(x), ops.transpose(w)), True, True),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(2, 70) | st.sampled_from([ROWS - 1, ROWS, ROWS + 1, 4 * ROWS]),
    terms=st.integers(2, 40) | st.sampled_from([DEPTH - 1, DEPTH, DEPTH + 1, 2 * DEPTH + 3]),
    columns=st.integers(2, 70) | st.sampled_from([VECTOR // 4, VECTORS * VECTOR // 4, VECTORS * VECTOR // 4 + 1]),
    seed=st.integers(0, 99),
)
def test_products_are_those_of_numpy(form, dtype, rows, terms, columns, seed):
    f, x_turned, w_turned = FORMS[form]
    rng = np.random.default_rng(seed)
    x, w = numbers(rng, (rows, terms), dtype, x_turned), numbers(rng, (terms, columns), dtype, w_turned)
    given = (x.T if x_turned else x), (w.T if w_turned else w)
    np.testing.assert_allclose(replayed(f, *given), x @ w, **TOLERANCE[dtype])


@pytest.mark.parametrize("x", [np.arange(60.0)[::-3], np.arange(60.0)[::3], np.arange(20.0)[::-1]])
def test_the_left_factor_may_lie_as_it_likes(x):
    x, w = x.reshape(4, 5)[::-1, ::-1].astype("float32"), np.ones((5, 7), "float32")
    np.testing.assert_allclose(replayed(lambda x, w: ops.matmul(x, w), x, w), x @ w, rtol=1e-5)


@pytest.mark.parametrize("place", [lambda w: w.copy(), np.asfortranarray, lambda w: np.repeat(w, 2, 1)[:, ::2]])
def test_so_may_the_right_one(place):
    """Some are for BLAS then, whatever the same function has been captured with before."""
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(7, 60)).astype("float32"), rng.normal(size=(60, 150)).astype("float32")
    with arraynet.use_backend("numba"):
        fast = jit(lambda x, w: ops.matmul(x, w) * 2)
        for right in (place(w), place(w), w, place(w)):
            np.testing.assert_allclose(fast(x, right).numpy(), 2 * (x @ w), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("cut", [np.s_[:, :3], np.s_[:, ::2], np.s_[:, :900], np.s_[::2, 1:]])
def test_so_may_one_that_is_turned_and_whose_terms_are_pages_apart(cut):
    big = np.random.default_rng(0).normal(size=(40, 2100)).astype("float32")
    x, g = big[cut], np.ones((len(big[cut]), 130), "float32")
    found = replayed(lambda x, g: ops.matmul(ops.transpose(x), g) * 0.5 + 1, x, g)
    np.testing.assert_allclose(found, x.T @ g * 0.5 + 1, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_no_value_is_hidden_and_none_spreads(bad):
    x, w = np.ones((19, 300), "float32"), np.ones((300, 51), "float32")
    x[3, 299], w[7, 50] = bad, -bad
    with np.errstate(invalid="ignore"):
        y = replayed(lambda x, w: ops.matmul(x, w), x, w)
        np.testing.assert_array_equal(np.isfinite(y), np.isfinite(x @ w))


def trained(backend, rows, optimizer, dtype="float32", activation="relu"):
    """A net after some steps on batches of so many rows."""
    with arraynet.use_backend(backend):
        arraynet.utils.set_random_seed(0)
        hidden = layers.Dense(75, activation=activation, dtype=dtype)
        model = arraynet.Sequential([hidden, layers.Dense(60, dtype=dtype), layers.Dense(3, dtype=dtype)])
        model.compile(optimizer, "mse")
        rng = np.random.default_rng(1)
        x, y = rng.normal(size=(4 * rows, 401)).astype(dtype), rng.normal(size=(4 * rows, 3)).astype(dtype)
        model.fit(x, y, batch_size=rows, epochs=2, verbose=0)
        if backend == "numba":
            assert (set(left(model._step("train"))) == {0}) == (rows > 1)
        return model


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rows", "near"), [*((n, products.NEAR) for n in (1, 2, 3, 8, 9, 50)), (50, 0)])
def test_a_step_trains_as_on_numpy(rows, near, dtype, monkeypatch):
    monkeypatch.setattr(products, "NEAR", near)  # beyond it gradients are computed on their own
    model, expected = (trained(backend, rows, "sgd", dtype) for backend in ("numba", "numpy"))
    for w, e in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(w, e, rtol=2e-5 if dtype == "float32" else 1e-12, atol=2e-6)


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam", "adamw", "nadam", "adagrad", "adadelta"])
def test_every_optimizer_takes_its_gradient_from_the_factors(optimizer):
    model, expected = (trained(backend, 4, optimizer) for backend in ("numba", "numpy"))
    gradients = [(401, 75), (75, 60), (60, 3)]
    (program,) = model._step("train").programs
    made = Counter(v.shape for i in program.instructions for v in i.outs)
    slots = sum(v.shape == (401, 75) for _, v in program.updates)
    assert [made[shape] for shape in gradients] == [slots] * 3  # the weights' and their slots' new values alone
    for w, e in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(w, e, rtol=1e-3, atol=3e-4)


def test_what_asks_for_the_gradient_twice_gets_all_of_it():
    clipped = [arraynet.optimizers.SGD(clipnorm=0.1) for _ in range(2)]
    model, expected = (trained(*pair) for pair in (("numba", 4, clipped[0]), ("numpy", 4, clipped[1])))
    for w, e in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(w, e, rtol=2e-5, atol=1e-6)


READERS = {  # of a product beside weights, and what they return
    "an update and the caller": lambda w, p: (w.assign_sub(0.5 * p), p)[1],
    "an update without a rate": lambda w, p: w.assign_sub(p),
    "sums of rows": lambda w, p: ops.sum(p * w, axis=-1),
    "sums of columns": lambda w, p: ops.mean(p * w, axis=0),
    "sums of everything": lambda w, p: ops.sum(p * w),
    "two loops": lambda w, p: (w.assign_sub(0.5 * p), ops.sum(p * w))[1],
    "a product of itself": lambda w, p: ops.matmul(ops.transpose(p), p),
    "rows divided by their norms": lambda w, p: p / ops.sqrt(ops.sum(p * p, axis=-1, keepdims=True)),
}


@pytest.mark.parametrize("terms", [4, 40])
@pytest.mark.parametrize("reader", READERS)
def test_whoever_reads_a_product_gets_it(reader, terms):
    found = []
    for backend in ("numpy", "numba"):
        with arraynet.use_backend(backend):
            rng = np.random.default_rng(0)
            x, g, start = (rng.normal(size=s).astype("float32") for s in ((terms, 401), (terms, 70), (401, 70)))
            w = arraynet.Variable(start)
            fast = jit(lambda x, g: READERS[reader](w, ops.matmul(ops.transpose(x), g)))  # noqa: B023
            fast(x, g)
            found.append([fast(2 * x, g).numpy(), w.numpy()])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-4 * np.abs(other).max())


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("changing", [0, 1], ids=["seen through a view", "as it is"])
def test_a_product_of_a_variable_is_computed_before_that_changes(changing, small):
    columns = 10 if small else 75

    def step(factors, w):
        gradient = ops.matmul(ops.transpose(factors[0]), factors[1])
        factors[changing].assign(factors[changing] * 2)
        w.assign_sub(0.5 * gradient)

    found = []
    for backend in ("numpy", "numba"):
        with arraynet.use_backend(backend):
            rng = np.random.default_rng(0)
            factors = [ops.array(rng.normal(size=s).astype("float32")) for s in ((4, 401), (4, columns))]
            factors[changing] = arraynet.Variable(factors[changing])
            w = arraynet.Variable(rng.normal(size=(401, columns)).astype("float32"))
            fast = jit(lambda: step(factors, w))  # noqa: B023
            for _ in range(3):
                fast()
            found.append([factors[changing].numpy(), w.numpy()])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


FORMS_OF_UPDATES = {
    "a product": lambda x: ops.matmul(x, x),
    "a product in a loop": lambda x: ops.tanh(ops.matmul(x, x)) * 2,
    "a loop and a sum": lambda x: ops.tanh(x) * 2 + ops.sum(ops.matmul(x, x)),
}


@pytest.mark.parametrize("form", FORMS_OF_UPDATES)
def test_a_variable_that_was_left_in_another_memory_order(form):
    """A program that does not read it may write over its array, but as the loop was compiled for."""
    x = np.random.default_rng(0).normal(size=(20, 20)).astype("float32") / 4
    found = []
    for backend in ("numpy", "numba"):
        with arraynet.use_backend(backend):
            w = arraynet.Variable(np.zeros((20, 20), "float32"))
            turn = jit(lambda x: w.assign(ops.transpose(x * 2)))  # noqa: B023
            update = jit(lambda x: w.assign(FORMS_OF_UPDATES[form](x)))  # noqa: B023
            for _ in range(3):
                turn(x)
                update(x)
            found.append(w.numpy())
    np.testing.assert_allclose(*found, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("terms", [40, 401])
def test_weights_that_their_own_product_updates(terms):
    """What a loop writes over, it must not multiply by any more."""
    found = []
    for backend in ("numpy", "numba"):
        with arraynet.use_backend(backend):
            w = arraynet.Variable(np.random.default_rng(0).normal(size=(terms, terms)).astype("float32"))
            fast = jit(lambda: w.assign_sub(0.01 * ops.matmul(ops.transpose(w), w)))  # noqa: B023
            for _ in range(3):
                fast()
            found.append(w.numpy())
    np.testing.assert_allclose(*found, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1100, 20, 150), (1100, 600, 150), (30, 40, 1100)])
def test_gradients_whose_terms_are_pages_apart(shape, dtype):
    rows, terms, columns = shape
    rng = np.random.default_rng(0)
    x, g = numbers(rng, (terms, rows), dtype), numbers(rng, (terms, columns), dtype)
    alone = replayed(lambda x, g: ops.matmul(ops.transpose(x), g), x, g)
    read = replayed(lambda x, g: 2 * ops.matmul(ops.transpose(x), g), x, g)
    np.testing.assert_allclose(alone, x.T @ g, **TOLERANCE[dtype])
    np.testing.assert_allclose(read, 2 * (x.T @ g), **TOLERANCE[dtype])


@pytest.mark.parametrize(
    ("form", "dtype", "shape", "works_in"),
    [
        ("x @ w", "float32", (1024, 20, 128), []),
        ("x.T @ w", "float32", (1024, 20, 128), [(1024, 20)]),
        ("x.T @ w", "float32", (1023, 20, 128), []),
        ("x.T @ w", "float32", (1024, 20, 127), []),
        ("x.T @ w", "float64", (512, 20, 128), [(512, 20)]),
        ("x @ w.T", "float32", (80, 20, 9), [(20, 9)]),
        ("x @ w.T", "float32", (79, 20, 9), "panels"),
        ("x.T @ w.T", "float32", (1024, 256, 128), [(1024, 256), (256, 128)]),
        ("x.T @ w.T", "float32", (1024, 257, 128), "panels"),
    ],
)
def test_factors_are_copied_where_that_pays(form, dtype, shape, works_in):
    f, x_turned, w_turned = FORMS[form]
    rows, terms, columns = shape
    x, w = np.ones((terms, rows)[:: -1 + 2 * x_turned], dtype), np.ones((columns, terms)[:: -1 + 2 * w_turned], dtype)
    with arraynet.use_backend("numba"):
        fast = jit(f)
        fast(x, w)
        np.testing.assert_array_equal(fast(x, w).numpy(), np.full((rows, columns), terms))
    _, *scratch = (v.shape for i in fast.programs[0].instructions for v in i.outs)
    width = VECTORS * VECTOR // x.itemsize
    assert scratch == ([(-(-rows // width) * terms, width)] if works_in == "panels" else works_in)


@pytest.mark.parametrize(
    ("shape", "halves"),
    [
        ((8, 784, 512), 2),
        ((392, 784, 100), 2),
        ((393, 784, 100), 1),  # a result that is not much smaller than the right factor
        ((8, 784, 10), 1),  # a right factor that is small
        ((9, 100, 300), 2),
        ((8, 100, 300), 1),  # too little to be shared
        ((2, 4, 40000), 1),  # too few terms for two tiles of an update
        ((2, 2 * ROWS, 40000), 2),
    ],
)
def test_products_of_many_terms_are_sums_of_two_outside_of_programs_too(shape, halves):
    """Each thread then reads the weights that it updates."""
    rows, terms, columns = shape
    rng = np.random.default_rng(0)
    x, w = (rng.integers(-9, 9, size).astype("float32") for size in ((rows, terms), (terms, columns)))
    with arraynet.use_backend("numba"):
        fast = jit(lambda x, w: ops.matmul(x, w))
        fast(x, w)
        for y in (fast(x, w), ops.matmul(x, w)):
            np.testing.assert_array_equal(y.numpy(), x @ w)  # of whole numbers, each sum is exact
        made = [v.shape for i in fast.programs[0].instructions for v in i.outs]
        assert made == [(rows, columns)] * (3 if halves == 2 else 1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("form", "order"), [*((form, "C") for form in FORMS), ("x @ w", "F")])
def test_products_have_the_same_bits_outside_of_programs(form, order, dtype):
    f, x_turned, w_turned = FORMS[form]
    rng = np.random.default_rng(0)
    x, w = numbers(rng, (64, 256), dtype, x_turned), numbers(rng, (256, 128), dtype, w_turned)
    given = np.array(x.T if x_turned else x, order=order), (w.T if w_turned else w)
    with arraynet.use_backend("numba"):
        fast = jit(f)
        fast(*given)
        np.testing.assert_array_equal(fast(*given).numpy(), f(*given).numpy())


GOING_ON = {  # with a product of x (9, 300), w (300, 200), v (200, 100), and what they return
    "a Variable": lambda x, w, v, made: (made.assign(ops.matmul(x, w)), made * 2)[1],
    "the caller and a loop": lambda x, w, v, made: [y := ops.matmul(x, w), ops.relu(y)],
    "another product": lambda x, w, v, made: ops.matmul(ops.matmul(x, w), v),
    "sums of rows and of columns": lambda x, w, v, made: [ops.softmax(y := ops.matmul(x, w)), ops.sum(y, axis=0)],
    "a transpose": lambda x, w, v, made: ops.matmul(ops.transpose(ops.matmul(x, w)), x),
    "nothing but itself": lambda x, w, v, made: [y := ops.matmul(x, w), ops.matmul(x, w) - y],
    "rows that were flattened": lambda x, w, v, made: ops.matmul(ops.reshape(ops.reshape(x, (9, 3, 100)), (9, 300)), w),
}


@pytest.mark.parametrize("form", GOING_ON)
def test_whoever_goes_on_with_a_product_of_many_terms_has_all_of_it(form):
    found = []
    for backend in ("numpy", "numba"):
        with arraynet.use_backend(backend):
            rng = np.random.default_rng(0)
            x, w, v = (rng.normal(size=s).astype("float32") for s in ((9, 300), (300, 200), (200, 100)))
            made = arraynet.Variable(np.zeros((9, 200), "float32"))
            fast = jit(lambda x, w, v: GOING_ON[form](x, w, v, made))  # noqa: B023
            fast(x, w, v)
            found.append([y.numpy() for y in arraynet.tree.flatten([fast(2 * x, w, v), made.value])])
    assert any(i.name == "group" and "add(" in str(i.inside) for i in fast.programs[0].instructions)
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-5 * max(1, np.abs(one).max()))


def test_sums_of_many_terms_are_as_exact_as_those_of_blas():
    rng = np.random.default_rng(0)
    x, g = rng.random((8192, 512), "float32"), rng.random((8192, 16), "float32")
    exact = x.T.astype("float64") @ g
    found = replayed(lambda x, g: 2 * ops.matmul(ops.transpose(x), g), x, g)
    assert abs(found / 2 / exact - 1).max() < 1.5 * abs(x.T @ g / exact - 1).max()


def test_views_that_are_no_transpose_and_no_rows_are_none():
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(6, 4, 20)).astype("float32"), rng.normal(size=(20, 20)).astype("float32")
    for f in (
        lambda x, w: ops.matmul(ops.reshape(x, (24, 20)), w),
        lambda x, w: ops.matmul(ops.reshape(x, (-1, 20)), ops.transpose(w, (0, 1))),
    ):
        np.testing.assert_allclose(replayed(f, x, w), x.reshape(24, 20) @ w, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS)
def test_products_outside_of_programs_are_computed_by_the_same_threads(form, dtype, monkeypatch):
    f, x_turned, w_turned = FORMS[form]
    rng, asked = np.random.default_rng(0), []
    x, w = numbers(rng, (3, 300), dtype, x_turned), numbers(rng, (300, 500), dtype, w_turned)
    given = (x.T if x_turned else x), (w.T if w_turned else w)
    monkeypatch.setattr(products, "once", lambda task: (asked.append(task), tasks.once(task)))
    with arraynet.use_backend("numba"):
        np.testing.assert_allclose(f(*given).numpy(), x @ w, **TOLERANCE[dtype])
        assert len(asked) == 1
        fast = jit(lambda x, w: 2 * f(x, w))
        fast(*given)
        fast(*given)
    assert len(asked) == 2  # the capture's
    assert left(fast) == [0]
