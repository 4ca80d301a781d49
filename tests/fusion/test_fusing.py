"""What becomes one loop, and what stays apart; that the numbers stay is tested with the backends."""

import numpy as np
import pytest

from arraynet import Variable, ops
from arraynet.fusion import ROW_REDUCTIONS, fuse
from arraynet.program import jit
from arraynet.program.host import UFUNCS

PRIMITIVES = ROW_REDUCTIONS | {*UFUNCS} - {"matmul"}
X = np.ones((4, 3), "float32")


def grouped(f, *args, **options):
    """The names of primitives in each group that becomes of `f`."""
    fast = jit(f)
    fast(*args)
    (program,) = fast.programs
    groups = []
    fuse(program, PRIMITIVES, lambda group: groups.append([i.name for i in group.instructions]), **options)
    return groups


def two_updates(x):
    for v, number in ((V, 2.0), (W, 3.0)):
        v.assign(v * number + ops.exp(x * number))


V, W = Variable(X), Variable(2 * X)


@pytest.mark.parametrize("apart", [False, True])
def test_updates_of_one_shape_are_one_launch_or_loops_that_are_alike(apart):
    shared = grouped(two_updates, X, smallest=1, apart=apart)
    assert sum(map(len, shared)) == 8
    assert len(shared) == 1  # both read x

    def separate(x, y):
        V.assign(V * 2.0 + ops.exp(x))
        W.assign(W * 2.0 + ops.exp(y))

    groups = grouped(separate, X, 2 * X, smallest=1, apart=apart)
    assert groups == ([["multiply", "exp", "add"]] * 2 if apart else [["multiply", "exp", "add"] * 2])


def test_what_a_row_or_a_number_connects_is_together():
    def f(x, y):
        total = ops.sum(x, axis=1, keepdims=True)
        return x / total + 1, ops.exp(y)

    groups = grouped(f, X, 2 * X, smallest=1, apart=True)
    assert sorted(map(len, groups)) == [1, 3]
    assert ["sum", "divide", "add"] in groups


def test_a_single_number_has_no_last_axis():
    assert grouped(ops.softmax, np.array(2, "float32"), smallest=1)


SQUARE = np.ones((3, 3), "float32")
FIRST = ["tanh", "multiply", "subtract"]


@pytest.mark.parametrize(
    ("f", "groups"),
    [
        (lambda h, x: (1 - h * h) * (h @ SQUARE), [["tanh"], ["multiply", "subtract", "multiply"]]),
        (lambda h, x: (1 - h * x) * (h @ SQUARE), [FIRST, ["multiply"]]),  # x would have to stay until then
        (lambda h, x: (1 - h * x) * (h @ SQUARE) + x, [["tanh"], ["multiply", "subtract", "multiply", "add"]]),
        (lambda h, x: [d := 1 - h * h, d * (h @ SQUARE)], [FIRST, ["multiply"]]),  # needed here, too
        (lambda h, x: (1 - (p := h * h)) * (h @ SQUARE) + p, [["tanh"], ["multiply", "subtract", "multiply", "add"]]),
        (
            lambda h, x: ops.sum(h * h, axis=-1, keepdims=True) * (h @ SQUARE),
            [["tanh", "multiply", "sum"], ["multiply"]],
        ),
    ],
)
def test_what_one_later_group_alone_needs_is_computed_there(f, groups):
    assert grouped(lambda x: f(ops.tanh(x), x), X, smallest=1) == groups


def summed(x):
    return ops.sum(x, axis=-1, keepdims=True)


@pytest.mark.parametrize(
    ("f", "groups"),
    [
        (lambda x, y: ops.softmax(x), [["max", "subtract", "exp", "sum", "divide"]]),
        (lambda x, y: x / (2 * summed(x)), [["sum", "multiply", "divide"]]),
        (lambda x, y: x - ops.mean(x, axis=0), [["mean"], ["subtract"]]),  # known behind all rows
        (lambda x, y: ops.mean(2 * summed(x), axis=0), [["sum", "multiply"], ["mean"]]),
        (lambda x, y: ops.mean(summed(x), axis=0), [["sum"], ["mean"]]),
        (lambda x, y: summed(x - summed(x)), [["sum", "subtract", "sum"]]),
        (lambda x, y: [x * 2, y + 1], [["multiply", "add"]]),  # harmless company
        (lambda x, y: [ops.sum(x * 2), y + 1], [["multiply", "sum"], ["add"]]),
        (lambda x, y: [y + 1, ops.sum(x)], [["add"], ["sum"]]),
        (lambda x, y: [ops.sum(x), x + 1], [["sum", "add"]]),
        (lambda x, y: x * (y[0] * 2), [["multiply"], ["multiply"]]),
        (lambda x, y: x[:0] * 2 + y[:0], []),
    ],
)
def test_what_one_loop_computes(f, groups):
    assert grouped(f, X, 2 * X, smallest=1) == groups


@pytest.mark.parametrize(
    ("f", "over", "inputs"),
    [
        (lambda old, x: old * 2 + x, 1, [1]),
        (lambda old, x: ((made := x * 2) + old, made), 1, [1]),
        (lambda old, x: (old * 2 + x, old), 0, [2]),  # the caller gets it
        (lambda old, x: (old * 2 + x, (old * 2 + x) @ SQUARE * old), 0, [2, 2]),  # read once more, behind the product
        (lambda old, x: old[::-1] * 2 + old, 0, [2]),  # other rows of it
        (lambda old, x: (old * 2, old - summed(old)), 0, [1]),  # a second pass over the row reads it
        (lambda old, x: old * summed(x), 0, [2]),
        (lambda old, x: x * 2, 0, [1]),
    ],
)
def test_an_update_is_written_over_what_nobody_reads_any_more(f, over, inputs):
    def step(x):
        found = f(V.value, x)
        V.assign(found[0] if isinstance(found, tuple) else found)
        return found[1:] if isinstance(found, tuple) else None

    fast, groups = jit(step), []
    fast(X)
    (program,) = fast.programs
    fuse(program, PRIMITIVES, groups.append, in_place=True, smallest=1)
    assert sum(len(group.over) for group in groups) == over
    assert all(group.outs[0] is program.updates[0][1] for group in groups if group.over)
    assert [len(group.inputs) for group in groups] == inputs
