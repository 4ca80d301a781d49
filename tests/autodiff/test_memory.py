"""The reverse pass neither recurses nor leaves work for the garbage collector, and frees as it goes."""

import gc
import sys
import weakref

import numpy as np
import pytest

from arraynet import GradientTape, Variable, checkpoint, custom_vjp, grad, hessian, hvp, jacobian, jvp, ops
from arraynet.autodiff.reverse import Shell
from arraynet.observers import Observer


@pytest.fixture
def collector():
    """The garbage collector, off; what it finds afterwards was a cycle."""
    gc.collect()
    gc.disable()
    yield gc
    gc.enable()


def chain(x, length):
    y = x
    for _ in range(length):
        y = y * 1.0001
    return y


def test_a_long_chain_needs_no_recursion_and_leaves_nothing(collector):
    length = 20_000
    assert length > 10 * sys.getrecursionlimit()
    x = ops.array(np.float64(1.0))
    with GradientTape() as tape:
        tape.watch(x)
        y = chain(x, length)
    dx = tape.gradient(y, x)
    np.testing.assert_allclose(float(dx), 1.0001**length)
    last = weakref.ref(y)
    del tape, y, dx
    assert last() is None
    assert collector.collect() == 0


def test_a_long_chain_differentiates_twice(collector):
    def f(x):
        y = x
        for _ in range(2_000):
            y = y + x * 0.001
        return y * y

    np.testing.assert_allclose(float(grad(grad(f))(np.float64(1.0))), 18)
    assert collector.collect() == 0


@custom_vjp
def cube(x):
    return x**3


cube.defvjp(lambda x: (x**3, x), lambda x, g: (3 * x * x * g,))


@pytest.mark.parametrize(
    "work",
    [
        lambda x: grad(lambda x: ops.sum(x * x))(x),
        lambda x: jacobian(lambda x: x * x)(x),
        lambda x: hessian(lambda x: ops.sum(x * x))(x),
        lambda x: hvp(lambda x: ops.sum(x * x))(x, x),
        lambda x: jvp(lambda x: x * x, (x,), (x,)),
        lambda x: grad(lambda x: ops.sum(cube(x)))(x),
        lambda x: grad(checkpoint(lambda x: ops.sum(cube(x))))(x),
        lambda x: grad(ops.custom_gradient(lambda x: (ops.sum(x), lambda upstream: upstream * x)))(x),
    ],
    ids=["grad", "jacobian", "hessian", "hvp", "jvp", "custom_vjp", "checkpoint", "custom_gradient"],
)
def test_nothing_makes_reference_cycles(work, collector):
    x = ops.ones(3)
    work(x)
    assert collector.collect() == 0


def test_a_persistent_tape_is_freed_with_its_last_reference(collector):
    x = Variable(2.0)
    with GradientTape(persistent=True) as tape:
        y = x * x
    tape.gradient(y, x)
    inner = weakref.ref(tape._tape.nodes[0].inputs[0])
    assert inner() is x._value
    del tape
    assert collector.collect() == 0


def test_records_keep_only_what_their_rules_need():
    x, w = ops.ones((4, 3)), Variable(np.ones((4, 3), "float32"))
    with GradientTape() as tape:
        hidden = w + x
        freed = weakref.ref(hidden)
        y = hidden - 1.0
        del hidden
        product = y * x
    added, subtracted, multiplied = tape._tape.nodes
    assert freed() is None, "neither + nor - needs it"
    assert all(type(i) is Shell for i in added.inputs)
    assert type(subtracted.outputs[0]) is Shell
    assert multiplied.inputs == (y, x)
    np.testing.assert_array_equal(tape.gradient(product, w), np.ones((4, 3)))


def test_the_reverse_pass_frees_as_it_goes():
    x = ops.ones(3)
    alive = []

    class Watcher(Observer):
        def record(self, op, inputs, static, outputs):
            if op.name == "multiply":
                alive.append(sum(r() is not None for r in refs))

    with GradientTape() as tape:
        tape.watch(x)
        y, refs = x, []
        for _ in range(6):
            y = ops.exp(y * 0.1)
            refs.append(weakref.ref(y))
    target = [y]
    del y
    Watcher().during(lambda: tape.gradient(target.pop(), x), ())
    assert alive[0] >= 5
    assert alive[-1] <= 2
    assert tape._tape.nodes == []
