"""Slots of weights whose gradients stay zero never hold denormal numbers, and others keep every bit."""

import numpy as np
import pytest

import arraynet
from arraynet import Variable, config
from arraynet.optimizers import Adam, Adamax, AdamW, Lamb, Nadam, RMSprop
from arraynet.optimizers.common import TINY, flushed
from arraynet.program import jit

SMALLEST = np.finfo("float32").tiny  # the smallest number that is not denormal
STEPS = 400  # 0.7 ** 400 is 1e-62
OPTIMIZERS = [
    lambda: RMSprop(rho=0.7),
    lambda: RMSprop(rho=0.7, momentum=0.5, centered=True),
    lambda: Adam(beta_1=0.5, beta_2=0.7, amsgrad=True),
    lambda: AdamW(beta_1=0.5, beta_2=0.7),
    lambda: Nadam(beta_1=0.5, beta_2=0.7),
    lambda: Adamax(beta_1=0.5, beta_2=0.7),
    lambda: Lamb(beta_1=0.5, beta_2=0.7),
]


def slots_after(make, gradients):
    """Weight and slots after one step for each gradient."""
    w, optimizer = Variable(np.float32([1, -2, 0, 0.5])), make()
    step = jit(lambda g: optimizer.apply([g], [w]))
    for g in gradients:
        step(arraynet.ops.convert_to_tensor(np.asarray(g, "float32")))
    assert not step.reason
    return w.numpy(), [v.numpy() for v in optimizer.variables if v.shape == w.shape]


@pytest.mark.parametrize("kernels", ["fused", "native", "eager"])
@pytest.mark.parametrize("name", ["numpy", "numba"])
@pytest.mark.parametrize("make", OPTIMIZERS)
def test_no_denormals_remain(make, name, kernels):
    if name not in arraynet.available_backends():
        pytest.skip(f"the backend {name} is not installed")
    config.set_kernels(kernels)
    with arraynet.use_backend(name):
        _, slots = slots_after(make, [[1e-3, -1.0, 0, 1e-12]] + [[0, 0, 0, 0]] * STEPS)
    assert slots
    for slot in slots:
        for product in (slot, slot * np.float32(0.1), slot * np.float32(1e-5)):  # what a step makes of it
            signed = np.any(slot < 0) or product is slot
            assert not np.any((product != 0) & (np.abs(product) < SMALLEST) & signed)


@pytest.mark.parametrize("make", OPTIMIZERS[:5])
def test_a_weight_that_never_had_a_gradient_stays_where_it_is(make, backend):
    w, _ = slots_after(make, [[0, 0, 0, 0]] * 5)
    assert w[2] == 0


@pytest.mark.parametrize("x", [0.0, 1e-45, -1e-40, 1e-34, -2e-33, 1e-30, 1e-25, 2e-18, -0.5, np.inf, np.nan])
def test_flushing_changes_small_numbers_alone(x, backend):
    x = np.float32([x, -x])
    found = flushed(arraynet.ops.convert_to_tensor(x)).numpy()
    assert not np.any((found != 0) & (np.abs(found) < 6e-33))
    np.testing.assert_allclose(found, x, rtol=0, atol=6.2e-33)
    np.testing.assert_array_equal(found[np.abs(x) >= 2e-18], x[np.abs(x) >= 2e-18])
    np.testing.assert_array_equal(found[np.abs(x) < 3e-33], 0)


def test_the_floor_of_a_mean_square_changes_no_bit_that_counts():
    squares = np.float32(10.0) ** np.arange(-22, 38, dtype="float32")
    np.testing.assert_array_equal(squares + np.float32(TINY), squares)
    epsilon = np.float32(1e-7)
    assert np.sqrt(np.float32(TINY) + epsilon) == np.sqrt(epsilon)
    assert np.sqrt(np.float32(TINY)) + epsilon == epsilon
