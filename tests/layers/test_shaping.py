"""Layers that change the shape or combine inputs: values, shapes told without running, refusals."""

import numpy as np
import pytest

from arraynet import layers, models, ops
from arraynet.models import Sequential

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("layer", "x", "expected"),
    [
        (layers.Flatten(), X, X.reshape(2, 12)),
        (layers.Flatten(), X[:, 0, 0], X[:, 0, :1]),
        (layers.Reshape((4, 3)), X, X.reshape(2, 4, 3)),
        (layers.Reshape((-1, 6)), X, X.reshape(2, 2, 6)),
        (layers.Reshape((2, 6)), X, X.reshape(2, 2, 6)),
        (layers.Permute((2, 1)), X, X.transpose(0, 2, 1)),
        (layers.RepeatVector(3), X[:, 0], np.repeat(X[:, :1], 3, axis=1)),
    ],
)
def test_values_and_shapes(backend, layer, x, expected):
    layer = type(layer).from_config(layer.get_config())
    np.testing.assert_array_equal(layer(x).numpy(), expected)
    assert layer.compute_output_shape((None, *x.shape[1:])) == (None, *expected.shape[1:])


@pytest.mark.parametrize("layer", [layers.Flatten(), layers.Identity(), layers.Dropout(0.5)], ids=type)
def test_an_output_does_not_see_what_is_written_into_the_input_later(layer):
    host = np.ones((2, 3), "float32")
    y = layer(host)
    host[:] = 0
    np.testing.assert_array_equal(y, np.ones((2, 3)))


A, B = X[0], X[1] - 5


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (layers.Add(), A + B),
        (layers.Subtract(), A - B),
        (layers.Multiply(), A * B),
        (layers.Average(), (A + B) / 2),
        (layers.Maximum(), np.maximum(A, B)),
        (layers.Minimum(), np.minimum(A, B)),
        (layers.Concatenate(), np.concatenate([A, B], -1)),
        (layers.Concatenate(axis=1), np.concatenate([A, B], 1)),
    ],
)
def test_merging(backend, layer, expected):
    layer = type(layer).from_config(layer.get_config())
    np.testing.assert_array_equal(layer([A, ops.convert_to_tensor(B)]).numpy(), expected)
    assert layer.compute_output_shape([(None, 4), (None, 4)]) == (None, expected.shape[1])


def test_merging_more_than_two_and_broadcasting(backend):
    np.testing.assert_array_equal(layers.Add()([A, A, A]).numpy(), 3 * A)
    assert layers.Add().compute_output_shape([(None, 1, 4), (None, 3, 1)]) == (None, 3, 4)


@pytest.mark.parametrize("kind", [layers.Add, layers.Subtract, layers.Average, layers.Maximum])
def test_what_is_merged_with_a_sample_of_more_axes_is_the_sample_of_the_same_number(backend, kind):
    steps, once = np.arange(36.0).reshape(3, 3, 4), np.arange(12.0).reshape(3, 4)  # as many steps as samples
    for a, b in ((steps, once), (once, steps)):
        apart = kind()([a.reshape(3, -1, 4), b.reshape(3, -1, 4)])
        np.testing.assert_array_equal(kind()([a, b]), apart)
        assert kind().compute_output_shape([(None, *a.shape[1:]), (None, *b.shape[1:])]) == (None, 3, 4)
    np.testing.assert_array_equal(layers.Add()([np.ones(3), once]), once + 1)
    np.testing.assert_array_equal(layers.Add()([steps, ops.ones(())]), steps + 1)


def test_merging_needs_several_inputs():
    with pytest.raises(ValueError, match="list of two inputs or more"):
        layers.Add()(A)
    with pytest.raises(ValueError, match="two inputs, received 3"):
        layers.Subtract()([A, A, A])


def test_a_merge_of_the_users_own_says_how_two_are_combined(backend):
    class Gap(layers.Merge):
        def combined(self, a, b):
            return ops.absolute(a - b)

    merged = Gap()([A, B])
    np.testing.assert_array_equal(merged, np.abs(A - B))
    assert Gap().compute_output_shape([(None, *A.shape[1:]), (None, *B.shape[1:])]) == (None, *merged.shape[1:])
    with pytest.raises(TypeError, match=r"Bare does not define combined\(self, a, b\)"):
        type("Bare", (layers.Merge,), {})()([A, B])


def test_unknown_axes_stay_unknown():
    assert layers.Flatten().compute_output_shape((None, None, 3)) == (None, None)
    assert layers.Reshape((-1, 2)).compute_output_shape((None, None, 3)) == (None, None, 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Reshape((5, 5))(X), r"\(3, 4\) has 12 elements.*\(5, 5\)"),
        (lambda: layers.Reshape((-1, -1)), "one length may be -1"),
        (lambda: layers.Reshape((-2, -6)), "the others 0 or more"),
        (lambda: layers.Permute((0, 1)), "1, 2, ..., n"),
        (lambda: layers.Permute((2, 1))(X[0]), r"rank 3.*shape \(3, 4\)"),
        (lambda: layers.RepeatVector(0), "positive int"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_embedding_looks_vectors_up(backend):
    layer = layers.Embedding(5, 3)
    y = layer(np.array([[0, 4], [4, 1]]))
    table = layer.embeddings.numpy()
    assert table.shape == (5, 3)
    assert abs(table).max() <= 0.05
    np.testing.assert_array_equal(y.numpy(), table[[[0, 4], [4, 1]]])
    np.testing.assert_array_equal(layer(np.array([2.0])).numpy(), table[[2]])
    assert layer.compute_output_shape((None, 7)) == (None, 7, 3)


def test_embedding_refuses_masks():
    with pytest.raises(ValueError, match="mask_zero=True is not supported"):
        layers.Embedding(5, 3, mask_zero=True)
    with pytest.raises(ValueError, match="input_dim must be a positive int"):
        layers.Embedding(0, 3)


@pytest.mark.parametrize("given", [lambda vectors: vectors, lambda vectors: [vectors]])
def test_an_embedding_may_start_from_vectors(given, tmp_path, backend):
    vectors = np.arange(8.0).reshape(4, 2)
    model = Sequential([layers.Embedding(4, 2, weights=given(vectors)), layers.Flatten(), layers.Dense(1)])
    x = np.array([[1, 3], [0, 2]])
    np.testing.assert_array_equal(model.layers[0](x), vectors[x].astype("float32"))
    model.compile("sgd", "mse")
    model.fit(x, np.ones((2, 1)), verbose=0)
    learnt = model.layers[0].get_weights()[0]
    assert np.abs(learnt - vectors).max() > 0
    assert "weights" not in model.layers[0].get_config()
    model.save(tmp_path / "m.arraynet")
    np.testing.assert_array_equal(models.load_model(tmp_path / "m.arraynet").layers[0].get_weights()[0], learnt)
    with pytest.raises(ValueError, match=r"embeddings' has shape \(4, 3\), .* received an array of shape \(4, 2\)"):
        layers.Embedding(4, 3, weights=given(vectors))
