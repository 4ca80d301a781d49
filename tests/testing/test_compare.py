"""The comparison names the first op that goes wrong, with its layer and phase, or shows how close all is."""

import numpy as np
import pytest

import arraynet
from arraynet import cli, layers, ops
from arraynet.backend import NumPyBackend
from arraynet.operators import OPS
from arraynet.testing import compare, tolerances

RNG = np.random.default_rng(0)
X, LABELS = RNG.normal(size=(16, 6)).astype("float32"), RNG.integers(0, 3, 16)

SCRIPT = """
import sys
import numpy as np
import arraynet
from arraynet import layers, ops
assert __name__ == "__main__" and sys.argv == [__file__]
model = arraynet.Sequential([layers.Dense(4, activation="relu", name="hidden"), layers.Dense(1)])
model.compile("sgd", "mse")
x = np.random.default_rng(0).normal(size=(40, 3))
model.fit(x, x[:, :1], epochs=2, verbose=0)
print("done")
"""
PLUGIN = """
import numpy as np
from arraynet.backend import NumPyBackend

class Wrong(NumPyBackend):
    name = "wrong"
    kernels = {"relu_grad": lambda g, x: np.where(x > 0, g * np.float32(1.001), 0 * g)}
"""


class Toy(NumPyBackend):
    """NumPy with kernels of its own."""

    name = "toy"

    def __init__(self, **kernels):
        self.kernels = kernels


def relu_grad(g, x):
    return np.where(x > 0, g * g.dtype.type(1.001), g.dtype.type(0))


WRONG = Toy(relu_grad=relu_grad)


@pytest.fixture
def model():
    model = arraynet.Sequential(
        [
            layers.Input((6,)),
            layers.Dense(8, activation="relu", name="hidden"),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("inputs", [(X, LABELS), (X,)], ids=["labels", "no-labels"])
def test_an_error_of_a_thousandth_in_a_backward_kernel_is_found_by_name(model, inputs):
    found = compare(model, *inputs, backends=("numpy", WRONG))
    difference = found.difference
    assert not found.ok
    assert (difference.op, difference.phase, difference.backend) == ("relu_grad", "backward", "toy")
    assert difference.layer.endswith("/hidden")
    assert difference.inputs == "g: float32 of shape (16, 8), x: float32 of shape (16, 8)"
    assert difference.result == "float32 of shape (16, 8)"
    assert difference.found == pytest.approx(1.001 * difference.expected, rel=1e-5)
    assert difference.ulps > 1000
    for text in ("relu_grad differs on toy", "backward", "/hidden", str(difference.expected), str(difference.index)):
        assert text in str(found)


def test_a_wrong_forward_op_and_a_wrong_update(model):
    forward = Toy(relu=lambda x: np.maximum(x, 0) + x.dtype.type(1e-3))
    found = compare(model, X, LABELS, backends=("numpy", forward)).difference
    assert (found.op, found.phase) == ("relu", "forward")
    assert found.layer.endswith("/hidden")

    def adam_step(w, *arrays, **static):
        new, *slots = OPS["adam_step"].form(NumPyBackend.xp, w, *arrays, **static)
        return (new + w.dtype.type(1e-3), *slots)

    for inputs in ((X, LABELS), (X,)):
        found = compare(model, *inputs, backends=("numpy", Toy(adam_step=adam_step))).difference
        assert (found.op, found.phase) == ("adam_step", "update")
        assert found.layer.endswith("/hidden/kernel")


def test_a_comparison_ends_where_it_is_told_to(model):
    found = compare(model, X, LABELS, backends=("numpy", Toy()), limit=5)
    assert (found.ops, found.ok, found.complete) == (5, True, False)
    assert "the rest was not compared" in str(found)


def test_weights_of_samples_take_part(model):
    ops_of = [compare(model, *inputs, backends=("numpy", Toy())).ops for inputs in ((X, LABELS), (X, LABELS, X[:, 0]))]
    assert ops_of[0] < ops_of[1]


def test_clean_backends_and_the_histogram(model, other):
    before = [*model.get_weights(), model.optimizer.iterations]
    found = compare(model, X, LABELS, backends=("numpy", other))
    assert found.ok, str(found)
    assert found.complete
    assert found.ops > 100
    assert found.histogram["equal"] > 1000
    assert f"numpy, {other}: {found.ops} results agree" in str(found)
    for a, b in zip(before, [*model.get_weights(), model.optimizer.iterations], strict=True):
        np.testing.assert_array_equal(a, b)


def test_captured_programs_are_compared_by_their_results(model, other):
    found = compare(model, X, LABELS, backends=("numpy", other), captured=True)
    assert found.ok, str(found)
    assert found.ops == 1 + len(model.weights) + 2 * len(model.trainable_weights)
    assert compare(ops.tanh, X, backends=("numpy", other), captured=True).ok
    difference = compare(model, X, backends=("numpy", Toy(relu=lambda x: 1 * x)), captured=True).difference
    assert (difference.op, difference.phase) == ("output 0", "program")


def test_one_result_of_a_program_that_differs_is_a_difference():
    wrong = Toy(relu=lambda x: np.maximum(x, 0) + x.dtype.type(1))
    found = compare(lambda x: (ops.tanh(x), ops.relu(x), x + 1), X, backends=("numpy", wrong), captured=True)
    assert found.difference.op == "result 1"
    assert found.difference.inputs == "the same for all"


def test_functions_and_their_gradients():
    def f(x):
        return ops.sum(ops.relu(x) ** 2)

    assert compare(f, X, backends=("numpy", WRONG)).ok
    found = compare(arraynet.grad(f), X, backends=("numpy", WRONG)).difference
    assert (found.op, found.phase, found.layer) == ("relu_grad", "backward", "")
    assert "outside of layers" in str(found)


def test_a_shape_that_would_be_broadcast_is_a_difference():
    wrong = Toy(relu=lambda x: np.maximum(x[:1], 0))
    assert "float32 of shape (1, 6)" in str(compare(ops.relu, np.ones_like(X), backends=("numpy", wrong)))


def test_what_a_kernel_raises_and_a_wrong_dtype_are_differences():
    def broken(x):
        raise RuntimeError("out of registers")

    assert "RuntimeError: out of registers" in str(compare(ops.exp, X, backends=("numpy", Toy(exp=broken))))
    smallest = Toy(exp=lambda x: np.exp(x) + (x == x.min()))
    assert compare(ops.exp, X, backends=("numpy", smallest)).difference.index == np.unravel_index(X.argmin(), X.shape)
    wide = compare(ops.exp, X, backends=("numpy", Toy(exp=lambda x: np.exp(x.astype("float64")))))
    assert wide.difference.result == "float64 of shape (16, 6), the reference's is float32 of shape (16, 6)"


def test_nan_is_equal_to_nan_and_to_nothing_else():
    x = np.array([1.0, np.nan, np.inf], "float32")
    assert compare(ops.exp, x, backends=("numpy", "strict")).ok
    hidden = Toy(exp=lambda x: np.where(np.isnan(x), x.dtype.type(0), np.exp(x)))
    assert compare(ops.exp, x, backends=("numpy", hidden)).difference.index == (1,)


def test_numbers_that_cancel_are_no_difference():
    x = np.array([1e4, 1e-3, 1.7, -1e4], "float32")
    backwards = Toy(sum=lambda x, axis=None, keepdims=False: np.sum(x[::-1], axis=axis, keepdims=keepdims))
    assert compare(ops.sum, x, backends=("numpy", backwards)).ok


def test_a_limit_and_dtypes_that_are_missing():
    found = compare(lambda x: ops.exp(ops.sin(x)), X, backends=("numpy", "strict"), limit=1)
    assert (found.ops, found.complete) == (1, False)
    assert "the rest was not compared" in str(found)
    found = compare(ops.sin, X.astype("float16"), backends=("numpy", "strict"))
    assert found.skipped == {"sin": 1}
    assert "not compared: sin, 1 times" in str(found)
    with pytest.raises(ValueError, match="at least one other backend"):
        compare(ops.sin, X, backends=("numpy",))


def test_the_command_line_compares_scripts(tmp_path, capsys, monkeypatch):
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "toy_for_compare.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    script = str(tmp_path / "script.py")
    assert cli.main(["compare", script, "--backends", "numpy,strict"]) == 0
    printed = capsys.readouterr().out
    assert "done" in printed
    assert "results agree" in printed
    assert cli.main(["compare", script, "--backends", "numpy,toy_for_compare:Wrong"]) == 1
    printed = capsys.readouterr().out
    assert "done" not in printed, "it ends at the first difference"
    assert "relu_grad differs on wrong" in printed
    assert "/hidden" in printed
    assert cli.main(["compare", script, "--backends", "numpy,strict", "--limit", "5"]) == 0
    assert "the rest was not compared" in capsys.readouterr().out


def test_the_command_line_compares_saved_models(tmp_path, capsys, model):
    model.save(tmp_path / "model.arraynet")
    np.savez(tmp_path / "batch.npz", x=X, y=LABELS)
    file, data = str(tmp_path / "model.arraynet"), ["--data", str(tmp_path / "batch.npz")]
    for extra in ([], data, [*data, "--captured"]):
        assert cli.main(["compare", file, "--backends", "numpy,strict", *extra]) == 0
        assert "results agree" in capsys.readouterr().out
    words = arraynet.Sequential([layers.Input((5,)), layers.Embedding(7, 2), layers.Flatten(), layers.Dense(1)])
    words.save(tmp_path / "words.arraynet")
    assert cli.main(["compare", str(tmp_path / "words.arraynet"), "--backends", "numpy,strict"]) == 0


@pytest.mark.parametrize(
    ("name", "extra", "text"),
    [
        ("model.txt", [], "Expected a script, .py, or a saved model, .arraynet"),
        ("script.py", ["--captured"], "compared op by op"),
        ("missing.py", [], "there is no file"),
        ("script.py", ["--backends", "numpy"], "at least two names"),
        ("script.py", ["--backends", "numpy,nonesuch"], "Unknown backend 'nonesuch'"),
    ],
)
def test_mistakes_on_the_command_line(tmp_path, capsys, name, extra, text):
    for existing in ("model.txt", "script.py"):
        (tmp_path / existing).write_text("")
    try:
        status = cli.main(["compare", str(tmp_path / name), "--backends", "numpy,strict", *extra])
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2
    assert text in capsys.readouterr().err


def test_where_nothing_was_compared_nothing_agrees(tmp_path, capsys):
    (tmp_path / "idle.py").write_text("")
    assert cli.main(["compare", str(tmp_path / "idle.py"), "--backends", "numpy,strict"]) == 1
    assert capsys.readouterr().out == "numpy, strict: nothing was compared, since no op ran on numpy\n"
    assert not compare(ops.sin, X.astype("float16"), backends=("numpy", "strict")).ok


def test_data_that_are_no_archive_are_not_to_be_unpickled(tmp_path, capsys, model):
    model.save(tmp_path / "model.arraynet")
    np.save(tmp_path / "x.npy", X)
    for name in ("model.arraynet", "x.npy", "test.txt"):
        (tmp_path / "test.txt").write_text("words")
        file, data = str(tmp_path / "model.arraynet"), str(tmp_path / name)
        assert cli.main(["compare", file, "--backends", "numpy,strict", "--data", data]) == 2
        error = capsys.readouterr().err
        assert name in error
        assert "pickle" not in error


def test_a_script_that_fails_shows_its_own_error(tmp_path):
    (tmp_path / "bad.py").write_text("raise ValueError('my own')")
    with pytest.raises(ValueError, match="my own"):
        cli.main(["compare", str(tmp_path / "bad.py"), "--backends", "numpy,strict"])
    (tmp_path / "ends.py").write_text("from arraynet import ops\nops.exp(1.0)\nraise SystemExit(0)")
    assert cli.main(["compare", str(tmp_path / "ends.py"), "--backends", "numpy,strict"]) == 0


def test_the_table_of_tolerances():
    rows = tolerances.table()
    assert [row for row in rows if (row["op"], row["dtype"], row["stage"]) == ("any", "float32", "value")] == [
        {"op": "any", "dtype": "float32", "stage": "value", **tolerances.tolerance("add", "float32")}
    ]
    assert len({tuple(row.values())[:3] for row in rows}) == len(rows)
    assert tolerances.tolerance("add", "int32") == {"rtol": 0.0, "atol": 0.0}
