"""Normalisations against NumPy; numbers marked Keras were obtained with it."""

import numpy as np
import pytest

import arraynet
from arraynet import layers, ops

X = np.arange(6, dtype=np.float32).reshape(3, 2)


def test_batch_normalization_in_training_uses_the_batch(backend):
    layer = layers.BatchNormalization()
    y = layer(X, training=True)
    np.testing.assert_allclose(y.numpy(), (X - X.mean(0)) / np.sqrt(X.var(0) + 1e-3), rtol=1e-5, atol=1e-6)
    assert [v.name for v in layer.weights] == ["gamma", "beta", "moving_mean", "moving_variance"]
    np.testing.assert_allclose(layer.moving_mean.numpy(), [0.02, 0.03], rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance.numpy(), [1.0166667, 1.0166667], rtol=1e-6)  # Keras


def test_batch_normalization_outside_of_training_uses_the_averages(backend):
    layer = layers.BatchNormalization()
    layer(X, training=True)
    before = layer.get_weights()
    expected = [[-0.01982564, 0.9615435], [1.9627383, 2.9441075], [3.9453022, 4.9266715]]  # Keras
    np.testing.assert_allclose(layer(X).numpy(), expected, rtol=1e-5)
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_frozen_batch_normalization_does_not_learn(backend):
    layer = layers.BatchNormalization()
    layer.trainable = False
    layer(X, training=True)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), [0, 0])
    assert len(layer.non_trainable_weights) == 4


def test_batch_normalization_along_another_axis_and_without_parameters(backend):
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    layer = layers.BatchNormalization(axis=1, center=False, scale=False)
    mean, variance = x.mean((0, 2), keepdims=True), x.var((0, 2), keepdims=True)
    np.testing.assert_allclose(layer(x, training=True).numpy(), (x - mean) / np.sqrt(variance + 1e-3), rtol=1e-5)
    assert [v.shape for v in layer.weights] == [(3,), (3,)]


def test_gradients_pass_through_the_batch_statistics(backend):
    layer = layers.BatchNormalization()
    with arraynet.GradientTape() as tape:
        x = ops.convert_to_tensor(X)
        tape.watch(x)
        loss = ops.sum(layer(x, training=True))
    np.testing.assert_allclose(tape.gradient(loss, x).numpy(), np.zeros((3, 2)), atol=1e-5)


@pytest.mark.parametrize("axis", [-1, [1, 2], (1,)])
def test_layer_normalization(backend, axis):
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    layer = layers.LayerNormalization(axis=axis, gamma_initializer="uniform", beta_initializer="ones")
    y = layer(x)
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    gamma = layer.gamma.numpy()
    gamma = gamma[:, None] if axes == (1,) else gamma
    np.testing.assert_allclose(y.numpy(), (x - mean) / np.sqrt(variance + 1e-3) * gamma + 1, rtol=1e-4, atol=1e-6)
    again = layers.LayerNormalization.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


def test_normalization_adapts_to_data(backend):
    layer = layers.Normalization()
    layer.adapt(X)
    np.testing.assert_allclose(layer(X).numpy(), (X - X.mean(0)) / X.std(0), rtol=1e-5, atol=1e-6)
    layer.adapt(X * 10)  # anew, not on top
    np.testing.assert_allclose(layer(X * 10).numpy(), (X - X.mean(0)) / X.std(0), rtol=1e-5, atol=1e-6)
    assert layer.trainable_weights == []


@pytest.mark.parametrize(
    "batches",
    [
        lambda x: [x[:5], x[5:]],
        lambda x: ((x[k : k + 4], None) for k in range(0, len(x), 4)),
        lambda x: iter([x[:0], x[:1], ops.array(x[1:])]),
        lambda x: x.tolist(),
    ],
)
@pytest.mark.parametrize("axis", [-1, (1, 2), None])
def test_normalization_adapts_to_batches_as_to_all_of_them(batches, axis, backend):
    x = np.random.default_rng(0).normal(3, 2, size=(11, 4, 3)).astype("float32")
    layer, whole = layers.Normalization(axis), layers.Normalization(axis)
    layer.adapt(batches(x))
    whole.adapt(x)
    assert layer.adapt_mean.shape == whole.adapt_mean.shape
    np.testing.assert_allclose(layer(x).numpy(), whole(x).numpy(), rtol=1e-4, atol=1e-5)


def test_normalization_refuses_batches_that_do_not_fit_and_keeps_what_it_knew():
    layer = layers.Normalization()
    for empty in ([], iter([]), np.ones((0, 2))):
        with pytest.raises(ValueError, match="no data to adapt to"):
            layer.adapt(empty)
    layer.adapt(X)
    with pytest.raises(ValueError, match=r"built for inputs of shape \(None, 2\).*data of shape \(5, 3\)"):
        layer.adapt(iter([X * 10, np.ones((5, 3))]))
    np.testing.assert_allclose(layer(X).numpy(), (X - X.mean(0)) / X.std(0), rtol=1e-5, atol=1e-6)


def test_normalization_with_statistics_for_its_last_axes_alone(backend):
    x = np.random.default_rng(0).normal(size=(2, 7, 5, 3)).astype("float32")
    mean = np.arange(5.0, dtype="float32")
    layer = layers.Normalization((1, 2), mean=mean, variance=np.ones(5))
    np.testing.assert_allclose(layer(x).numpy(), x - mean[:, None], rtol=1e-6)


def test_normalization_with_given_statistics_and_its_inverse(backend):
    forth = layers.Normalization(mean=[1.0, 2.0], variance=4.0)
    back = layers.Normalization(mean=[1.0, 2.0], variance=4.0, invert=True)
    np.testing.assert_allclose(forth(X).numpy(), (X - [1, 2]) / 2)
    np.testing.assert_allclose(back(forth(X)).numpy(), X)
    with pytest.raises(ValueError, match="nothing to adapt"):
        forth.adapt(X)


def test_normalization_of_everything_together(backend):
    layer = layers.Normalization(axis=None)
    layer.adapt(X)
    np.testing.assert_allclose(layer(X).numpy(), (X - X.mean()) / X.std(), rtol=1e-5)


def test_refusals():
    with pytest.raises(ValueError, match="both mean and variance"):
        layers.Normalization(mean=1.0)
    with pytest.raises(ValueError, match="axis must be one int"):
        layers.BatchNormalization(axis=(1, 2))
    with pytest.raises(ValueError, match=r"BatchNormalization.*the length of axis -1"):
        layers.BatchNormalization().build((None, None))
    for layer in (layers.Normalization(axis=5), layers.LayerNormalization(axis=5)):
        with pytest.raises(ValueError, match="axis=5 is out of range: an array of 2 axes"):
            layer.build((2, 2))
