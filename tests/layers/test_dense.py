"""Dense against NumPy, its shapes, gradients and refusals."""

import numpy as np
import pytest

import arraynet
from arraynet import layers, ops

X = np.arange(12, dtype=np.float32).reshape(4, 3) / 10


def test_dense_is_a_product_and_a_sum(backend):
    layer = layers.Dense(2, activation="relu", bias_initializer="ones")
    y = layer(X)
    W, b = layer.get_weights()
    assert (W.shape, b.tolist()) == ((3, 2), [1, 1])
    np.testing.assert_allclose(y.numpy(), np.maximum(X @ W + b, 0), rtol=1e-6)


def test_dense_without_bias(backend):
    layer = layers.Dense(2, use_bias=False)
    np.testing.assert_allclose(layer(X).numpy(), X @ layer.get_weights()[0], rtol=1e-6)
    assert layer.bias is None


def test_dense_works_along_the_last_axis(backend):
    layer = layers.Dense(5)
    assert layer(np.ones((2, 4, 3))).shape == (2, 4, 5) == layer.compute_output_shape((2, 4, 3))


def test_gradients_reach_the_weights(backend):
    layer = layers.Dense(2)
    layer.build((None, 3))
    with arraynet.GradientTape() as tape:
        loss = ops.sum(layer(X))
    dW, db = tape.gradient(loss, layer.trainable_weights)
    np.testing.assert_allclose(dW.numpy(), np.repeat(X.sum(0)[:, None], 2, axis=1), rtol=1e-6)
    np.testing.assert_array_equal(db.numpy(), [4, 4])


def test_the_first_weights_lie_within_glorots_limits(backend):
    layer = layers.Dense(64)
    layer.build((None, 32))
    W = layer.kernel.numpy()
    limit = np.sqrt(6 / 96)
    assert abs(W).max() <= limit
    assert W.std() == pytest.approx(limit / np.sqrt(3), rel=0.1)


@pytest.mark.parametrize("units", [0, -1, "x", 2.0, True, None])
def test_units_must_be_a_positive_int(units):
    with pytest.raises(ValueError, match="units must be a positive int, received"):
        layers.Dense(units)


def test_inputs_of_the_wrong_shape_are_explained(backend):
    layer = layers.Dense(2, name="out")
    with pytest.raises(ValueError, match=r"'out' \(Dense\) expects .* rank 2 or more.*shape \(3,\).*x\[None\]"):
        layer(np.ones(3))
    layer(X)
    with pytest.raises(ValueError, match=r"'out'.*axis -1 of its input to have length 3.*shape \(None, 5\)"):
        layer(np.ones((4, 5)))


def test_samples_that_need_only_be_unrolled_are_noticed():
    layer = layers.Dense(2)
    layer.build((None, 12))
    with pytest.raises(ValueError, match=r"shape \(None, 4, 3\).*x\.reshape\(\(-1, 12\)\), or layers\.Flatten"):
        layer(np.ones((5, 4, 3)))


def test_an_unknown_activation_is_explained():
    with pytest.raises(ValueError, match=r"Could not interpret activation 'rleu'.*relu"):
        layers.Dense(2, activation="rleu")


def test_an_unknown_last_axis_cannot_be_built():
    with pytest.raises(ValueError, match=r"'dense'.*last axis.*\(None, None\)"):
        layers.Dense(2).build((None, None))


def test_what_is_no_array_is_explained():
    with pytest.raises(TypeError, match=r"'dense' \(Dense\) expects an array, received None"):
        layers.Dense(2)(None)


def test_an_activation_may_be_taken_off_for_the_scores(backend):
    model = arraynet.Sequential([layers.Input((3,)), layers.Dense(2, "softmax")])
    x = np.ones((1, 3), "float32")
    before = model.predict(x, verbose=0)
    model.layers[0].activation = None
    np.testing.assert_allclose(model.predict(x, verbose=0), x @ model.layers[0].kernel.numpy(), rtol=1e-6)
    np.testing.assert_allclose(ops.softmax(model(x)).numpy(), before, rtol=1e-6)
    assert layers.Dense.from_config(model.layers[0].get_config()).activation is arraynet.activations.linear
