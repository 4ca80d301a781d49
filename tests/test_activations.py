"""Activations by name: values against NumPy, defaults that differ from those of ops, look-up."""

import math

import numpy as np
import pytest

from arraynet import activations, ops

X = np.array([-7.0, -3.5, -1.0, -0.25, 0.5, 1.5, 3.0, 7.5], np.float32)
E = np.exp(X)
SIGMOID = 1 / (1 + np.exp(-X))
PHI = np.array([0.5 * (1 + math.erf(x / math.sqrt(2))) for x in X])
SQUASHED = np.log1p(E)

VALUES = {
    "celu": np.where(X > 0, X, E - 1),
    "elu": np.where(X > 0, X, E - 1),
    "exponential": E,
    "gelu": X * PHI,
    "glu": X[:4] * SIGMOID[4:],
    "hard_shrink": np.where(abs(X) > 0.5, X, 0),
    "hard_sigmoid": np.clip(X / 6 + 0.5, 0, 1),
    "hard_silu": X * np.clip(X / 6 + 0.5, 0, 1),
    "hard_swish": X * np.clip(X / 6 + 0.5, 0, 1),
    "hard_tanh": np.clip(X, -1, 1),
    "leaky_relu": np.where(X > 0, X, 0.2 * X),
    "linear": X,
    "log_sigmoid": np.log(SIGMOID),
    "log_softmax": X - np.log(E.sum()),
    "mish": X * np.tanh(SQUASHED),
    "relu": np.maximum(X, 0),
    "relu6": np.clip(X, 0, 6),
    "selu": 1.05070098 * np.where(X > 0, X, 1.67326324 * (E - 1)),
    "sigmoid": SIGMOID,
    "silu": X * SIGMOID,
    "soft_shrink": np.sign(X) * np.maximum(abs(X) - 0.5, 0),
    "softmax": E / E.sum(),
    "softplus": SQUASHED,
    "softsign": X / (1 + abs(X)),
    "sparse_plus": np.where(X <= -1, 0, np.where(X < 1, (X + 1) ** 2 / 4, X)),
    "sparse_sigmoid": np.clip((X + 1) / 2, 0, 1),
    "sparsemax": np.eye(8)[7],
    "squareplus": (X + np.sqrt(X * X + 4)) / 2,
    "swish": X * SIGMOID,
    "tanh": np.tanh(X),
    "tanh_shrink": X - np.tanh(X),
}


@pytest.mark.parametrize("name", sorted(VALUES))
def test_values(backend, name):
    np.testing.assert_allclose(activations.get(name)(ops.convert_to_tensor(X)).numpy(), VALUES[name], rtol=2e-5,
                               atol=1e-6)  # fmt: skip


def test_every_name_is_tested():
    assert {*VALUES, "threshold", "get", "serialize", "deserialize"} == set(activations.__all__)


def test_parameters(backend):
    x = ops.convert_to_tensor(X)
    np.testing.assert_allclose(
        activations.relu(x, negative_slope=0.5, max_value=2, threshold=1).numpy(),
        np.minimum(np.where(X > 1, X, 0.5 * (X - 1)), 2),
    )
    np.testing.assert_array_equal(activations.threshold(x, 1.0, -9.0).numpy(), np.where(X > 1, X, -9))
    tanh = 0.5 * X * (1 + np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3)))
    np.testing.assert_allclose(activations.gelu(x, approximate=True).numpy(), tanh, rtol=1e-4, atol=1e-6)


def test_relu_with_options_of_infinities_and_integers(backend):
    far = ops.array([-np.inf, np.nan, 0.5, np.inf])
    assert str(activations.relu(far, threshold=1.0).numpy().tolist()) == "[0.0, nan, 0.0, inf]"
    small = ops.array(np.array([2, 0, 5], "uint8"))
    assert activations.relu(small, negative_slope=1, threshold=3).numpy().tolist() == [-1, -3, 5]
    assert activations.relu(small, threshold=3).dtype == "uint8"


def test_softmax_and_sigmoid_keep_their_logits():
    x = ops.convert_to_tensor(X)
    assert activations.softmax(x).logits[0] is x
    assert activations.get("sigmoid")(x).logits[0] is x


def test_look_up_and_back():
    assert activations.get(None) is activations.linear
    assert activations.get(len) is len
    for name in VALUES:
        assert activations.get(activations.serialize(activations.get(name))) is activations.get(name)


@pytest.mark.parametrize("identifier", ["rleu", 3, {"class_name": "x"}])
def test_what_it_cannot_interpret(identifier):
    with pytest.raises(ValueError, match="Could not interpret activation"):
        activations.get(identifier)


def test_a_lambda_has_no_name_to_be_saved_under():
    with pytest.raises(ValueError, match="define it with def"):
        activations.serialize(lambda x: x)


def test_linear_gives_a_tensor_of_its_own_as_every_activation_does(backend):
    x = np.zeros(2, "float32")
    y = activations.linear(x)
    x[:] = 7
    assert y.numpy().tolist() == [0, 0]
    assert activations.linear(y) is y
