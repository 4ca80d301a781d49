"""What is left to BLAS: all products of a program, which no threads share then, or none, and few calls beside."""

import os
import subprocess
import sys
from collections import Counter
from functools import reduce

import numpy as np
import pytest

import arraynet
from arraynet import layers, ops
from arraynet.operators import OPS
from arraynet.program import jit

products = pytest.importorskip("arraynet_numba.products", reason="the plugin arraynet-numba is not installed")
from arraynet_numba import tasks  # noqa: E402
from arraynet_numba.team import MEMBERS  # noqa: E402

pytestmark = pytest.mark.usefixtures("threads")


def left(jitted):
    """The products that BLAS is left in each program."""
    return [Counter(i.name for i in program.instructions)["matmul"] for program in jitted.programs]


@pytest.mark.parametrize(
    ("shapes", "rest"),
    [
        (((1, 50), (50, 40)), 1),
        (((40, 50), (50, 1)), 1),
        (((40, 50), (50, 40), (40, 1), (1, 1)), 0),
        (((513, 513), (513, 513)), 1),
        (((513, 513), (513, 513), (513, 9)), 2),
        (((512, 600), (600, 600)), 0),
        (((600, 512), (512, 600)), 0),
        (((600, 600), (600, 512)), 0),
    ],
    ids=["one row", "one column", "little of one column", "large", "one large", "fewer rows", "fewer terms",
         "fewer columns"],
)  # fmt: skip
def test_blas_has_ways_of_its_own_for_one_row_or_column_and_large_products(shapes, rest):
    rng = np.random.default_rng(0)
    factors = [rng.normal(size=shape).astype("float32") / 8 for shape in shapes]
    with arraynet.use_backend("numba"):
        fast = jit(lambda *factors: 2 * reduce(ops.matmul, factors))
        fast(*factors)
        np.testing.assert_allclose(fast(*factors).numpy(), 2 * reduce(np.matmul, factors), rtol=1e-4, atol=1e-3)
    assert left(fast) == [rest]


@pytest.mark.parametrize(
    ("x", "w"),
    [
        (np.ones((3, 30), "float32"), np.ones((30, 50), "float32")),
        (np.ones((1, 3000), "float32"), np.ones((3000, 100), "float32")),
        (np.ones((9, 300), "int32"), np.ones((300, 500), "int32")),
        (np.ones((9, 300), "float16"), np.ones((300, 500), "float16")),
        (np.ones((513, 513), "float32"), np.ones((513, 513), "float32")),
        (np.ones((2, 2, 300), "float32"), np.ones((2, 300, 500), "float32")),
    ],
    ids=["small", "a row", "integers", "float16", "large", "stacks"],
)
def test_others_are_left_to_numpy(x, w, monkeypatch):
    monkeypatch.setattr(products, "once", None)
    with arraynet.use_backend("numba"):
        np.testing.assert_array_equal(ops.matmul(x, w).numpy(), x @ w)


def test_factors_that_do_not_fit_are_left_to_numpy_which_refuses_them(monkeypatch):
    monkeypatch.setattr(products, "once", None)
    with arraynet.use_backend("numba"), pytest.raises(ValueError, match=r"matmul: .*\(300, 200\)"):
        OPS["matmul"](np.ones((300, 200), "float32"), np.ones((300, 500), "float32"))


def test_looking_at_the_data_of_a_wide_net_wakes_no_thread_of_blas(monkeypatch):
    x, y, asked = np.ones((8, 300), "float32"), np.ones((8, 2), "float32"), []
    with arraynet.use_backend("numba"):
        model = arraynet.Sequential([layers.Dense(1000, activation="relu"), layers.Dense(2)])
        model.compile("sgd", "mse")
        model.fit(x, y, batch_size=4, verbose=0)
        monkeypatch.setattr(products, "once", lambda task: (asked.append(task), tasks.once(task)))
        model.fit(x, y, batch_size=4, verbose=0)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("f", "products", "shared"),
    [
        (lambda x, w: 2 * ops.matmul(x[0], w[0]) + ops.sum(ops.matmul(x, w), axis=0), 2, False),
        (lambda x, w: ops.matmul(x[0], w[0]) + ops.sum(x), 0, True),
        (lambda x, w: x[0] * 3 + ops.sum(w), 0, True),
    ],
    ids=["some for BLAS", "none for BLAS", "no product"],
)
def test_blas_has_all_products_or_none_and_then_threads_share_the_loops(f, products, shared, threads):
    x, w = np.ones((3, 4, 5), "float32"), np.ones((3, 5, 6), "float32")
    with arraynet.use_backend("numba"):
        fast = jit(f)
        fast(x, w)
        found = fast(x, w).numpy()
    np.testing.assert_allclose(found, np.asarray(f(ops.array(x), ops.array(w))))
    assert left(fast) == [products]
    (calls,) = (i.function for i in fast.programs[0].instructions if isinstance(i.function, tasks.Calls))
    assert calls.run.ways[0][MEMBERS] == (threads if shared else 1)
    assert calls.table[:, tasks.WORK].all()


@pytest.mark.parametrize(("f", "rest"), [(lambda x: 3 * ops.matmul(x, x) + 1, 1), (lambda x: x * 3 + ops.sum(x), 0)])
def test_blas_does_all_of_it_if_asked(f, rest, monkeypatch, threads):
    monkeypatch.setenv("ARRAYNET_NUMBA_MATMUL", "blas")
    with arraynet.use_backend("numba"):
        fast = jit(f)
        fast(np.ones((8, 8), "float32"))
    assert left(fast) == [rest]
    assert fast.programs[0].instructions[-1].function.run.ways[0][MEMBERS] == (1 if rest else threads)


def test_for_a_product_that_needs_no_threads_numba_is_not_even_imported():
    code = (
        "import sys, numpy as np, arraynet; arraynet.ops.matmul(np.ones((63, 64)), np.ones((64, 64))); "
        "sys.exit('numba' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], env=os.environ | {"ARRAYNET_BACKEND": "numba"}, check=True)
