"""Loops that nothing separates are one call, and share what was compiled."""

import numpy as np
import pytest

import arraynet
from arraynet import layers, ops, optimizers
from arraynet.program import jit
from arraynet.program.layout import VIEWS
from arraynet.program.trace import Instruction

generated = pytest.importorskip("arraynet_numba.generated", reason="the plugin arraynet-numba is not installed")


def labelled(rows, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 6)).astype("float32"), rng.integers(0, 3, rows)


def classifier(optimizer="adam"):
    arraynet.utils.set_random_seed(0)
    model = arraynet.Sequential([layers.Dense(5, activation="relu"), layers.Dense(3, activation="softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam", "sgd"])
def test_a_step_makes_one_call(optimizer):
    with arraynet.use_backend("numba"):
        model = classifier(optimizer)
        model.fit(*labelled(32), batch_size=16, verbose=0)
        (program,) = model._step("train").programs
    *before, step = [i.name for i in program.instructions if i.name not in VIEWS]
    assert set(before) <= {"astype"}  # of labels
    assert step == "group"
    updated = {id(value) for _, value in program.updates}
    assert updated <= {id(value) for value in program.instructions[-1].outs}


def test_other_batches_and_other_rates_compile_nothing_new(monkeypatch):
    with arraynet.use_backend("numba"):
        classifier().fit(*labelled(32), batch_size=16, verbose=0)
        monkeypatch.setattr(generated, "_imported", lambda source, name: pytest.fail(f"compiled anew:\n{source}"))
        classifier(optimizers.Adam(0.01, beta_1=0.8, epsilon=1e-5)).fit(*labelled(45), batch_size=15, verbose=0)


def test_another_number_beside_truth_values_compiles_nothing_new(monkeypatch):
    x = np.linspace(-4, 8, 12, dtype="float32").reshape(3, 4)
    with arraynet.use_backend("numba"):
        jit(lambda x: ops.where(x > 3.5, x * x, 4.5))(x)
        monkeypatch.setattr(generated, "_imported", lambda source, name: pytest.fail(f"compiled anew:\n{source}"))
        found = jit(lambda x: ops.where(x > 5.5, x * x, 6.5))(x)
    np.testing.assert_array_equal(found.numpy(), np.where(x > 5.5, x * x, np.float32(6.5)))


def test_one_number_in_both_dtypes_has_the_digits_of_each():
    with arraynet.use_backend("numba"):
        fast = jit(lambda x, y: (x * 0.1 + x, y * 0.1 + y))
        x, y = fast(np.ones(6, "float32"), np.ones(6))
        assert fast.programs[0].primitives() == {"group": 1}
    np.testing.assert_array_equal(x.numpy(), np.full(6, 1.1, "float32"))
    np.testing.assert_array_equal(y.numpy(), np.full(6, 1.1))


def test_chained_loops_write_over_no_array_that_somebody_holds():
    with arraynet.use_backend("numba"):
        model = classifier()
        model.fit(*labelled(32), batch_size=16, verbose=0)
        held, copies = [w.value for w in model.weights], model.get_weights()
        model.fit(*labelled(32), batch_size=16, epochs=2, verbose=0)
    for array, copy in zip(held, copies, strict=True):
        np.testing.assert_array_equal(array.numpy(), copy)


def test_metrics_are_added_up_in_loops_as_on_numpy():
    found = []
    for name in ("numpy", "numba"):
        with arraynet.use_backend(name):
            model = classifier()
            found.append([*model.fit(*labelled(45), batch_size=16, epochs=3, verbose=0).history.values()])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)


@pytest.mark.parametrize("row", [[0, 2, 2], [np.nan, 1, np.nan], [-np.inf] * 3, [1, np.nan, 9]])
def test_the_first_largest_element(row):
    with arraynet.use_backend("numba"):
        find = jit(lambda x: ops.argmax(x + x, axis=-1))
        x = np.array([row, row[::-1]], "float32")
        assert (find(x).numpy() == find(x).numpy()).all()
        np.testing.assert_array_equal(find(x).numpy(), np.argmax(x, -1))


@pytest.mark.parametrize("batch", [3, 5, 6])
def test_a_batch_of_as_many_rows_as_a_weight_changes_nothing(batch):
    with arraynet.use_backend("numba"):
        model = classifier()
        model.fit(*labelled(5 * batch), batch_size=batch, verbose=0)
        (entry,) = model._step("train")._entries.values()
    assert all(entry.in_place)


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_the_derivative_of_an_activation_is_made_where_it_is_needed(activation):
    arraynet.utils.set_random_seed(0)
    with arraynet.use_backend("numba"):
        model = arraynet.Sequential([layers.Dense(50, activation=activation), layers.Dense(1)])
        model.compile("sgd", "mse")
        x, y = np.ones((40, 30), "float32"), np.ones((40, 1), "float32")
        model.fit(x, y, batch_size=20, verbose=0)
        (program,) = model._step("train").programs
    stored = [v for i in program.instructions for v in i.outs if v.shape == (20, 50)]
    assert len(stored) == 2  # the activation's output, and its incoming gradient times the derivative


def test_loops_ask_for_whole_vectors(monkeypatch):
    monkeypatch.setenv("ARRAYNET_NUMBA_CACHE", "off")  # Numba shows no code that comes from its cache
    lines = ["for i in range(x0.size):", "    x0[i] = x0[i] * T(3)"]
    loop = generated.loaded_loop("float32", "set()", {"x0": ("float32", 1, "C")}, lines)
    assert loop.inspect_llvm().count('"prefer-vector-width"="512"') >= 1


def test_a_loop_that_cannot_be_kept_leaves_nothing_behind(monkeypatch, tmp_path):
    def refused(self, target):
        raise PermissionError(target)

    monkeypatch.setattr(generated, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(generated.Path, "replace", refused)
    with pytest.raises(PermissionError):
        generated.loaded("loop = None\n")
    assert not list(tmp_path.iterdir())


def test_a_sum_leaves_the_roundings_beside_it_alone():
    """What keeps means of gradients from sinking into denormal numbers is such a rounding."""
    x = np.linspace(0, 100, 1000).astype(np.float32)
    with arraynet.use_backend("numba"):
        both = jit(lambda x: ((x + 1e8) - 1e8, ops.sum(x)))
        both(x)
        rounded, total = both(x)
        assert list(both.programs[0].primitives()) == ["group"]
    np.testing.assert_array_equal(rounded.numpy(), (x + np.float32(1e8)) - np.float32(1e8))
    np.testing.assert_allclose(float(total), x.sum(dtype=np.float64), rtol=1e-6)


def tower(count):
    """So many layers that are alike, trained for two steps."""
    arraynet.utils.set_random_seed(0)
    model = arraynet.Sequential([layers.Dense(7, activation="tanh") for _ in range(count)] + [layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(np.ones((8, 7), "float32"), np.ones((8, 1), "float32"), batch_size=4, verbose=0)
    return model._step("train").programs[0]


def test_layers_that_are_alike_are_compiled_once(monkeypatch):
    with arraynet.use_backend("numba"):
        tower(3)
        monkeypatch.setattr(generated, "_imported", lambda source, name: pytest.fail(f"compiled anew:\n{source}"))
        program = tower(12)
    assert [i.name for i in program.instructions if i.name not in VIEWS] == ["group"]


def test_four_times_the_layers_are_four_times_the_planning(monkeypatch):
    looks, inputs = [], Instruction.inputs
    monkeypatch.setattr(Instruction, "inputs", lambda self: looks.append(1) or inputs(self))
    counts = []
    with arraynet.use_backend("numba"):
        for count in (8, 32):
            looks.clear()
            tower(count)
            counts.append(len(looks))
    assert counts[1] <= 4 * counts[0]


def test_a_program_tells_what_its_loops_compute():
    w, (x, _) = arraynet.Variable(np.full((6, 8), 0.1, "float32")), labelled(32)

    def step(x):
        y = ops.tanh(x @ w)
        w.assign_sub(ops.transpose(x) @ y * 0.1)
        return ops.sum(ops.exp(y), axis=-1)

    with arraynet.use_backend("numba"):
        w.move("numba")
        fast = jit(step)
        for _ in range(2):
            fast(x)
    (program,) = fast.programs
    above, _, below = program.pretty().partition(" = group(")
    told = [line for line in below.splitlines() if line.startswith("    %")]
    for name in ("matmul", "tanh", "exp", "sum", "subtract"):
        assert f" = {name}(" not in above
        assert sum(f" = {name}(" in line for line in told) == (2 if name == "matmul" else 1), below


CHAINS = {  # of two matrices and a Variable, how many calls there are, and of what else
    "a reader of what a loop makes and of something else": (lambda x, w, v: ops.concatenate([x * 2 + 1, x]), 1, 1),
    "loops around a sum that is none": (
        lambda x, w, v: (v.assign_add(x * 2 + 1), ops.cumsum(v * 0.3 + x, axis=0) * 2 + v)[1], 2, 1,
    ),
    "one primitive alone": (lambda x, w, v: ops.exp(x), 0, 1),
    "one primitive, then more": (lambda x, w, v: ops.concatenate([ops.exp(x), ops.tanh(ops.matmul(x, w))]), 1, 1),
    "a product of one row": (lambda x, w, v: v.assign_add(ops.matmul(x[:1], w) * ops.matmul(x, w)), 1, 1),
}  # fmt: skip


@pytest.mark.parametrize("chain", CHAINS)
def test_a_chain_computes_each_loop_once_and_before_its_readers(chain):
    f, groups, others = CHAINS[chain]
    rng, found = np.random.default_rng(0), []
    x, w = (rng.normal(size=(6, 6)).astype("float32") for _ in range(2))
    for name in ("numpy", "numba"):
        with arraynet.use_backend(name):
            v = arraynet.Variable(np.ones((6, 6), "float32"))
            fast = jit(lambda x, w: f(x, w, v))  # noqa: B023
            found.append([*(fast(x, w).numpy() for _ in range(3)), v.numpy()])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
    names = [i.name for i in fast.programs[0].instructions]
    assert (names.count("group"), len(names) - names.count("group")) == (groups, others), fast.programs[0].pretty()


@pytest.mark.parametrize(
    ("f", "arrays"),
    [
        (lambda x, y: x * 2 + y, [np.ones((4, 5), "float32"), np.ones((4, 5), "float32", order="F")]),
        (lambda x, y: x * 2 + y, [np.ones((4, 5), "float16")] * 2),
        (lambda x, y: x * 2 + y, [np.full((4, 5), 2**30 + 1)] * 2),
    ],
    ids=["another memory order", "float16", "integers"],
)
def test_what_no_loop_covers_is_left_to_numpy(f, arrays):
    with arraynet.use_backend("numba"):
        fast = jit(f)
        fast(*arrays)
        np.testing.assert_array_equal(fast(*arrays).numpy(), f(*map(ops.array, arrays)).numpy())
    assert "group" not in fast.programs[0].primitives(), fast.programs[0].pretty()


def test_of_two_variables_with_one_new_value_the_first_is_written_over():
    with arraynet.use_backend("numba"):
        v, w = (arraynet.Variable(np.ones((64, 64), "float32")) for _ in range(2))

        def step():
            new = (v * 2 + w) * 0.25
            v.assign(new)
            w.assign(new)

        fast = jit(step)
        fast()
        (program,) = fast.programs
    old = {id(variable): value for variable, value in program.variables}
    assert [i.kwargs["over"] for i in program.instructions if "over" in i.kwargs] == [(old[id(program.updates[0][0])],)]


@pytest.mark.parametrize("shape", [(0, 4), (3, 0)])
def test_arrays_of_nothing(shape):
    with arraynet.use_backend("numba"):
        x, captured = ops.zeros(shape), jit(lambda x: 2 * ops.nan_to_num(x))
        assert captured(x).shape == captured(x).shape == shape
