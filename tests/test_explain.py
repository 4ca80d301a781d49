"""explain() tells the truth about shapes, costs, layers and kernels, and watches without disturbing."""

import re

import numpy as np
import pytest

import arraynet
from arraynet import Input, Sequential, layers, ops
from arraynet.dispatch import Op
from arraynet.inspection import Explanation

X = np.ones((4, 6), np.float32)


def net():
    return Sequential([Input((6,)), layers.Dense(5, "relu"), layers.Dense(3, "softmax")], name="net")


def test_a_model_is_explained_op_by_op(backend):
    found = arraynet.explain(net(), X)
    assert [row.op for row in found.rows] == ["matmul", "add", "relu", "matmul", "add", "softmax"]
    assert [row.layer for row in found] == ["net/dense"] * 3 + ["net/dense_1"] * 3
    assert found[0].inputs == ("float32 (4, 6)", "float32 (6, 5)")
    assert found[0].outputs == ("float32 (4, 5)",)
    assert {row.backend for row in found} == {backend}
    if backend == "cupy":
        assert [row.kernel for row in found] == ["generic", "fused", "fused", "generic", "generic", "native"]
    elif backend in ("numpy", "strict"):
        assert {row.kernel for row in found} == {"generic"}
    assert all(row.seconds > 0 for row in found)


def test_costs_are_those_counted_by_hand(backend):
    matmul, add, relu = arraynet.explain(net(), X).rows[:3]
    assert (matmul.flops, matmul.bytes) == (2 * 4 * 6 * 5, 4 * (24 + 30 + 20))
    assert (add.flops, add.bytes) == (20, 4 * (20 + 5 + 20))
    assert relu.flops == 20


@pytest.mark.parametrize(
    ("fn", "flops"),
    [
        (lambda x: ops.sum(x), 24),
        (lambda x: ops.reshape(x, (6, 4)), 0),
        (lambda x: ops.einsum("ij,kj->ik", x, x), 2 * 4 * 6 * 4),
        (lambda x: ops.concatenate([x, x]), 0),
        (lambda x: ops.exp(x), 24),
        (lambda x: ops.cholesky(ops.eye(6)), 6**3 // 3 + 2 * 36),  # it takes (x + x.T) / 2
        (lambda x: ops.sort(ops.ones(8)), 8 * 3),
        (lambda x: ops.cumsum(x, axis=0), 24),
        (lambda x: ops.segment_sum(x, np.array([0, 1, 0, 1]), 2), 4 * 4 + 24),  # which rows are meant, and their sums
        (lambda x: ops.inv(ops.eye(6)), 2 * 6**3),
        (lambda x: ops.eigh(ops.eye(6)), 9 * 6**3 + 2 * 36),
    ],
)
def test_flops(fn, flops):
    assert arraynet.explain(fn, ops.convert_to_tensor(X)).flops == flops


def test_a_view_moves_no_bytes(backend):
    assert arraynet.explain(ops.reshape, ops.ones((4, 6)), (6, 4))[0].bytes == 0
    assert arraynet.explain(ops.concatenate, [ops.ones(3), ops.ones(3)]).rows[-1].bytes > 0


def test_what_is_made_of_nothing_is_written():
    words = arraynet.explain(arraynet.random.uniform, (8,))[0]
    assert (words.op, words.outputs, words.bytes) == ("random_words", ("uint32 (8,)",), 32)


@pytest.mark.parametrize(
    ("shapes", "text"),
    [
        (((4, 6), (6,)), "x2: axis 0"),
        (((4, 1), (1, 6)), "x1: axis 1, x2: axis 0"),
        (((3, 4, 6), (4, 1)), "x2: axes 0, 2"),
        (((4, 6), (4, 6)), ""),
    ],
)
def test_broadcast_axes(shapes, text, backend):
    assert arraynet.explain(ops.add, *(ops.ones(shape) for shape in shapes))[0].broadcast == text


def test_a_matrix_product_broadcasts_nothing_unless_it_has_one_term():
    assert arraynet.explain(ops.matmul, ops.ones((3, 2)), ops.ones((2, 3)))[0].broadcast == ""
    assert arraynet.explain(ops.matmul, ops.ones((3, 1)), ops.ones((1, 3)))[0].broadcast == "x1: axis 1, x2: axis 0"


def test_scalars_and_several_outputs():
    row = arraynet.explain(lambda x: x * 2.0, ops.ones(3))[0]
    assert row.inputs == ("float32 (3,)", "2.0")
    found = arraynet.explain(lambda x: ops.qr(x), ops.eye(2))
    assert len(found[-1].outputs) == 2


def test_what_asks_for_values_has_no_count():
    asking = Op(lambda xp, x, /: x if bool(xp.sum(x) > 0) else -x, "common", (), False, "asking")
    (row,) = found = arraynet.explain(asking, ops.ones(3))
    assert (row.flops, row.kernel, found.flops) == (None, "generic", 0)
    assert "?" in repr(found)


def test_fused_ops_are_those_that_a_loop_computes():
    pytest.importorskip("arraynet_numba")
    with arraynet.use_backend("numba"):
        model = net()
        kernels = {row.op: row.kernel for row in arraynet.explain(model, X)}
        assert set(kernels.values()) == {"fused"}
        arraynet.config.set_kernels("native")
        kernels = {row.op: row.kernel for row in arraynet.explain(model, X)}
        assert kernels == {"matmul": "generic", "add": "generic", "relu": "generic", "softmax": "native"}


@pytest.mark.parametrize(("name", "kernel"), [("numpy", "generic"), ("numba", "fused")])
def test_folded_ops_are_those_that_a_replay_leaves_out(name, kernel):
    if name == "numba":
        pytest.importorskip("arraynet_numba")

    def f(x):
        ops.sin(x)
        return ops.exp(x) - ops.exp(x) * 1.0

    with arraynet.use_backend(name):
        found = arraynet.explain(f, ops.ones((4, 4)))
        assert arraynet.explain(lambda x: f(x).numpy(), ops.ones((4, 4)))[0].kernel != "folded"
    assert [row.op for row in found] == ["sin", "exp", "exp", "multiply", "subtract"]
    assert [row.kernel for row in found] == ["folded", kernel, "folded", "folded", kernel]


class Doubling(arraynet.backend.NumPyBackend):
    name = "doubling"
    kernels = {"relu": lambda x: 2 * x, "exp": lambda x: NotImplemented}  # noqa: RUF012


def test_native_kernels_are_named_and_those_that_decline_are_not():
    with arraynet.use_backend(Doubling()):
        x = ops.ones(3)
        assert arraynet.explain(ops.relu, x)[0].kernel == "native"
        assert arraynet.explain(ops.exp, x)[0].kernel == "generic"
        arraynet.config.set_kernels("generic")
        assert arraynet.explain(ops.relu, x)[0].kernel == "generic"


def test_a_training_step_is_explained_with_its_gradients_and_updates(backend):
    model = net()
    model.compile("rmsprop", "sparse_categorical_crossentropy")
    y = np.zeros(4, int)
    model.train_on_batch(X, y)
    before = model.optimizer.iterations
    names = [row.op for row in arraynet.explain(model.train_on_batch, X, y)]
    assert model.optimizer.iterations == before + 1
    assert names.count("rmsprop_step") == 4
    assert names.count("matmul") > 2


def test_numbers_do_not_change_by_being_watched(backend):
    model = net()
    before = np.asarray(model(X))
    arraynet.explain(model, X)
    np.testing.assert_array_equal(np.asarray(model(X)), before)


def test_a_function_is_called_once_and_a_layer_that_is_not_built_twice():
    seen = []

    class Scaled(layers.Layer):
        def call(self, x, *, by):
            seen.append(by)
            return x * by

    scaled = Scaled()
    for calls in (2, 3):
        assert [row.op for row in arraynet.explain(scaled, X, by=2.0)] == ["multiply"]
        assert seen == [2.0] * calls


def test_an_unbuilt_model_is_built_first():
    model = Sequential([layers.Dense(2)])
    assert [row.op for row in arraynet.explain(model, X)] == ["matmul", "add"]


def test_the_tables_show_every_op_and_escape_names():
    model = Sequential([Input((6,)), layers.Dense(2, name="<b>[red]")], name="net")
    found = arraynet.explain(model, X)
    assert "matmul" in repr(found)
    assert "[red]" in repr(found).replace("\n", "")
    assert "2 ops" in repr(found)
    html = found._repr_html_()
    assert "net/&lt;b&gt;[red]" in html
    assert html.count("<tr>") == 1 + 2 + 1
    assert (found.flops, found.bytes) == (2 * 4 * 6 * 2 + 8, sum(row.bytes for row in found))


def test_nothing_to_explain():
    found = arraynet.explain(lambda: 3)
    assert isinstance(found, Explanation)
    assert len(found) == 0
    assert "0 ops" in repr(found)


def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match="explain needs a function, layer or model"):
        arraynet.explain(X)


def test_long_computations_are_cut_short_and_say_so(monkeypatch):
    monkeypatch.setattr("arraynet.inspection.watching.LIMIT", 3)
    found = arraynet.explain(lambda x: [x := x + 1 for _ in range(5)], ops.ones(1))
    assert len(found) == 3
    assert "the first 3 ops, 2 more ran" in repr(found)


def test_what_later_ops_may_use_is_not_told_as_left_out(monkeypatch):
    monkeypatch.setattr("arraynet.inspection.watching.LIMIT", 2)
    found = arraynet.explain(lambda x: ops.exp(ops.sin(ops.cos(x))), ops.ones(1))
    assert "folded" not in {row.kernel for row in found.rows}


def test_a_training_step_is_fused_where_there_are_loops():
    pytest.importorskip("arraynet_numba")
    with arraynet.use_backend("numba"):
        model = net()
        model.compile("sgd", "sparse_categorical_crossentropy")
        rows = arraynet.explain(model.train_on_batch, X, np.zeros(4, int)).rows
    assert "fused" in {row.kernel for row in rows if row.op == "relu"}


def test_columns_that_say_nothing_are_left_out(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    plain = arraynet.explain(lambda x: ops.exp(x), np.ones(2, "float32"))
    assert "layer" not in str(plain)
    assert "broadcast" not in plain._repr_html_()
    assert "axis 0" in str(arraynet.explain(lambda x, y: x + y, ops.ones((2, 3)), ops.ones(3)))
    assert "1 op " in str(plain)


def test_numbers_stand_on_the_right_and_words_on_the_left():
    html = arraynet.explain(lambda x: ops.exp(x), np.ones(2, "float32"))._repr_html_()
    assert re.search(r'text-align:left[^>]*">float32 \(2,\)<', html)
    assert re.search(r'text-align:right[^>]*">16<', html)
