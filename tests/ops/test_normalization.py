"""Normalisation: half precision, integers, errors, gradients at zero."""

import numpy as np
import pytest

import arraynet
from arraynet import ops


def test_half_precision_is_computed_in_single(backend):
    if "float16" not in arraynet.ops.zeros(()).backend.dtypes:
        pytest.skip("the backend has no float16")
    x = ops.convert_to_tensor(np.asarray([[300.0, -300.0, 600.0]], "float16"))  # squares overflow
    mean, variance = ops.moments(x / 16, axes=-1)
    y = ops.layer_normalization(x, epsilon=1e-3)
    assert y.dtype == mean.dtype == variance.dtype == "float16"
    np.testing.assert_allclose(y.numpy(), [[0.2673, -1.336, 1.069]], rtol=5e-3)
    np.testing.assert_allclose(ops.rms_normalization(x).numpy(), [[0.7071, -0.7071, 1.414]], rtol=5e-3)
    one = np.ones(3, "float16")
    y = ops.batch_normalization(x, one * 0, np.full(3, 60000, "float16"), -1, scale=np.ones(3, "float32"))
    assert y.dtype == "float16"
    np.testing.assert_allclose(y.numpy(), x.numpy() / 245, rtol=5e-3)


def test_float64_stays_and_integers_become_floats(backend):
    assert ops.layer_normalization(np.ones((2, 3))).dtype == "float64"
    assert ops.normalize(ops.array([[3, 4]])).numpy().tolist() == [[np.float32(0.6), np.float32(0.8)]]
    mean, variance = ops.moments(ops.array([1, 2]), axes=0)
    assert (float(mean), float(variance)) == (1.5, 0.25)


def test_the_gradient_of_normalize_at_zero_is_finite(backend):
    for order in (1, 2, 3):
        g = arraynet.grad(lambda x, p=order: ops.sum(ops.normalize(x, order=p)))(ops.zeros((2, 3)))
        assert np.isfinite(g.numpy()).all()
    assert ops.normalize(ops.zeros((2, 3))).numpy().tolist() == [[0] * 3] * 2


def test_batch_normalization_names_what_does_not_fit(backend):
    x, c = ops.ones((2, 3, 4)), ops.ones(3)
    assert ops.batch_normalization(x, c, c, 1).shape == x.shape
    with pytest.raises(ValueError, match=r"variance needs the shape \(3,\), that of axis 1 of x \(2, 3, 4\), .*\(4,\)"):
        ops.batch_normalization(x, c, ops.ones(4), 1)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match=r"order must be a positive integer, received 0\.5"):
        ops.normalize(np.ones(3), order=0.5)
    with pytest.raises(ValueError, match="synchronized=True"):
        ops.moments(np.ones(3), 0, synchronized=True)
    with pytest.raises(ValueError, match="axis"):
        ops.layer_normalization(np.ones((2, 3)), axis=2)


def test_normalising_a_batch_takes_its_gradient_through_the_moments(backend):
    """The gradient of a normalised batch has no mean and no part along the batch."""

    def f(x):
        mean, variance = ops.moments(x, axes=0)
        return ops.sum(ops.batch_normalization(x, mean, variance, -1, epsilon=0.0)[0] ** 3)

    x = np.random.default_rng(0).normal(size=(7, 2))
    g = arraynet.grad(f)(ops.convert_to_tensor(x)).numpy()
    np.testing.assert_allclose(g.sum(0), 0, atol=1e-12)
    np.testing.assert_allclose((g * x).sum(0), 0, atol=1e-12)
    assert np.abs(g).max() > 0.1
