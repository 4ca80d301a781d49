"""Products with a handful of rows are computed in loops, the weights' gradient in that of their update."""

from collections import Counter

import numpy as np
import pytest

import arraynet
from arraynet import layers, ops
from arraynet.program import jit

products = pytest.importorskip("arraynet_numba.products", reason="the plugin arraynet-numba is not installed")

UNITS = 1 + products.LARGE // 401  # odd, as is the number of inputs


def trained(backend, rows, optimizer, dtype="float32", activation="relu"):
    """A net after some steps on batches of so many rows, and the products left in its program."""
    with arraynet.use_backend(backend):
        arraynet.utils.set_random_seed(0)
        hidden = layers.Dense(UNITS, activation=activation, dtype=dtype)
        model = arraynet.Sequential([hidden, layers.Dense(3, dtype=dtype)])
        model.compile(optimizer, "mse")
        rng = np.random.default_rng(1)
        x, y = rng.normal(size=(4 * rows, 401)).astype(dtype), rng.normal(size=(4 * rows, 3)).astype(dtype)
        model.fit(x, y, batch_size=rows, epochs=2, verbose=0)
        return model, Counter(i.name for i in model._step("train").programs[0].instructions)["matmul"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [1, 2, 3, 7, 8, 9])
def test_a_step_on_few_rows_trains_as_on_numpy(rows, dtype):
    model, left = trained("numba", rows, "sgd", dtype)
    expected, every = trained("numpy", rows, "sgd", dtype)
    # A product of one term is none, and BLAS has a way of its own for two rows.
    assert every - left == {1: 0, 2: 1, 9: 0}.get(rows, 2)
    for w, e in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(w, e, rtol=2e-5 if dtype == "float32" else 1e-12, atol=1e-6)


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam", "adamw", "nadam", "adagrad", "adadelta"])
def test_every_optimizer_takes_its_gradient_from_the_factors(optimizer):
    model, left = trained("numba", 4, optimizer)
    assert left == 3  # of the second layer, whose weights are few
    for w, e in zip(model.get_weights(), trained("numpy", 4, optimizer)[0].get_weights(), strict=True):
        np.testing.assert_allclose(w, e, rtol=1e-3, atol=2e-4)


def test_what_asks_for_the_gradient_twice_gets_all_of_it():
    clipped = [arraynet.optimizers.SGD(clipnorm=0.1) for _ in range(2)]
    model, left = trained("numba", 4, clipped[0])
    assert left == 5
    for w, e in zip(model.get_weights(), trained("numpy", 4, clipped[1])[0].get_weights(), strict=True):
        np.testing.assert_allclose(w, e, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("inputs", "units", "left"),
    [(2048, 64, 0), (2047, 64, 2), (2081, 63, 2), (8, 16384, 0), (4097, 64, 1)],
    ids=["just large", "too small", "too narrow", "factors of the weights' shape", "too long for one running sum"],
)
def test_weights_that_are_large_and_wide_leave_blas(inputs, units, left):
    rng = np.random.default_rng(0)
    x, g, start = (rng.normal(size=s).astype("float32") for s in ((8, inputs), (8, units), (inputs, units)))
    with arraynet.use_backend("numba"):
        w = arraynet.Variable(start)

        @jit
        def step(x, g):
            y = ops.matmul(x, w)
            w.assign_sub(0.5 * ops.matmul(ops.transpose(x), g) + g[0, 0])
            return y

        step(x, g)
        y = step(x, g).numpy()
        assert step.programs[0].primitives()["matmul"] == left
    once, twice = (start - turns * (0.5 * x.T @ g + g[0, 0]) for turns in (1, 2))
    np.testing.assert_allclose(y, x @ once, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(w.numpy(), twice, rtol=1e-4, atol=1e-5)


def test_weights_that_stay_as_they_are_are_multiplied_by_blas():
    with arraynet.use_backend("numba"):
        model, _ = trained("numba", 8, "sgd")
        model.predict(np.ones((8, 401), "float32"), batch_size=8, verbose=0)
        (program,) = model._step("predict").programs
    assert Counter(i.name for i in program.instructions)["matmul"] == 2


def test_blas_does_all_of_it_if_asked(monkeypatch):
    monkeypatch.setenv("ARRAYNET_NUMBA_MATMUL", "blas")
    assert trained("numba", 8, "sgd")[1] == trained("numpy", 8, "sgd")[1]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_no_value_is_hidden(bad):
    with arraynet.use_backend("numba"):
        w = arraynet.Variable(np.zeros((401, UNITS), "float32"))

        @jit
        def step(x, g):
            y = ops.matmul(x, w)
            w.assign_sub(0.5 * ops.matmul(ops.transpose(x), g))
            return y

        x, g = np.ones((3, 401), "float32"), np.ones((3, UNITS), "float32")
        step(x, g)
        x[1, 400] = bad
        with np.errstate(invalid="ignore"):
            y = step(x, g).numpy()
        assert "matmul" not in step.programs[0].primitives()
    assert np.isfinite(y[[0, 2]]).all()
    assert not np.isfinite(y[1]).any()
    assert np.isfinite(w.numpy()[:400]).all()
    assert not np.isfinite(w.numpy()[400]).any()


READERS = {  # of a product beside weights: what they return, and how many products BLAS is left
    "an update and the caller": (lambda w, p: (w.assign_sub(0.5 * p), p)[1], 1),
    "an update without a rate": (lambda w, p: w.assign_sub(p), 0),
    "sums of rows": (lambda w, p: ops.sum(p * w, axis=-1), 1),
}


@pytest.mark.parametrize("reader", READERS)
def test_whoever_reads_a_product_gets_it(reader):
    read, left = READERS[reader]
    found = []
    for backend in ("numpy", "numba"):
        with arraynet.use_backend(backend):
            rng = np.random.default_rng(0)
            x, g, start = (rng.normal(size=s).astype("float32") for s in ((4, 401), (4, UNITS), (401, UNITS)))
            w = arraynet.Variable(start)
            fast = jit(lambda x, g: read(w, ops.matmul(ops.transpose(x), g)))  # noqa: B023
            fast(x, g)
            found.append([fast(2 * x, g).numpy(), w.numpy()])
    assert fast.programs[0].primitives()["matmul"] == left
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("changing", [0, 1], ids=["seen through a view", "as it is"])
def test_a_product_of_a_variable_is_computed_before_that_changes(changing):
    def step(factors, w):
        gradient = ops.matmul(ops.transpose(factors[0]), factors[1])
        factors[changing].assign(factors[changing] * 2)
        w.assign_sub(0.5 * gradient)

    found = []
    for backend in ("numpy", "numba"):
        with arraynet.use_backend(backend):
            rng = np.random.default_rng(0)
            factors = [ops.array(rng.normal(size=s).astype("float32")) for s in ((4, 401), (4, UNITS))]
            factors[changing] = arraynet.Variable(factors[changing])
            w = arraynet.Variable(rng.normal(size=(401, UNITS)).astype("float32"))
            fast = jit(lambda: step(factors, w))  # noqa: B023
            for _ in range(3):
                fast()
            found.append([factors[changing].numpy(), w.numpy()])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
