"""Bad input is refused before any work, in words that help, and nothing already trained is lost by it."""

import json
import warnings

import numpy as np
import pytest
from support.classifier import ONE_HOT, X, Y, net

from arraynet import callbacks, layers, losses, ops
from arraynet.models import Sequential
from arraynet.models.checks import not_finite


def untouched(model, call, error, match):
    before = model.get_weights()
    with pytest.raises(error, match=match):
        call(model)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


NAN = X.copy()
NAN[3, 2] = np.nan


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda m: m.fit(X, Y, batch_size=0), ValueError, "batch_size must be a positive int, received 0"),
        (lambda m: m.fit(X, Y, epochs=0), ValueError, "epochs must be a positive int"),
        (lambda m: m.fit(X, Y, steps_per_epoch=-1), ValueError, "positive int"),
        (lambda m: m.fit(X, Y, verbose=7), ValueError, "verbose must be"),
        (lambda m: m.fit(X, Y, validation_split=1.5), ValueError, "between 0 and 1"),
        (lambda m: m.fit(X, Y[:9]), ValueError, "x: 50, y: 9"),
        (lambda m: m.fit(X[:0], Y[:0]), ValueError, "x is empty"),
        (lambda m: m.fit(NAN, Y), ValueError, "NaN or infinity in 1 of 50 samples, the first is sample 3"),
        (lambda m: m.fit(-np.exp(np.asfortranarray(NAN)), Y), ValueError, "in 1 of 50 samples, the first is sample 3"),
        (lambda m: m.fit(np.where(np.isnan(NAN), -np.inf, X), Y), ValueError, "the first is sample 3"),
        (lambda m: m.fit(X, np.where(Y == 1, np.inf, Y)), ValueError, "y holds NaN or infinity"),
        (lambda m: m.fit(X, Y, validation_data=(NAN, Y)), ValueError, "validation_data: x holds NaN"),
        (lambda m: m.evaluate(X, Y, steps=0), ValueError, "steps must be a positive int, received 0"),
        (lambda m: m.evaluate(NAN, Y), ValueError, "NaN or infinity in 1 of 50 samples, the first is sample 3"),
        (lambda m: m.evaluate(iter([(NAN, Y)])), ValueError, "NaN or infinity in 1 of 50 samples"),
        (lambda m: m.fit(X.astype(object), Y), TypeError, "x: .*dtype object"),
        (lambda m: m.fit(np.ma.masked_invalid(NAN), Y), TypeError, r"x: .*masked array: fill it, x.filled\(0\)"),
        (lambda m: m.fit(), ValueError, "There is no data"),
        (lambda m: m.fit(X), ValueError, "has a loss, but the data has no labels"),
        (lambda m: m.fit(X, Y - 1), ValueError, "between 0 and 2.*from -1 to 1"),
        (lambda m: m.fit(X, Y + 5), ValueError, "from 5 to 7.*8 units"),
        (lambda m: m.fit(X, ONE_HOT), ValueError, "one-hot"),
        (lambda m: m.fit(X[:, :4], Y), ValueError, "dense"),
        (lambda m: m.fit(X, Y, validation_data=(X, Y[:3])), ValueError, "x: 50, y: 3"),
        (lambda m: m.fit(X, Y, validation_data=(X, Y, None, 1)), ValueError, "received 4 parts"),
        (lambda m: m.fit(X, Y, validation_data=(X, Y, np.ones((50, 2)))), ValueError, "validation_data: .* per sample"),
        (lambda m: m.fit(X, Y, callbacks=["early"]), TypeError, "callbacks must be"),
        (lambda m: m.fit(X, Y, callbacks=[callbacks.History]), TypeError, r"call it: History\(\)"),
        (lambda m: m.fit(X, Y, class_weight={0: 1}, sample_weight=np.ones(50)), ValueError, "cannot be given together"),
        (lambda m: m.fit(X, Y, sample_weight=np.ones((50, 2))), ValueError, "one weight per sample"),
    ],
)
def test_bad_input_is_refused_before_any_work(call, error, match):
    untouched(net(), call, error, match)


@pytest.mark.parametrize("order", ["C", "F"])
def test_large_numbers_are_numbers(order):
    x = np.array(X, order=order)
    x[2, 3] = 3e38
    assert not not_finite(x, "x")


def test_integer_labels_with_the_categorical_loss_are_refused():
    untouched(net(loss="categorical_crossentropy"), lambda m: m.fit(X, Y), ValueError, "sparse_categorical")


def test_a_categorical_loss_of_one_column_warns():
    with pytest.warns(SyntaxWarning, match="binary_crossentropy"):
        net("sigmoid", 1, loss="categorical_crossentropy").evaluate(X, Y % 2, verbose=0)


def test_unscaled_pixels_warn():
    pixels = np.arange(50 * 8 * 8).reshape(50, 8, 8).astype(np.uint8)
    for first, warned in ((layers.Flatten(), 1), (layers.Rescaling(1 / 255), 0)):
        model = Sequential([first, layers.Flatten(), layers.Dense(3)])
        model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            model.evaluate(pixels.astype(np.float32), Y, verbose=0)
        assert len(found) == warned
        assert all("unscaled pixels" in str(warning.message) for warning in found)


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_an_uncompiled_model_is_refused(method):
    with pytest.raises(ValueError, match=rf"must be compiled before {method}"):
        getattr(Sequential([layers.Dense(1)]), method)(X, Y)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"optimizer": "sdg"}, "sdg"),
        ({"loss": "msee"}, "Could not interpret loss"),
        ({"loss": "categorical_crossentrpy"}, "Did you mean 'categorical_crossentropy'"),
        ({"optimizer": "adma"}, "Did you mean 'adam'"),
        ({"metrics": ["accurracy"]}, "Could not interpret metric.*Did you mean 'accuracy'"),
        ({"metrics": "accuracy"}, r"write \['accuracy'\]"),
        ({"optimizer": None}, "received None; leave it out for 'rmsprop'"),
        ({"steps_per_execution": 0}, "steps_per_execution"),
        ({"jit_compile": "yes"}, "jit_compile must be True, False or 'auto', received 'yes'"),
        ({"run_eagerly": "no"}, "run_eagerly must be True or False"),
    ],
)
def test_compile_refuses_what_it_does_not_know(options, match):
    model = net()
    optimizer = model.optimizer
    with pytest.raises(ValueError, match=match):
        model.compile(**{"optimizer": "sgd", "loss": "mse"} | options)
    assert model.optimizer is optimizer
    model.fit(X, Y, verbose=0)  # as it was compiled before


def test_nothing_to_predict_is_refused():
    with pytest.raises(ValueError, match="yielded no batch"):
        net().predict(iter([]), verbose=0)


@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_a_first_batch_without_samples_is_refused(method):
    def batches(*sizes):
        return iter([(X[:n], Y[:n]) for n in sizes])

    refused = "The first batch that x yields holds no samples"
    untouched(net(), lambda m: getattr(m, method)(batches(0, 9), verbose=0), ValueError, refused)
    getattr(net(), method)(batches(9, 0, 9), verbose=0)  # later ones count for nothing
    assert len(net().predict(batches(0, 9), verbose=0)) == 9


def test_nan_in_a_later_batch_of_a_generator_is_in_its_evaluation():
    loss, _ = net().evaluate(iter([(X, Y), (NAN, Y)]), verbose=0)
    assert np.isnan(loss)


class Log(layers.Layer):
    def call(self, inputs):
        return ops.log(inputs - 0.5)


@pytest.mark.parametrize(
    ("prepare", "x", "cause"),
    [
        (lambda m: m, NAN, "x holds NaN or infinity in 1 of 50 samples, the first is sample 3"),
        (lambda m: m.set_weights([w * np.nan for w in m.get_weights()]), X, "So do the weights .*dense/kernel"),
        (lambda m: m.add(Log()), X, "The weights do not: look at x, and at layers that take a logarithm"),
        (lambda m: m, [NAN[:5]], "The weights do not: look at x"),
    ],
)
def test_predictions_that_are_no_numbers_are_noticed(prepare, x, cause, backend):
    model = net()
    prepare(model)
    with pytest.warns(RuntimeWarning, match=f"Predictions of model '{model.name}' hold NaN. {cause}"):
        model.predict(iter(x) if isinstance(x, list) else x, verbose=0)


def test_of_many_weights_that_are_lost_some_are_named():
    model = Sequential([layers.Dense(3) for _ in range(50)])
    model.compile("sgd", "mse")
    model.build((None, 6))
    model.set_weights([w * np.nan for w in model.get_weights()])
    with pytest.warns(RuntimeWarning, match=r"dense_2/kernel and 95 more: train anew"):
        model.predict(X, verbose=0)
    with pytest.raises(FloatingPointError, match=r"dense_2/kernel and 95 more are not finite"):
        model.fit(X, np.zeros((50, 3), "float32"), verbose=0)


def test_infinite_predictions_are_predictions():
    model = net(None, 1, loss="mse", metrics=None)
    model.add(layers.Rescaling(np.inf))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not np.isfinite(model.predict(X, verbose=0)).any()


def test_no_loss_is_refused():
    untouched(net(loss=None, metrics=None), lambda m: m.fit(X, Y, verbose=0), ValueError, "no loss to compute")


def test_a_loss_without_gradients_is_refused():
    def constant(y_true, y_pred):
        return ops.sum(ops.stop_gradient(y_pred), axis=-1)

    untouched(net(loss=constant), lambda m: m.fit(X, Y, verbose=0), ValueError, "No gradients provided")


class Fixed(layers.Layer):
    def build(self, input_shape):
        self.w = np.ones((input_shape[-1], 3), np.float32)

    def call(self, x):
        return ops.softmax(ops.matmul(x, self.w))


@pytest.mark.parametrize("layer", [layers.Dense(3, "softmax", trainable=False), Fixed()])
def test_nothing_trainable_warns_when_the_model_is_trained(layer):
    model = Sequential([layer])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.warns(UserWarning, match="no trainable weights") as warned:
        model.fit(X, Y, verbose=0)
    assert warned[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.evaluate(X, Y, verbose=0)
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.test_on_batch(X, Y)


def test_an_error_of_a_validations_iterable_stays_what_it_is():
    def broken():
        json.loads("{")
        yield X, Y

    with pytest.raises(json.JSONDecodeError):
        net().fit(X, Y, validation_data=broken(), verbose=0)
