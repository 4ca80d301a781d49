"""Captured steps: the same numbers as eager ones, new host numbers at every replay."""

import numpy as np
import pytest

import arraynet
from arraynet import Variable, config
from arraynet.optimizers import SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, Ftrl, Lamb, Lion, Nadam, RMSprop, schedules
from arraynet.program import jit

GRADIENTS = np.random.default_rng(5).normal(size=(7, 3)).astype("float32")


def trained(make, change=lambda optimizer, step: None):
    """Weights after each step, captured or not as the settings say, and how often the step was captured."""
    w, optimizer = Variable(np.float32([1, -2, 0.5])), make()
    step = jit(lambda g: optimizer.apply([g], [w]))
    seen = []
    for i, g in enumerate(GRADIENTS):
        change(optimizer, i)
        step(arraynet.ops.convert_to_tensor(g))
        seen.append(w.numpy())
    return np.stack(seen), optimizer, step


def assert_same(found, expected):
    if arraynet.get_backend() in ("numpy", "strict"):
        np.testing.assert_array_equal(found, expected)
    else:  # compiled loops contract a product and a sum to one rounding
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def assert_captured_like_eager(make, change=lambda optimizer, step: None, captures=1):
    captured, optimizer, step = trained(make, change)
    assert step.captures == captures
    assert not step.reason
    config.set_kernels("eager")
    eager, other, _ = trained(make, change)
    assert_same(captured, eager)
    assert optimizer.iterations == other.iterations
    for slot, expected in zip(optimizer.variables, other.variables, strict=True):
        assert_same(slot.numpy(), expected.numpy())


SETTINGS = [
    SGD,
    lambda: SGD(0.1, momentum=0.9, nesterov=True),
    lambda: RMSprop(momentum=0.5, centered=True),
    lambda: Adam(amsgrad=True),
    AdamW,
    Nadam,
    Adamax,
    Adagrad,
    Adadelta,
    Lion,
    Lamb,
    Ftrl,
    lambda: Adam(schedules.ExponentialDecay(0.1, 1, 0.5)),
    lambda: Adam(0.1, weight_decay=0.1, clipnorm=0.5),
    lambda: SGD(0.1, global_clipnorm=0.5),
    lambda: SGD(0.1, clipvalue=0.25, loss_scale_factor=2.0),
    lambda: RMSprop(0.1, gradient_accumulation_steps=3, weight_decay=0.1),
    lambda: Adam(0.1, gradient_accumulation_steps=2, use_ema=True, ema_overwrite_frequency=2),
    lambda: SGD(0.1, use_ema=True, ema_momentum=0.5),
    lambda: SGD(0.1, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=3),
]


@pytest.mark.parametrize("make", SETTINGS)
def test_captured_steps_are_eager_steps(make, backend):
    assert_captured_like_eager(make)


def test_the_learning_rate_is_read_at_every_replay():
    def change(optimizer, step):
        optimizer.learning_rate = 0.1 * (step + 1)

    assert_captured_like_eager(lambda: Adam(0.1), change)


def test_a_changed_hyper_parameter_is_captured_anew():
    def change(optimizer, step):
        if step == 3:
            optimizer.rho = 0.5

    assert_captured_like_eager(RMSprop, change, captures=2)


def test_iterations_count_once_a_step():
    w, optimizer = Variable([1.0]), SGD()
    step = jit(lambda g: optimizer.apply([g], [w]))
    for count in range(1, 5):
        step(arraynet.ops.ones((1,)))
        assert optimizer.iterations == count


def test_two_optimizers_in_one_program(backend):
    a, b = Variable([1.0]), Variable([1.0])
    first, second = SGD(schedules.PiecewiseConstantDecay([0, 1], [1.0, 2.0, 3.0])), SGD(0.5)

    @jit
    def step(g):
        first.apply([g], [a])
        second.apply([g], [b])
        first.apply([g], [a])

    for _ in range(2):
        step(arraynet.ops.ones((1,)))
    assert (first.iterations, second.iterations) == (4, 2)
    assert (a.numpy()[0], b.numpy()[0]) == (1 - 1 - 2 - 3 - 3, 0)
