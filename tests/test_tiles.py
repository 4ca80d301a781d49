"""Groups of passes over large arrays run tile by tile, and nobody sees it but for the time."""

import numpy as np
import pytest

import arraynet
from arraynet import Variable, ops, optimizers, tiles
from arraynet.program import jit

ROWS, COLUMNS = 301, 600  # 700 kB: tiles of 81 rows, the last one of 58


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def groups(program):
    return [i for i in program.instructions if i.name == "group"]


def both(f, *args):
    """What a function gives eagerly and at a replay, and its program."""
    fast = jit(f)
    fast(*args)
    return f(*args), fast(*args), fast.programs[0]


@pytest.mark.parametrize("name", ["RMSprop", "Adam", "Adagrad", "Nadam"])
def test_a_step_of_an_optimizer(name):
    def trained(capture):
        arraynet.utils.set_random_seed(0)
        w, optimizer = Variable(normal(ROWS, COLUMNS)), getattr(optimizers, name)()

        def step(g):
            optimizer.apply([g], [w])

        step = jit(step) if capture else step
        for seed in range(4):
            step(normal(ROWS, COLUMNS, seed=seed))
        return w.numpy(), step

    with arraynet.use_backend("numpy"):
        (captured, step), (eager, _) = trained(True), trained(False)
    np.testing.assert_array_equal(captured, eager)
    (program,) = step.programs
    assert len(groups(program)) == 1
    assert not [i for i in program.instructions if i.outs[0].shape == (ROWS, COLUMNS) and i.name != "group"]


def quotient(x, y):
    return (ops.multiply(x, y) + 1) / ops.subtract(x, y)


@pytest.mark.parametrize("shape", [(COLUMNS,), (ROWS, 1), (1, 1), (ROWS, COLUMNS)], ids=str)
def test_operands_that_broadcast(shape):
    with arraynet.use_backend("numpy"):
        eager, captured, program = both(quotient, normal(ROWS, COLUMNS), normal(*shape, seed=1))
    np.testing.assert_array_equal(captured.numpy(), eager.numpy())
    assert groups(program)


def test_an_update_of_nothing_but_the_old_value():
    w = Variable(normal(ROWS, COLUMNS))
    fast, expected = jit(lambda: w.assign(ops.exp(-ops.square(w)) + 1)), w.numpy()
    with arraynet.use_backend("numpy"):
        for _ in range(3):
            expected = np.exp(-np.square(expected)) + 1
            fast()
    np.testing.assert_array_equal(w.numpy(), expected)
    assert groups(fast.programs[0])


def test_old_values_that_are_read_behind_their_update():
    w = Variable(normal(ROWS, COLUMNS))

    def f(x):
        old = w.value
        w.assign(ops.exp(old * 0.1) * x)
        return (old + x) * (old - 1)

    expected, value = [], w.numpy()
    for _ in range(3):
        expected.append((value + 1) * (value - 1))
        value = np.exp(value * np.float32(0.1))
    fast, ones = jit(f), np.ones((ROWS, COLUMNS), "float32")
    with arraynet.use_backend("numpy"):
        found = [fast(ones).numpy() for _ in range(3)]
    np.testing.assert_array_equal(found, expected)


def test_small_arrays_and_single_rows_are_left_as_they_are():
    with arraynet.use_backend("numpy"):
        for shape in [(30, 60), (1, ROWS * COLUMNS)]:
            assert not groups(both(lambda x: ops.exp(ops.square(x) + 1) - x, normal(*shape))[2])
        *_, program = both(lambda x, y: [quotient(x, 2), quotient(y, 2)], normal(ROWS, COLUMNS), normal(30, 60))
    assert [i.outs[0].shape for i in groups(program)] == [(ROWS, COLUMNS)]


def test_a_group_needs_room_for_tiles_only():
    large = normal(4 * ROWS, COLUMNS)
    with arraynet.use_backend("numpy"):
        fast = jit(lambda x: ops.sum(ops.exp(-x * x) * (x + 1) - ops.tanh(x)))
        fast(large)
        fast(large)
    (entry,) = fast._entries.values()
    assert entry.run.buffer_bytes <= 1.1 * large.nbytes
    assert large.nbytes > tiles.BYTES


@pytest.mark.parametrize("row", [1, ROWS - 2])
def test_a_row_of_the_old_value_that_is_read_for_every_row_of_the_new_one(row, backend):
    w = Variable(normal(ROWS, COLUMNS))

    def f(x):
        w.assign((w.value[row : row + 1] + w.value) * x + 1)

    expected = w.numpy()
    fast, two = jit(f), np.full((ROWS, COLUMNS), 2, "float32")
    for _ in range(3):
        expected = (expected[row : row + 1] + expected) * 2 + 1
        fast(ops.convert_to_tensor(two))
        np.testing.assert_allclose(w.numpy(), expected, rtol=1e-6)


def test_a_program_tells_what_is_computed_in_tiles():
    with arraynet.use_backend("numpy"):
        *_, program = both(quotient, normal(ROWS, COLUMNS), normal(ROWS, COLUMNS, seed=1))
    names = [line.split(" = ")[1].split("(")[0] for line in program.pretty().splitlines() if line.startswith("    %")]
    assert names == ["multiply", "add", "subtract", "divide"]
