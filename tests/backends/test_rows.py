"""Rows of a data set: products read them where they lie, everybody else is given a copy; the numbers are the same."""

import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import arraynet
from arraynet import Sequential, layers, ops, rows
from arraynet.program import Rows, jit

pytest.importorskip("arraynet_numba", reason="the plugin arraynet-numba is not installed")
from arraynet_numba.chains import MANY
from arraynet_numba.microkernel import ROWS
from arraynet_numba.multiplication import BROAD, PAGE


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
    terms=st.integers(ROWS, 60) | st.sampled_from([ROWS, 8 * ROWS + 1, 600, PAGE // 4]),
    columns=st.integers(2, 60) | st.sampled_from([BROAD, 200]),
    seed=st.integers(0, 99),
)
def test_products_read_rows_where_they_are(f, dtype, rows, terms, columns, seed):
    source, order, w, g = data(np.random.default_rng(seed), rows, terms, columns, dtype)
    fast = jit(f)
    expected = arrays(fast(source[order], w, g))
    assert fast.rows
    found = arrays(fast(Rows(source.view(Uncopied), order), w, g))
    again = arrays(fast(source[order], w, g))
    for a, b, c in zip(expected, found, again, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-3 if dtype == "float32" else 1e-10)
        np.testing.assert_array_equal(b, c)


def test_each_call_may_bring_other_rows_of_another_source():
    fast = jit(both)
    rng = np.random.default_rng(0)
    for given_rows in (False, True, True, False, True):
        source, order, w, g = data(rng, MANY, 20, 9, "float32")
        x = Rows(source, order) if given_rows else source[order]
        for found, y in zip(
            arrays(fast(x, w, g)), both(ops.array(source[order]), ops.array(w), ops.array(g)), strict=True
        ):
            np.testing.assert_allclose(found, np.array(y), rtol=1e-4, atol=1e-5)
    assert fast.captures == 1


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
    assert (fast.rows, fast.captures) == (False, 1)
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
    assert not fast.rows
    fast(np.ones((MANY, 20), "float32"))
    assert fast.rows


def test_so_are_short_ones():
    fast = jit(lambda x: ops.matmul(x, ops.ones((ROWS - 1, 9))))
    fast(np.ones((MANY, ROWS - 1), "float32"))
    assert not fast.rows


@pytest.mark.parametrize("kernels", ["fused", "native", "eager"])
def test_rows_are_an_argument_like_others(kernels, monkeypatch):
    monkeypatch.setenv("ARRAYNET_KERNELS", kernels)
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


def fitted(model, monkeypatch, shape=(30,), **options):
    """The history and weights after `fit`, and how often a batch was copied, by its rows."""
    copied, module, gathered = Counter(), sys.modules["arraynet.program.jit"], rows.gathered

    def noted(x):
        copied.update([len(x.order)] if type(x) is Rows else [])
        return gathered(x)

    monkeypatch.setattr(module, "gathered", noted)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(4 * MANY + 5, 30)).astype("float32"), rng.integers(0, 3, 4 * MANY + 5)
    history = model.fit(x.reshape(-1, *shape), y, batch_size=MANY, epochs=3, verbose=0, **options).history
    monkeypatch.setattr(module, "gathered", gathered)
    return history["loss"], model.get_weights(), copied


def test_fit_copies_no_batch(monkeypatch):
    loss, weights, copied = fitted(net(), monkeypatch)
    assert copied.keys() == {5}, "the last batch is small"
    with arraynet.use_backend("numpy"):
        expected, others, copied = fitted(net(), monkeypatch)
    assert not copied
    np.testing.assert_allclose(loss, expected, rtol=1e-4)
    for a, b in zip(weights, others, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-2, atol=1e-3)


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
    loss, _, copied = fitted(model, monkeypatch)
    assert (model._step("train").rows, copied) == (False, {})
    assert loss[-1] < loss[0]
