"""Crossentropies: logits behind probabilities, clipping, labels, errors."""

import numpy as np
import pytest

import arraynet
from arraynet import config, ops
from arraynet.testing.tolerances import tolerance

LOGITS = np.asarray([[0.0, 200.0, 1.0], [1.0, 2.0, 3.0]], "float32")
ONE_HOT = np.asarray([[1.0, 0, 0], [0, 0, 1]], "float32")
LABELS = np.asarray([0, 2])
EXACT = [200.0, np.log(1 + np.exp(-1) + np.exp(-2))]  # -log_softmax at the labels
CLIPPED = [-np.log(1e-7), EXACT[1]]


def softmaxed(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


LOSSES = {
    "categorical": lambda p, **options: ops.categorical_crossentropy(ONE_HOT, p, **options),
    "sparse": lambda p, **options: ops.sparse_categorical_crossentropy(LABELS, p, **options),
    "sparse float labels": lambda p, **options: ops.sparse_categorical_crossentropy(LABELS + 0.0, p, **options),
}
each_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


@each_loss
def test_a_softmax_is_used_through_its_logits(loss, backend):
    p = ops.softmax(ops.array(LOGITS))
    np.testing.assert_allclose(loss(p).numpy(), EXACT, rtol=1e-6)
    np.testing.assert_allclose(loss(ops.cast(p, "float32")).numpy(), EXACT, rtol=1e-6)
    np.testing.assert_allclose(loss(ops.softmax(LOGITS, axis=1)).numpy(), EXACT, rtol=1e-6)
    np.testing.assert_allclose(loss(ops.softmax(LOGITS, axis=(1,))).numpy(), EXACT, rtol=1e-6)


@each_loss
def test_a_confidently_wrong_sample_has_a_gradient(loss, backend):
    g = arraynet.grad(lambda x: ops.sum(loss(ops.softmax(x))))(ops.array(LOGITS))
    np.testing.assert_allclose(g.numpy(), softmaxed(LOGITS) - ONE_HOT, atol=1e-6)


@each_loss
def test_probabilities_from_elsewhere_are_normalised_and_clipped(loss, backend):
    p = 3 * softmaxed(LOGITS)
    np.testing.assert_allclose(loss(ops.array(p)).numpy(), CLIPPED, rtol=1e-5)
    np.testing.assert_allclose(loss(ops.softmax(LOGITS) * 1).numpy(), CLIPPED, rtol=1e-5)
    g = arraynet.grad(lambda p: ops.sum(loss(p)))(ops.array(p)).numpy()
    assert not g[0].any()  # clipped
    assert g[1].any()


@each_loss
def test_the_clip_setting_forgets_logits(loss, backend):
    config.set_crossentropy("clip")
    np.testing.assert_allclose(loss(ops.softmax(LOGITS)).numpy(), CLIPPED, rtol=1e-5)


@each_loss
def test_logits_of_another_axis_are_not_used(loss, backend):
    x = np.asarray([[1.0, 2, 3], [0, 5, 1]], "float32")
    p = ops.softmax(x, axis=0)
    np.testing.assert_allclose(loss(p).numpy(), loss(p * 1).numpy(), rtol=1e-5)
    assert not np.allclose(loss(p).numpy(), loss(x, from_logits=True).numpy())


@each_loss
def test_probabilities_passed_as_logits_warn(loss):
    with pytest.warns(UserWarning, match="from_logits=True, but"):
        y = loss(ops.softmax(LOGITS), from_logits=True)
    np.testing.assert_allclose(y.numpy(), EXACT, rtol=1e-6)


def test_the_probabilities_themselves_have_no_gradient():
    with arraynet.GradientTape() as tape:
        x = ops.array(LOGITS)
        tape.watch(x)
        p = ops.softmax(x)
        loss = ops.categorical_crossentropy(ONE_HOT, p)
    grads = tape.gradient(loss, [p, x])
    assert grads[0] is None
    assert grads[1] is not None


def test_labels_out_of_range_give_no_loss_and_no_gradient(backend):
    labels = np.asarray([3, -1])
    for p in (ops.softmax(LOGITS), ops.array(softmaxed(LOGITS))):
        assert ops.sparse_categorical_crossentropy(labels, p).numpy().tolist() == [0, 0]
    loss = lambda x: ops.sum(ops.sparse_categorical_crossentropy(labels, x, from_logits=True))  # noqa: E731
    assert not arraynet.grad(loss)(ops.array(LOGITS)).numpy().any()


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "float32"])
def test_labels_of_any_dtype(dtype, backend):
    y = ops.sparse_categorical_crossentropy(LABELS.astype(dtype)[:, None], ops.softmax(LOGITS))
    np.testing.assert_allclose(y.numpy(), EXACT, rtol=1e-6)


def test_binary_uses_the_logits_of_a_sigmoid_only(backend):
    x, y = np.asarray([-200.0, 200, 3], "float32"), np.asarray([1.0, 1, 0], "float32")
    exact, clipped = [200, 0, np.log(1 + np.exp(3))], [-np.log(1e-7), 1e-7, np.log(1 + np.exp(3))]
    np.testing.assert_allclose(ops.binary_crossentropy(y, ops.sigmoid(x)).numpy(), exact, rtol=1e-5)
    np.testing.assert_allclose(ops.binary_crossentropy(y, x, from_logits=True).numpy(), exact, rtol=1e-5)
    np.testing.assert_allclose(ops.binary_crossentropy(y, ops.sigmoid(x) * 1).numpy(), clipped, rtol=1e-5, atol=1e-7)
    p = ops.softmax(x, axis=None)
    np.testing.assert_allclose(
        ops.binary_crossentropy(y, p).numpy(), ops.binary_crossentropy(y, p * 1).numpy(), rtol=1e-6
    )


@pytest.mark.parametrize("dtype", ["float16", "float32", "int32"])
def test_certain_probabilities_have_finite_losses(dtype):
    p = np.asarray([[0, 1]], dtype)
    for y in (np.asarray([[0, 1]], dtype), np.asarray([[1, 0]], dtype)):
        assert np.isfinite(ops.binary_crossentropy(y, p).numpy()).all()
        assert np.isfinite(ops.categorical_crossentropy(y, p).numpy()).all()


def test_shapes_that_do_not_fit_are_explained():
    with pytest.raises(ValueError, match=r"received \(2,\) and \(2, 3\).*use sparse_categorical"):
        ops.categorical_crossentropy(LABELS, LOGITS)
    with pytest.raises(ValueError, match=r"target \(2, 3\) and output \(2, 3\).*use categorical"):
        ops.sparse_categorical_crossentropy(ONE_HOT, LOGITS)
    with pytest.raises(ValueError, match=r"one shape, received \(2,\) and \(3,\)"):
        ops.binary_crossentropy(np.ones(2), np.ones(3))


def test_remembered_logits_are_no_array_of_the_caller(backend):
    x = np.array([[3.0, 0.0]], "float32")
    p = ops.softmax(x)
    expected = -np.log(p.numpy()[0, :1])
    x[:] = 0
    loss = ops.categorical_crossentropy(np.array([[1.0, 0.0]], "float32"), p)
    np.testing.assert_allclose(loss.numpy(), expected, **tolerance("categorical_crossentropy", "float32"))


def test_no_classes_make_no_loss(backend):
    nothing = ops.zeros((2, 0))
    assert ops.categorical_crossentropy(nothing, nothing, from_logits=True).numpy().tolist() == [0, 0]
    assert ops.sparse_categorical_crossentropy([0, 0], nothing, from_logits=True).numpy().tolist() == [0, 0]
