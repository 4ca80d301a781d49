"""Programs nobody would write: whatever is captured, buffers, views and in-place updates must not show."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.by_rows import ByRows

import arraynet
from arraynet import Variable, ops, tiles
from arraynet.program import jit

SHAPE = (4, 4)  # square, so that a transposed view has the shape of what it views
STEPS = [
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a - 0.5 * b,
    lambda a, b: ops.maximum(a, b),
    lambda a, b: ops.where(a > b, a, b),
    lambda a, b: ops.tanh(a),
    lambda a, b: ops.transpose(a),
    lambda a, b: ops.reshape(ops.reshape(a, (2, 8)), SHAPE),
    lambda a, b: ops.transpose(a) + b,
    lambda a, b: a @ b / 4,
    lambda a, b: ops.softmax(a),
    lambda a, b: a - ops.mean(b, axis=0),
    lambda a, b: a * ops.sum(b, axis=-1, keepdims=True) / 4,
    lambda a, b: a - ops.mean(0.5 * ops.sum(b, axis=-1, keepdims=True), axis=0),
    lambda a, b: ops.reshape(ops.reshape(a, (2, 2, 4)) - ops.reshape(b[1:3], (2, 1, 4)), SHAPE),
    lambda a, b: ops.concatenate([a[:2], b[2:]], axis=0),
    lambda a, b: a[::-1] + b,
    lambda a, b: ops.broadcast_to(b[1:2], SHAPE) + 0 * a,
    lambda a, b: ops.cast(a > 0, "float32") - b,
    lambda a, b: ops.stop_gradient(a),
]
index = st.integers(0, 60)
calls = st.tuples(st.integers(0, len(STEPS) - 1), index, index)
plans = st.lists(calls, min_size=1, max_size=14)
writes = st.lists(st.tuples(index, st.integers(0, 2), index), max_size=4)  # after which step, which Variable, what


def program(plan, updates, outputs, variables):
    def run(x, y):
        known = [ops.convert_to_tensor(x), ops.convert_to_tensor(y), *(v.value for v in variables[:2])]
        for at, (step, i, j) in enumerate(plan):
            known.append(STEPS[step](known[i % len(known)], known[j % len(known)]))
            for after, which, what in updates:
                if after % len(plan) == at:
                    variables[which].assign(known[what % len(known)])
                    known.append(variables[which].value)
        return [known[k % len(known)] for k in outputs]

    return run


def results(backend, capture, plan, updates, outputs, peek):
    rng = np.random.default_rng(1)
    with arraynet.use_backend(backend):
        variables = [Variable(rng.normal(size=SHAPE).astype("float32")) for _ in range(3)]
        run = program(plan, updates, outputs, variables)
        run = jit(run) if capture else run
        seen, held = [], []
        for turn in range(4):
            out = run(*(rng.normal(size=SHAPE).astype("float32") for _ in range(2)))
            held.append((out, [np.array(t.numpy()) for t in out]))
            if turn in peek:
                value = variables[0].value
                held.append(([value], [np.array(value.numpy())]))
            seen += [t.numpy() for t in out] + [v.numpy() for v in variables]
        for tensors, copies in held:
            for tensor, copy in zip(tensors, copies, strict=True):
                np.testing.assert_array_equal(tensor.numpy(), copy, err_msg="a value changed after it was handed out")
        return seen


@settings(max_examples=60, deadline=None)
@given(plans, writes, st.lists(index, min_size=1, max_size=3), st.sets(st.integers(0, 3)))
def test_any_program_replays_bit_for_bit(plan, updates, outputs, peek):
    eager = results("numpy", False, plan, updates, outputs, peek)
    for e, r in zip(eager, results("numpy", True, plan, updates, outputs, peek), strict=True):
        np.testing.assert_array_equal(r, e)


@pytest.mark.parametrize("rows", [1, 2, 3])
@settings(max_examples=60, deadline=None)
@given(plan=plans, updates=writes, outputs=st.lists(index, min_size=1, max_size=3), peek=st.sets(st.integers(0, 3)))
def test_tile_by_tile_too(rows, plan, updates, outputs, peek):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "LEAST", 1)
        patch.setattr(tiles, "BYTES", rows * 16)  # of a float32 matrix of 4 x 4
        replayed = results("numpy", True, plan, updates, outputs, peek)
    for e, r in zip(results("numpy", False, plan, updates, outputs, peek), replayed, strict=True):
        np.testing.assert_array_equal(r, e)


KINDS = {"Numba": {"smallest": 1, "apart": True}, "CuPy": {"smallest": 2}}
each_kind = pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)


@each_kind
@settings(max_examples=150, deadline=None)
@given(
    plan=st.lists(calls, min_size=7, max_size=14),
    updates=writes,
    outputs=st.lists(index, min_size=1, max_size=3),
    peek=st.sets(st.integers(0, 3)),
)
def test_loop_by_loop_too(options, plan, updates, outputs, peek):
    replayed = results(ByRows(**options), True, plan, updates, outputs, peek)
    for e, r in zip(results("numpy", False, plan, updates, outputs, peek), replayed, strict=True):
        np.testing.assert_array_equal(r, e)


@each_kind
def test_an_old_value_that_is_read_once_more_behind_a_reduction(options):
    def centred(x):
        old = w.value
        w.assign(old * 2 + x)
        return old - ops.mean(old, axis=-1, keepdims=True)

    x = np.arange(16, dtype="float32").reshape(SHAPE)
    found = []
    for backend in ("numpy", ByRows(**options)):
        with arraynet.use_backend(backend):
            w, f = Variable(x), jit(centred)
            found.append([f(x).numpy() for _ in range(3)])
    np.testing.assert_array_equal(*found)
