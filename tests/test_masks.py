"""Masks are multiplied by as they are, where nobody needs them as floats, and the numbers stay the same."""

import numpy as np
import pytest

import arraynet
from arraynet import ops
from arraynet.program import jit

X = np.random.default_rng(0).normal(size=(40, 30)).astype("float32")
X[0, :4] = [0.0, -0.0, np.nan, np.inf]


def mask(x, dtype="float32"):
    return ops.cast(x > 0, dtype)


def slope(x):
    with arraynet.GradientTape() as tape:
        tape.watch(x)
        y = ops.tanh(ops.relu(x))
    return tape.gradient(y, x)


@pytest.mark.parametrize(
    ("f", "casts"),
    [
        (lambda x: x * mask(x), 0),
        (lambda x: mask(x)[0] * x, 1),
        (lambda x: mask(x[0]) * x + mask(x) * ops.exp(x), 0),
        (slope, 0),
        (lambda x: (mask(x), mask(x) * x), 1),
        (lambda x: ops.sum(mask(x)) * (mask(x) * x), 1),
        (lambda x: mask(x) * mask(x), 1),
        (lambda x: mask(x) * mask(-x), 1),
        (lambda x: mask(x) + x, 1),
        (lambda x: mask(x) * 3.0, 1),
        (lambda x: mask(x, "float64") * x, 1),
        (lambda x: ops.where(x > 0, 3 * x, -x) * x, 0),
        (lambda x: ops.cast(x, "int32") * mask(x, "int32"), 1),
        (lambda x: ops.cast(ops.cast(x * 0 == 0, "int32"), "float32") * x, 2),
    ],
)
def test_masks_are_cast_only_where_floats_are_needed(f, casts):
    fast = jit(f)
    with arraynet.use_backend("numpy"), np.errstate(invalid="ignore"):
        x = ops.convert_to_tensor(X)
        fast(x)
        eager, captured = f(x), fast(x)
    (program,) = fast.programs
    assert sum(i.name == "astype" for i in program.instructions) == casts
    for expected, found in zip(*((y if isinstance(y, tuple) else (y,)) for y in (eager, captured)), strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found.numpy().view(np.uint8), expected.numpy().view(np.uint8))


def test_a_hidden_layer_keeps_no_mask_of_floats():
    with arraynet.use_backend("numpy"):
        model = arraynet.Sequential([arraynet.layers.Dense(64, activation="relu"), arraynet.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(X[1:], X[1:, 0], batch_size=39, epochs=2, verbose=0)
        program = model._step("train").programs[0]
    floats = [i for i in program.instructions if i.name == "astype" and i.outs[0].shape == (39, 64)]
    assert not floats
