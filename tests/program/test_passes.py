"""Each pass does its one thing, and the numbers stay."""

import numpy as np

import arraynet
from arraynet import Variable, ops, optimizers
from arraynet.program import jit


def captured(f, *args):
    fast = jit(f)
    first = fast(*args)
    np.testing.assert_array_equal(np.asarray(fast(*args)), np.asarray(first))
    return fast.programs[0]


X = np.arange(6, dtype="float32").reshape(2, 3)


def test_dead_code_is_dropped():
    def f(x):
        ops.exp(x)
        return x + 1

    assert captured(f, X).primitives() == {"add": 1}


def test_constants_are_folded():
    c = ops.array([1.0, 2.0, 3.0])
    assert captured(lambda x: x * ops.exp(c), X).primitives() == {"multiply": 1}


def test_identical_calls_are_merged():
    assert captured(lambda x: ops.exp(x) + ops.exp(x), X).primitives() == {"exp": 1, "add": 1}


def test_a_constant_of_equal_numbers_is_a_number():
    half = np.full((2, 3), 0.5, "float32")
    program = captured(lambda x: x * half, X)
    assert program.instructions[0].args[1] == 0.5
    assert not program.constants


def test_a_constant_gradient_times_a_learning_rate_has_eager_modes_bits():
    def trained(capture):
        w, optimizer = Variable(X), optimizers.SGD(0.1)

        def step():
            optimizer.apply([ops.full((2, 3), 0.2)], [w])

        step = jit(step) if capture else step
        for _ in range(3):
            step()
        return w.numpy()

    np.testing.assert_array_equal(trained(True), trained(False))


def test_equal_constants_are_one():
    one, other = X.copy(), X.copy()
    assert captured(lambda x: ops.exp(x + one) * ops.exp(x + other), X).primitives()["exp"] == 1


def test_zero_and_minus_zero_are_not_identical():
    program = captured(lambda x: ops.maximum(x, 0.0) + ops.maximum(x, -0.0), X)
    assert program.primitives()["maximum"] == 2


def test_products_with_one_are_dropped():
    w = Variable(2.0)

    def f(x):
        with arraynet.GradientTape() as tape:
            y = ops.sum(x * w)
        return tape.gradient(y, w)

    assert "multiply" not in captured(f, X).primitives()


A = np.random.default_rng(0).normal(size=(65, 66)).astype("float32")


def same_bits(f, x):
    """A captured function's numbers are eager mode's, whatever lies in which memory order."""
    fast = jit(f)
    fast(x)
    for found, expected in zip(fast(x), f(ops.array(x)), strict=True):
        np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))
        np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


def test_a_product_with_one_that_changes_the_memory_order_stays():
    one = ops.ones((66, 65))
    same_bits(lambda x: [ops.sum(ops.transpose(x) * one, axis=0), ops.sum(x[:, ::-1] * 1.0)], A)


def test_equal_constants_in_two_memory_orders_are_two():
    t1, t2 = ops.array(A), ops.transpose(ops.array(np.ascontiguousarray(A.T)))
    assert t1.array.strides != t2.array.strides
    same_bits(lambda x: [x @ ops.transpose(t1), x @ ops.transpose(t2), ops.sum(x * t1), ops.sum(x * t2)], A)


def test_zeros_of_both_signs_are_not_a_number():
    zeros = ops.array([0.0, -0.0, 0.0])
    same_bits(lambda x: [x * zeros], X)


def test_the_first_layer_takes_no_input_gradient():
    w = Variable(np.ones((3, 4), "float32"))

    def f(x):
        with arraynet.GradientTape() as tape:
            y = ops.sum(ops.relu(x @ w))
        return tape.gradient(y, w)

    assert captured(f, X).primitives()["matmul"] == 2


def test_programs_can_be_read():
    v = Variable([1.0, 1.0, 1.0], name="bias")

    def f(x):
        y = ops.relu(x + v)
        v.assign(ops.sum(y, axis=0))
        return y

    text = captured_text(f)
    for part in ("program on numpy", "bias=%", "float32[2, 3]", "maximum(", "bias <- %", "return %"):
        assert part in text


def captured_text(f):
    fast = jit(f)
    fast(X)
    return fast.programs[0].pretty()


def test_buffers_are_shared_by_what_does_not_live_together():
    x = np.ones((64, 64), "float32")

    def chain(x):
        for _ in range(20):
            x = ops.reshape(ops.exp(ops.reshape(x, (16, 256))) * 1e-3, (64, 64))
        return ops.sum(x)

    fast = jit(chain)
    fast(x)
    (entry,) = fast._entries.values()
    assert x.nbytes < entry.run.buffer_bytes <= 3 * x.nbytes


def test_what_was_assigned_is_read_behind_it(backend):
    v, five = Variable([1.0]), ops.array([5.0])

    def f():
        v.assign(five)
        return v * 2

    fast = jit(f)
    for _ in range(3):
        v.assign([1.0])
        assert float(fast()[0]) == 10.0
    assert not fast.programs[0].variables
