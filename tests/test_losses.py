"""Losses against formulas in NumPy, their reduction and weights, and how they are found by name."""

import numpy as np
import pytest

from arraynet import GradientTape, Variable, config, losses, metrics, ops

Y = np.array([[0.0, 1.0, 0.5], [2.0, -1.0, 3.0]], np.float32)
P = np.array([[0.1, 0.7, 0.9], [1.5, -2.0, 5.5]], np.float32)
ONE_HOT = np.array([[0, 1, 0], [0, 0, 1]], np.float32)
PROBABILITIES = np.array([[0.1, 0.7, 0.2], [0.3, 0.3, 0.4]], np.float32)
BITS = np.array([[0, 1, 1], [1, 0, 1]], np.float32)
E = np.abs(Y - P)

FORMULAS = {
    "mean_squared_error": (Y, P, np.mean((Y - P) ** 2, -1)),
    "mean_absolute_error": (Y, P, np.mean(E, -1)),
    "mean_absolute_percentage_error": (Y + 5, P, 100 * np.mean(np.abs((Y + 5 - P) / (Y + 5)), -1)),
    "mean_squared_logarithmic_error": (BITS, np.abs(P), np.mean((np.log1p(BITS) - np.log1p(np.abs(P))) ** 2, -1)),
    "huber": (Y, P, np.mean(np.where(E <= 1, E**2 / 2, E - 0.5), -1)),
    "log_cosh": (Y, P, np.mean(np.log(np.cosh(P - Y)), -1)),
    "poisson": (BITS, np.abs(P), np.mean(np.abs(P) - BITS * np.log(np.abs(P) + 1e-7), -1)),
    "kl_divergence": (ONE_HOT, PROBABILITIES, -np.log([0.7, 0.4])),
    "hinge": (BITS, P, np.mean(np.maximum(1 - (2 * BITS - 1) * P, 0), -1)),
    "squared_hinge": (2 * BITS - 1, P, np.mean(np.maximum(1 - (2 * BITS - 1) * P, 0) ** 2, -1)),
    "categorical_hinge": (ONE_HOT, PROBABILITIES, [1 + 0.2 - 0.7, 1 + 0.3 - 0.4]),
    "cosine_similarity": (Y, P, -np.sum(Y * P, -1) / np.linalg.norm(Y, axis=-1) / np.linalg.norm(P, axis=-1)),
    "categorical_crossentropy": (ONE_HOT, PROBABILITIES, -np.log([0.7, 0.4])),
    "sparse_categorical_crossentropy": (np.array([1, 2]), PROBABILITIES, -np.log([0.7, 0.4])),
    "binary_crossentropy": (
        BITS,
        PROBABILITIES,
        -np.mean(np.log(np.where(BITS == 1, PROBABILITIES, 1 - PROBABILITIES)), -1),
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_functions_and_classes_follow_their_formulas(backend, name):
    y, p, expected = FORMULAS[name]
    np.testing.assert_allclose(losses.get(name)(y, p).numpy(), expected, rtol=2e-5, atol=1e-6)
    cls = next(c for c in losses.lookup.CLASSES.values() if c.function is getattr(losses, name))
    np.testing.assert_allclose(cls()(y, p).numpy(), np.mean(expected), rtol=2e-5, atol=1e-6)
    assert cls()(y, p).dtype == "float32"


def test_focal_losses_with_gamma_zero_are_crossentropies(backend):
    binary = losses.binary_focal_crossentropy(BITS, PROBABILITIES, gamma=0.0)
    np.testing.assert_allclose(binary.numpy(), losses.binary_crossentropy(BITS, PROBABILITIES).numpy(), rtol=1e-5)
    several = losses.categorical_focal_crossentropy(ONE_HOT, PROBABILITIES, gamma=0.0, alpha=1.0)
    np.testing.assert_allclose(several.numpy(), -np.log([0.7, 0.4]), rtol=1e-5)


def test_focal_losses_let_easy_samples_count_less(backend):
    focal = losses.CategoricalFocalCrossentropy(reduction=None)(ONE_HOT, PROBABILITIES).numpy()
    np.testing.assert_allclose(focal, 0.25 * np.array([0.3, 0.6]) ** 2 * -np.log([0.7, 0.4]), rtol=1e-5)
    binary = losses.BinaryFocalCrossentropy(apply_class_balancing=True, reduction=None)([[1.0]], [[0.8]]).numpy()
    np.testing.assert_allclose(binary, [0.25 * 0.2**2 * -np.log(0.8)], rtol=1e-4)


WEIGHTS = np.array([2.0, 0.5], np.float32)
EACH = np.mean((Y - P) ** 2, -1)


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        ("sum_over_batch_size", np.sum(EACH * WEIGHTS) / 2),
        ("mean", np.sum(EACH * WEIGHTS) / 2),
        ("mean_with_sample_weight", np.sum(EACH * WEIGHTS) / 2.5),
        ("sum", np.sum(EACH * WEIGHTS)),
        (None, EACH * WEIGHTS),
        ("none", EACH * WEIGHTS),
    ],
)
def test_reductions_with_sample_weights(backend, reduction, expected):
    loss = losses.MeanSquaredError(reduction=reduction)
    np.testing.assert_allclose(loss(Y, P, WEIGHTS).numpy(), expected, rtol=1e-6)
    np.testing.assert_allclose(loss(Y, P, WEIGHTS[:, None]).numpy(), expected, rtol=1e-6)


def test_nothing_weighs_nothing(backend):
    assert losses.MeanSquaredError(reduction="mean_with_sample_weight")(Y, P, [0.0, 0.0]).item() == 0
    assert losses.MeanSquaredError()(Y[:0], P[:0]).item() == 0


def test_a_weight_that_fits_no_sample_is_refused(backend):
    with pytest.raises(ValueError, match=r"one weight per sample, \(2,\)"):
        losses.MeanSquaredError()(Y, P, np.ones(3, np.float32))


def test_label_smoothing(backend):
    smooth = losses.CategoricalCrossentropy(label_smoothing=0.3)(ONE_HOT, PROBABILITIES).item()
    labels = ONE_HOT * 0.7 + 0.1
    np.testing.assert_allclose(smooth, np.mean(-np.sum(labels * np.log(PROBABILITIES), -1)), rtol=1e-5)
    binary = losses.BinaryCrossentropy(label_smoothing=0.2)([[1.0]], [[0.8]]).item()
    np.testing.assert_allclose(binary, -(0.9 * np.log(0.8) + 0.1 * np.log(0.2)), rtol=1e-5)
    for wrong in (losses.CategoricalCrossentropy, metrics.CategoricalCrossentropy, losses.BinaryFocalCrossentropy):
        with pytest.raises(ValueError, match="label_smoothing must be a number from 0 to 1"):
            wrong(label_smoothing=1.5)
    with pytest.raises(ValueError, match="label_smoothing must be a number from 0 to 1"):
        losses.binary_crossentropy([[1.0]], [[0.8]], label_smoothing=-0.1)


def test_from_logits(backend):
    scores = np.log(PROBABILITIES) + 3
    for loss, labels in [
        (losses.CategoricalCrossentropy(from_logits=True), ONE_HOT),
        (losses.SparseCategoricalCrossentropy(from_logits=True), np.array([[1], [2]])),
    ]:
        np.testing.assert_allclose(loss(labels, scores).item(), -np.mean(np.log([0.7, 0.4])), rtol=1e-5)


def test_a_confidently_wrong_sample_keeps_its_gradient_through_the_logits(backend):
    scores = Variable(np.array([[np.log(1e-9), 0.0]], np.float32))
    with GradientTape() as tape:
        value = losses.SparseCategoricalCrossentropy()([0], ops.softmax(scores))
    np.testing.assert_allclose(value.item(), 20.723, rtol=1e-4)
    np.testing.assert_allclose(tape.gradient(value, scores).numpy(), [[-1, 1]], rtol=1e-5)


def test_clipped_probabilities_have_a_bounded_loss_and_no_gradient(backend):
    config.set_crossentropy("clip")
    scores = Variable(np.array([[np.log(1e-9), 0.0]], np.float32))
    with GradientTape() as tape:
        value = losses.CategoricalCrossentropy()([[1.0, 0.0]], ops.softmax(scores))
    np.testing.assert_allclose(value.item(), 16.118096, rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(value, scores).numpy(), 0, atol=1e-7)


def test_ignored_labels_cost_nothing(backend):
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1, reduction=None)
    np.testing.assert_allclose(loss([1, -1], PROBABILITIES).numpy(), [-np.log(0.7), 0], rtol=1e-5)
    mean = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    np.testing.assert_allclose(mean([[1], [-1]], PROBABILITIES).item(), -np.log(0.7), rtol=1e-5)
    assert mean([-1, -1], PROBABILITIES).item() == 0


def test_labels_of_one_column_fit_flat_predictions(backend):
    assert losses.MeanSquaredError()([[1.0], [2.0]], [1.0, 4.0]).item() == 2
    assert losses.MeanSquaredError()([1, 2], [[1.0], [4.0]]).item() == 2


@pytest.mark.parametrize(
    ("loss", "labels", "hint"),
    [
        ("categorical_crossentropy", np.array([1, 2]), "sparse_categorical_crossentropy"),
        ("sparse_categorical_crossentropy", ONE_HOT, "one-hot"),
        ("mean_squared_error", np.ones((2, 1), np.float32), r"\(2, 1\)"),
    ],
)
def test_labels_of_the_wrong_shape_are_refused_with_the_remedy(backend, loss, labels, hint):
    with pytest.raises(ValueError, match=hint):
        losses.get(loss)(labels, PROBABILITIES)


def test_a_scalar_has_no_classes(backend):
    with pytest.raises(ValueError, match=r"received target \(\) and output \(\)"):
        losses.sparse_categorical_crossentropy(1, 0.5)


def test_names_in_every_spelling():
    assert losses.get("mse") is losses.get("MSE") is losses.get("mean_squared_error") is losses.mean_squared_error
    assert losses.get("bce") is losses.binary_crossentropy
    assert isinstance(losses.get("MeanSquaredError"), losses.MeanSquaredError)
    assert losses.get(losses.Huber).delta == 1
    assert losses.get(None) is None


def test_unknown_names_are_listed():
    with pytest.raises(ValueError, match=r"Could not interpret loss identifier: .squared.*MeanSquaredError"):
        losses.get("squared")
    with pytest.raises(ValueError, match="reduction must be one of"):
        losses.MeanSquaredError(reduction="average")


@pytest.mark.parametrize("loss", [losses.Huber(delta=2.0, reduction="sum"), losses.CosineSimilarity(axis=0)])
def test_configurations_round_trip(loss):
    again = losses.deserialize(losses.serialize(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()


def test_an_own_loss_is_a_subclass(backend):
    class Off(losses.Loss):
        def call(self, y_true, y_pred):
            return ops.absolute(y_true - y_pred)

    assert Off(reduction="sum")([1, 2], [3.0, 5.0]).item() == 5
    with pytest.raises(TypeError, match="must define call"):
        losses.Loss()([1], [1.0])


def test_an_own_loss_may_be_one_number_with_an_axis(backend):
    def whole(y_true, y_pred):
        return ops.reshape(ops.sum(ops.square(y_true - y_pred)), (1,))

    assert losses.base.FunctionLoss().wrap(whole)(Y, P).item() == pytest.approx(np.sum((Y - P) ** 2))


@pytest.mark.parametrize("kept", [0, 1])
def test_what_an_own_loss_returns_is_no_array_of_the_caller(kept, backend):
    class Own(losses.Loss):
        def call(self, y_true, y_pred):
            return (y_true, y_pred)[kept]

    arrays = [np.zeros(2, "float32"), np.zeros(2, "float32")]
    values = Own(reduction=None)(*arrays)
    arrays[kept][:] = 7
    assert values.numpy().tolist() == [0, 0]
