"""Rows of a data set: products read them where they lie, everybody else is given a copy; the numbers are the same."""

import ctypes
import mmap
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import arraynet
from arraynet import Sequential, callbacks, config, layers, ops, rows
from arraynet.program import Rows, jit

pytest.importorskip("arraynet_numba", reason="the plugin arraynet-numba is not installed")
from arraynet_numba.chains import MANY
from arraynet_numba.microkernel import BLOCK
from arraynet_numba.products import BROAD, NEAR
from arraynet_numba.views import PAGE

FEW = max(BLOCK, -(-100 // BLOCK))  # rows of weights that 100 samples are not too many for, with short vectors as well

pytestmark = pytest.mark.usefixtures("threads")


class Uncopied(np.ndarray):
    """An array whose rows nobody may take."""

    def take(self, *args, **kwargs):
        raise AssertionError("its rows were copied")


@pytest.fixture(autouse=True)
def on_numba():
    with arraynet.use_backend("numba"):
        yield


def forward(x, w, g):
    return ops.relu(ops.matmul(x, w) + 0.5)


def gradient(x, w, g):
    return w - 0.1 * ops.matmul(ops.transpose(x), g)


def both(x, w, g):
    return forward(x, w, g), gradient(x, w, g)


def arrays(result):
    return [np.array(t) for t in (result if isinstance(result, tuple) else (result,))]


def data(rng, rows, terms, columns, dtype):
    source = rng.normal(size=(rows + rng.integers(1, 60), terms)).astype(dtype)
    order = rng.integers(0, len(source), rows)
    order[:2] = len(source) - 1, 0
    return (
        source,
        order,
        rng.normal(size=(terms, columns)).astype(dtype),
        rng.normal(size=(rows, columns)).astype(dtype),
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("f", [forward, gradient, both], ids=lambda f: f.__name__)
@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(MANY, 100),
    terms=st.integers(FEW, 60) | st.sampled_from([FEW, 4 * BLOCK + 1, 600, PAGE // 4]),
    columns=st.integers(2, 60) | st.sampled_from([BROAD, 200]),
    seed=st.integers(0, 99),
)
def test_products_read_rows_where_they_are(f, dtype, rows, terms, columns, seed):
    source, order, w, g = data(np.random.default_rng(seed), rows, terms, columns, dtype)
    fast = jit(f)
    expected = arrays(fast(source[order], w, g))
    assert fast.takes_rows
    found = arrays(fast(Rows(source.view(Uncopied), order), w, g))
    again = arrays(fast(source[order], w, g))
    for a, b, c in zip(expected, found, again, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-3 if dtype == "float32" else 1e-10)
        np.testing.assert_array_equal(b, c)


@pytest.mark.parametrize(
    ("rows", "terms", "columns", "read"),
    [(2048, 300, NEAR // 2048 - 100, True), (2048, 300, NEAR // 2048 + 100, False), (640, 20, 9, False)],
    ids=["many", "too many and wide", "too many for few terms"],
)
def test_rows_are_copied_for_a_gradient_if_they_are_too_many(rows, terms, columns, read):
    fast = jit(gradient)
    source, order, w, g = data(np.random.default_rng(0), rows, terms, columns, "float32")
    expected = arrays(fast(source[order], w, g))
    for a, b in zip(expected, arrays(fast(Rows(source, order), w, g)), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-3)
    assert fast.takes_rows == read


@pytest.mark.parametrize("more", [0, 7])
def test_each_call_may_bring_other_rows_of_another_source(more):
    """Where source and batch are of one length, too, so that nothing but who gives them tells them apart."""
    fast = jit(both)
    rng = np.random.default_rng(0)
    w, g = rng.normal(size=(20, 9)).astype("float32"), rng.normal(size=(MANY, 9)).astype("float32")
    for as_rows in (False, False, True, True, False, True, True):
        source, order = rng.normal(size=(MANY + more, 20)).astype("float32"), rng.permutation(MANY + more)[:MANY]
        x = Rows(source, order) if as_rows else source[order]
        for found, y in zip(arrays(fast(x, w, g)), both(*map(ops.array, (source[order], w, g))), strict=True):
            np.testing.assert_allclose(found, np.array(y), rtol=1e-4, atol=1e-5)
    assert fast.captures == 1


def test_an_order_may_lie_as_it_likes():
    fast = jit(gradient)
    source, order, w, g = data(np.random.default_rng(0), MANY, 20, 9, "float32")
    fast(source[order], w, g)
    expected = np.array(fast(Rows(source, order), w, g))
    for other in (order.astype("int32"), np.repeat(order, 2)[::2], order.tolist()):
        np.testing.assert_array_equal(np.array(fast(Rows(source, other), w, g)), expected)


@pytest.mark.parametrize("given_as", [">f4", "float64", "int32"])
def test_what_is_converted_anyway_is_copied(given_as):
    fast = jit(gradient)
    source, order, w, g = data(np.random.default_rng(0), MANY, 20, 9, "float32")
    source = (8 * source).astype(given_as)
    fast(source[order], w, g)
    expected = np.array(fast(source[order], w, g))
    np.testing.assert_array_equal(np.array(fast(Rows(source, order), w, g)), expected)


def guarded(x, at_end):
    """A copy between two pages that cannot be read."""
    libc = ctypes.CDLL(None)
    size = -(-x.nbytes // mmap.PAGESIZE) * mmap.PAGESIZE
    memory = mmap.mmap(-1, size + 2 * mmap.PAGESIZE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for page in (start, start + mmap.PAGESIZE + size):
        assert libc.mprotect(ctypes.c_void_p(page), mmap.PAGESIZE, 0) == 0
    copy = np.frombuffer(memory, x.dtype, x.size, mmap.PAGESIZE + (size - x.nbytes) * at_end).reshape(x.shape)
    copy[...] = x
    return copy


@pytest.mark.skipif(sys.platform != "linux", reason="pages are protected as Linux does it")
@pytest.mark.parametrize("f", [forward, gradient], ids=lambda f: f.__name__)
def test_nothing_beyond_the_ends_is_read(f):
    """The source and its order end where a page ends, or begin where one begins, and its neighbours cannot be read."""
    source, order, w, g = data(np.random.default_rng(0), MANY + 1, 4 * BLOCK + 1, 9, "float32")
    fast = jit(f)
    fast(source[order], w, g)
    expected = np.array(fast(source[order], w, g))
    for at_end in (True, False):
        x = Rows(guarded(source, at_end), guarded(order, at_end))
        np.testing.assert_array_equal(np.array(fast(x, w, g)), expected)


def others(x):
    """What is no product alone, by how it reads its input."""
    w = ops.ones((20, 9))
    return {
        "elementwise": lambda: ops.matmul(2 * x, w),
        "a product and elementwise": lambda: (ops.matmul(x, w), ops.exp(x)),
        "as a right factor": lambda: ops.matmul(ops.transpose(w) @ ops.transpose(x), x),
        "as a result": lambda: (ops.matmul(x, w), x),
        "a sum": lambda: ops.sum(x),
    }


@pytest.mark.parametrize("name", others(ops.ones((1, 20))))
def test_everybody_else_is_given_a_copy(name):
    fast = jit(lambda x: others(x)[name]())
    source, order, _, _ = data(np.random.default_rng(0), MANY, 20, 9, "float32")
    fast(source[order])
    expected, found = arrays(fast(source[order])), arrays(fast(Rows(source, order)))
    assert (fast.takes_rows, fast.captures) == (False, 1)
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("rows", "terms", "columns"), [(MANY, 20, 9), (MANY, 300, 200), (4 * MANY, 8, 50)])
def test_right_factors_may_be_transposed(rows, terms, columns):
    fast = jit(lambda x, w: ops.matmul(x, ops.transpose(w)))
    source, order, w, _ = data(np.random.default_rng(0), rows, terms, columns, "float32")
    for x in (source[order], source[order], Rows(source, order)):
        np.testing.assert_allclose(fast(x, w.T.copy()), source[order] @ w, rtol=1e-3, atol=1e-4)


def test_few_rows_are_copied():
    fast = jit(lambda x: ops.matmul(x, ops.ones((20, 9))))
    fast(np.ones((MANY - 1, 20), "float32"))
    assert not fast.takes_rows
    fast(np.ones((MANY, 20), "float32"))
    assert fast.takes_rows


def test_so_are_short_ones():
    fast = jit(lambda x: ops.matmul(x, ops.ones((BLOCK - 1, 9))))
    fast(np.ones((MANY, BLOCK - 1), "float32"))
    assert not fast.takes_rows


@pytest.mark.parametrize("kernels", ["fused", "native", "eager"])
def test_rows_are_an_argument_like_others(kernels):
    config.set_kernels(kernels)
    source, order, w, g = data(np.random.default_rng(0), MANY, 20, 9, "float32")
    fast = jit(gradient)
    for _ in range(3):
        np.testing.assert_allclose(fast(Rows(source, order), w, g), w - 0.1 * source[order].T @ g, rtol=1e-3, atol=1e-5)
    with arraynet.GradientTape() as tape:
        v = arraynet.Variable(w)
        y = fast(Rows(source, order), v, g)
    assert tape.gradient(y, v).shape == w.shape


def test_what_runs_eagerly_is_given_a_copy():
    fast = jit(lambda x: ops.array(float(ops.sum(x))))
    source, order, _, _ = data(np.random.default_rng(0), MANY, 20, 9, "float32")
    for _ in range(3):
        np.testing.assert_allclose(fast(Rows(source, order)), source[order].sum(), rtol=1e-4)
    assert fast.reason


def net(*first):
    arraynet.utils.set_random_seed(3)
    model = Sequential([*first, layers.Dense(40, activation="relu"), layers.Dense(3, activation="softmax")])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fitted(model, monkeypatch, shape=(30,), kind="float32", **options):
    """The loss and weights after `fit`, and how many batches of each length came as `Rows`, and were copied then."""
    made, copied, gathered, begin = Counter(), Counter(), rows.gathered, Rows.__init__

    def noted(x):
        copied.update([len(x.order)] if type(x) is Rows else [])
        return gathered(x)

    def counted(self, source, order):
        made.update([len(order)])
        begin(self, source, order)

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(4 * MANY + 5, 30)).astype(kind), rng.integers(0, 3, 4 * MANY + 5)
    with monkeypatch.context() as patch:
        for name in ("jit", "replay"):
            patch.setattr(sys.modules[f"arraynet.program.{name}"], "gathered", noted)
        patch.setattr(Rows, "__init__", counted)
        history = model.fit(x.reshape(-1, *shape), y, batch_size=MANY, epochs=3, verbose=0, **options).history
    return history["loss"], model.get_weights(), made, copied


def test_fit_copies_no_batch(monkeypatch):
    loss, weights, made, copied = fitted(net(), monkeypatch)
    assert made[MANY] >= 3 * 4 - 2, "all but the first two, before there is a program"
    assert copied.keys() == {5}, "the last batch is small"
    with arraynet.use_backend("numpy"):
        expected, others, made, copied = fitted(net(), monkeypatch)
    assert not made + copied
    np.testing.assert_allclose(loss, expected, rtol=1e-4)
    for a, b in zip(weights, others, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("first", [layers.Flatten(), layers.Reshape((-1,))])
def test_images_are_flattened_where_they_lie(first, monkeypatch):
    model = net(first)
    loss, weights, made, copied = fitted(model, monkeypatch, shape=(5, 3, 2))
    expected, others, *_ = fitted(net(), monkeypatch)
    assert (made[MANY] >= 10, copied.keys()) == (True, {5})
    np.testing.assert_array_equal(loss, expected)
    for a, b in zip(weights, others, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("n", [2, MANY])
@pytest.mark.parametrize("f", [forward, gradient, both], ids=lambda f: f.__name__)
@pytest.mark.parametrize(("shape", "columns"), [((5, 4), 9), ((2, 3, 3), 40), ((4, PAGE // 8), BROAD)])
def test_what_is_flattened_may_be_a_factor(f, n, shape, columns):
    flat, fast = jit(lambda x, w, g: f(ops.reshape(x, (n, -1)), w, g)), jit(f)
    source, order, w, g = data(np.random.default_rng(0), n, np.prod(shape), columns, "float32")
    images = source.reshape(-1, *shape)
    for _ in range(2):
        expected, found = arrays(fast(source[order], w, g)), arrays(flat(images[order], w, g))
    for a, b, c in zip(expected, found, arrays(flat(Rows(images, order), w, g)), strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(b, c)
    assert flat.takes_rows == (n == MANY)


def test_what_has_gaps_is_flattened_as_a_copy():
    flat = jit(lambda x, w, g: forward(ops.reshape(x, (MANY, -1)), w, g))
    source, _, w, g = data(np.random.default_rng(0), MANY, 40, 9, "float32")
    x = source[:MANY].reshape(MANY, 8, 5)[:, ::2]
    for _ in range(3):
        found = np.array(flat(x, w[:20], g))
    np.testing.assert_allclose(found, np.maximum(x.reshape(MANY, -1) @ w[:20] + 0.5, 0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("attribute", ["run_eagerly", "jit_compile"])
def test_a_callback_may_end_the_capturing(attribute, monkeypatch):
    model = net()
    hook = callbacks.LambdaCallback(on_epoch_end=lambda e, logs: setattr(model, attribute, attribute == "run_eagerly"))
    loss, *_ = fitted(model, monkeypatch, callbacks=[hook])
    with arraynet.use_backend("numpy"):
        expected, *_ = fitted(net(), monkeypatch)
    np.testing.assert_allclose(loss, expected, rtol=1e-4)


def test_what_a_hook_may_change_before_its_step_is_a_copy(monkeypatch):
    hook = callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: None)
    assert not fitted(net(), monkeypatch, callbacks=[hook])[2]


@pytest.mark.parametrize("kind", [">f4", "float64"])
def test_inputs_that_are_narrowed_are_copied(kind, monkeypatch):
    loss, _, made, _ = fitted(net(), monkeypatch, kind=kind)
    with arraynet.use_backend("numpy"):
        expected, *_ = fitted(net(), monkeypatch, kind=kind)
    assert not made
    np.testing.assert_allclose(loss, expected, rtol=1e-3)


class Twice(arraynet.Model):
    """A model of two inputs, in a dict."""

    def __init__(self):
        super().__init__()
        self.a, self.b = layers.Dense(4, activation="relu"), layers.Dense(4)

    def call(self, inputs):
        return ops.sum(self.a(inputs["a"]) * self.b(inputs["b"]), axis=1, keepdims=True)


def test_labels_may_be_narrowed_and_inputs_many():
    rng = np.random.default_rng(0)
    x, y, found = rng.normal(size=(4 * MANY, 30)).astype("float32"), rng.normal(size=(4 * MANY, 1)), []
    for name in ("numba", "numpy"):
        for make, given_x in ((lambda: Sequential([layers.Dense(4), layers.Dense(1)]), x), (Twice, {"a": x, "b": -x})):
            with arraynet.use_backend(name):
                arraynet.utils.set_random_seed(3)
                model = make()
                model.compile("sgd", "mse")
                found.append(model.fit(given_x, y, batch_size=MANY, epochs=3, verbose=0).history["loss"])
                assert model._step("train").takes_rows == (name == "numba")
    np.testing.assert_allclose(found[:2], found[2:], rtol=1e-4)


@pytest.mark.parametrize(
    "options", [{"debug": True}, {"shuffle": "batch"}, {"shuffle": False}, {"class_weight": {1: 2.0}}]
)
def test_fit_means_the_same_with_its_options(options, monkeypatch):
    loss, *_ = fitted(net(), monkeypatch, **options)
    with arraynet.use_backend("numpy"):
        expected, *_ = fitted(net(), monkeypatch, **options)
    np.testing.assert_allclose(loss, expected, rtol=1e-4)


@pytest.mark.parametrize("first", [layers.Rescaling(0.5), layers.GaussianNoise(0.1), layers.Dropout(0.2)])
def test_networks_that_begin_with_something_else_copy(first, monkeypatch):
    model = net(first)
    loss, _, *counts = fitted(model, monkeypatch)
    assert counts == [{}, {}]
    assert loss[-1] < loss[0]
