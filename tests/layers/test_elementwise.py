"""Layers that keep the shape: activations, noise, rescaling."""

import numpy as np
import pytest

from arraynet import config, grad, layers, ops
from arraynet.layers import (
    ELU,
    Activation,
    Dropout,
    GaussianNoise,
    Identity,
    LeakyReLU,
    PReLU,
    ReLU,
    Rescaling,
    Softmax,
)

X = np.arange(-3, 3, dtype=np.float32).reshape(3, 2)
E = np.exp(X)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (lambda: Activation("tanh"), np.tanh(X)),
        (Identity, X),
        (ReLU, np.maximum(X, 0)),
        (
            lambda: ReLU(max_value=2, negative_slope=0.1, threshold=1),
            [[-0.4, -0.3], [-0.2, -0.1], [0, 2]],
        ),
        (LeakyReLU, np.where(X > 0, X, 0.3 * X)),
        (lambda: ELU(0.5), np.where(X > 0, X, 0.5 * (E - 1))),
        (Softmax, E / E.sum(1, keepdims=True)),
        (lambda: Softmax(axis=0), E / E.sum(0, keepdims=True)),
        (lambda: PReLU("ones"), X),
        (lambda: Rescaling(1 / 2, offset=1), X / 2 + 1),
    ],
)
def test_values(backend, layer, expected):
    made = layer()
    y = made(X)
    np.testing.assert_allclose(y.numpy(), expected, rtol=2e-6, atol=1e-7)
    assert made.compute_output_shape((None, 2)) == (None, 2)
    again = type(made).from_config(made.get_config())
    np.testing.assert_array_equal(again(X).numpy(), y.numpy())


def test_softmax_leaves_out_what_a_mask_does(backend):
    x = np.array([[1, 2, 5], [1, 1, 1], [3, 1, 2]], np.float32)
    mask = np.array([[True, True, False], [False, False, False], [True, True, True]])
    shares = np.exp(x) * mask
    shares /= np.maximum(shares.sum(1, keepdims=True), 1e-9)
    for given in (mask, mask.astype("float32"), ops.array(mask)):
        np.testing.assert_allclose(Softmax()(x, mask=given).numpy(), shares, rtol=2e-6)
    np.testing.assert_allclose(Softmax(axis=0)(x, mask=mask[0]).numpy()[:, 2], 0)
    slopes = grad(lambda x: ops.sum(Softmax()(x, mask=mask)[:, 0]))(ops.array(x)).numpy()
    assert np.isfinite(slopes).all()
    assert not slopes[~mask].any()
    with pytest.raises(ValueError, match=r"broadcast.*\(2, 3\), shape=\(1, 3\)"):
        Softmax()(x[:1], mask=mask[:2])


def test_rescaling_takes_bytes_to_floats(backend):
    y = Rescaling(1 / 255)(np.array([[0, 255]], np.uint8))
    assert str(y.dtype) == "float32"
    np.testing.assert_allclose(y.numpy(), [[0, 1]])


def test_prelu_has_a_slope_for_each_feature_unless_shared():
    layer = PReLU(shared_axes=[1])
    layer(np.ones((2, 4, 3)))
    assert layer.alpha.shape == (1, 3)
    with pytest.raises(ValueError, match="shared_axes"):
        PReLU().build((None, None, 3))


def test_dropout_drops_a_share_and_keeps_the_mean(backend):
    layer = Dropout(0.25)
    x = np.ones((100, 100))
    y = layer(x, training=True).numpy()
    assert set(np.unique(y)) == {0, np.float32(1 / 0.75)}
    assert (y == 0).mean() == pytest.approx(0.25, abs=0.02)
    assert not np.array_equal(y, layer(x, training=True).numpy())


@pytest.mark.parametrize("make", [Dropout, GaussianNoise])
def test_noise_is_off_outside_of_training_and_at_zero(backend, make):
    x = ops.ones((4, 4))
    assert make(0.5)(x) is x
    assert make(0)(x, training=True) is x
    assert make(0.5)(x, training=True) is not x


@pytest.mark.parametrize("make", [Dropout, GaussianNoise])
def test_noise_follows_from_the_seed(backend, make):
    def drawn(**kwargs):
        return make(0.5, **kwargs)(np.ones((4, 8)), training=True).numpy()

    np.testing.assert_array_equal(drawn(seed=3), drawn(seed=3, name="elsewhere"))
    assert not np.array_equal(drawn(seed=3), drawn(seed=4))
    np.testing.assert_array_equal(drawn(name="noise"), drawn(name="noise"))
    first = drawn(name="noise")
    config.set_seed(99)
    assert not np.array_equal(first, drawn(name="noise"))


def test_noise_shape_drops_whole_rows(backend):
    y = Dropout(0.5, noise_shape=(None, 1))(np.ones((40, 3)), training=True).numpy()
    assert (y == y[:, :1]).all()
    assert 0 < (y == 0).mean() < 1


@pytest.mark.parametrize("shape", [5, "abc", (0, 1), (None, -1), (None, 1.5)])
def test_a_noise_shape_that_is_none_is_refused(shape):
    with pytest.raises(ValueError, match="Dropout: noise_shape must be a tuple"):
        Dropout(0.5, noise_shape=shape)
    assert Dropout(0.5, noise_shape=[None, 1]).noise_shape == (None, 1)
    assert Dropout(0.5, noise_shape=np.array([4, 1])).noise_shape == (4, 1)


def test_gaussian_noise_has_its_deviation(backend):
    y = GaussianNoise(2.0)(np.zeros((100, 100)), training=True).numpy()
    assert y.std() == pytest.approx(2, rel=0.05)


def test_streams_are_listed_for_saving():
    layer = Dropout(0.5, seed=3)
    layer([[1.0]])
    assert layer.seed_generators == [layer.seed_generator]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Dropout(1.5), "rate must be a number from 0 to 1"),
        (lambda: Dropout("half"), "rate must be"),
        (lambda: GaussianNoise(-1), "stddev must be"),
        (lambda: ReLU(max_value=-1), "max_value must be a number, 0 or more"),
        (lambda: LeakyReLU(-0.1), "negative_slope must be a number, 0 or more"),
        (lambda: layers.Activation("rleu"), "Did you mean 'relu'"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_penalty_on_numbers_that_a_call_returns():
    class Mine(layers.Layer):
        def call(self, inputs):
            return [inputs, np.float32(2), 1]

    layer = Mine(activity_regularizer=lambda y: ops.sum(y))
    layer(np.ones((4, 3)))
    assert [float(x) for x in layer.losses] == [3, 2, 1]
