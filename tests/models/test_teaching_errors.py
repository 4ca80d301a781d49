"""Mistakes that everybody makes once are explained at the first step: the layer, the shapes, and the way out."""

import re
import warnings

import numpy as np
import pytest
from support.classifier import ONE_HOT, X, Y, net

import arraynet
from arraynet import Input, Model, Sequential, callbacks, layers, losses, ops, optimizers

TARGETS = X[:, :1]


def refused(model, x, y, *texts, error=ValueError, **options):
    """The error names all of the texts, and no weight has moved."""
    before = model.get_weights()
    with pytest.raises(error) as found:
        model.fit(x, y, verbose=0, **options)
    message = " ".join([str(found.value), *getattr(found.value, "__notes__", [])])
    for text in texts:
        assert text in message
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "categorical_focal_crossentropy", "binary_crossentropy"])
@pytest.mark.parametrize("labels", [Y, Y[:, None]])
def test_integer_labels_with_a_loss_of_rows(loss, labels):
    texts = "'dense_1'", "(None, 3)", str(labels.shape), "sparse_categorical_crossentropy", "to_categorical(y, 3)"
    refused(net(loss=loss), X, labels, loss, *texts)


def test_one_hot_labels_with_the_sparse_loss():
    refused(net(), X, ONE_HOT, "one-hot", "(50, 3)", "'dense_1'", "'categorical_crossentropy'", "y.argmax(-1)")


@pytest.mark.parametrize(
    ("activation", "units", "loss", "labels"),
    [
        ("softmax", 3, losses.SparseCategoricalCrossentropy(from_logits=True), Y),
        ("softmax", 3, losses.CategoricalCrossentropy(from_logits=True), ONE_HOT),
        ("sigmoid", 1, losses.BinaryCrossentropy(from_logits=True), Y % 2),
    ],
)
def test_probabilities_for_a_loss_that_takes_logits(activation, units, loss, labels, backend):
    texts = "from_logits=True", "'dense_1'", f"(None, {units})", "Leave from_logits out"
    refused(net(activation, units, loss=loss), X, labels, *texts)


@pytest.mark.parametrize(
    ("units", "loss", "labels", "mend"),
    [
        (3, "sparse_categorical_crossentropy", Y, "activation='softmax'"),
        (3, "categorical_crossentropy", ONE_HOT, "activation='softmax'"),
        (1, "binary_crossentropy", Y % 2, "activation='sigmoid'"),
    ],
)
def test_a_linear_output_for_a_loss_that_takes_probabilities(units, loss, labels, mend, backend):
    refused(net(None, units, loss=loss), X, labels, loss, "'dense_1'", mend, "from_logits=True")


@pytest.mark.parametrize(
    ("loss", "labels"), [("sparse_categorical_crossentropy", Y), ("categorical_crossentropy", ONE_HOT)]
)
def test_images_that_were_not_flattened(loss, labels):
    model = Sequential([layers.Dense(8, "relu"), layers.Dense(3, "softmax", name="last")])
    model.compile("sgd", loss)
    model.build((None, 5, 4))
    texts = str(labels.shape), "Dense 'last'", "(None, 5, 3)", "each of 5 rows of a sample", "layers.Flatten()"
    refused(model, np.zeros((50, 5, 4), np.float32), labels, *texts)


def test_a_label_for_each_row_of_a_sample_is_let_through():
    model = Sequential([layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(np.zeros((50, 5, 4), np.float32), np.tile(Y[:, None], (1, 5)), verbose=0)


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "mse", "binary_crossentropy"])
def test_rows_of_labels_of_another_length(loss):
    labels = np.eye(5, dtype=np.float32)[Y]
    refused(
        net(loss=loss, metrics=None), X, labels, "rows of 5 numbers", "(50, 5)", "(None, 3)", "'dense_1'", "5 units"
    )


class Raw(Model):
    def __init__(self):
        super().__init__(name="raw")
        self.dense = layers.Dense(3)

    def call(self, inputs):
        return self.dense(inputs) - 5


def test_a_model_of_ones_own_with_values_that_are_no_probabilities():
    model = Raw()
    model(X)
    model.compile("sgd", "sparse_categorical_crossentropy")
    refused(model, X, Y, "Raw 'raw'", "gives values from -", "activation='softmax'")


@pytest.mark.parametrize(
    ("activation", "units", "loss", "labels"),
    [
        ("softmax", 3, "sparse_categorical_crossentropy", Y),
        (None, 3, losses.SparseCategoricalCrossentropy(from_logits=True), Y),
        ("sigmoid", 1, "binary_crossentropy", Y % 2),
        ("sigmoid", 3, "binary_crossentropy", ONE_HOT),
        ("softplus", 3, "categorical_crossentropy", ONE_HOT),  # it is divided by its sum
        (None, 1, "mse", Y),
    ],
)
def test_what_goes_together_is_let_through(activation, units, loss, labels):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net(activation, units, loss=loss, metrics=None).fit(X, labels, verbose=0)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32"])
def test_pixels_from_0_to_255_warn(dtype):
    model = Sequential([layers.Flatten(), layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    pixels = np.random.default_rng(0).integers(0, 256, (50, 8, 8)).astype(dtype)
    with pytest.warns(UserWarning, match=r"from 0 to 255.*x / 255\.0"):
        model.fit(pixels, Y, verbose=0)


def test_another_last_axis_than_the_built_one():
    model = net()
    refused(model, X[:, :4], Y, "Layer 'dense' (Dense)", "length 6", "(None, 4)", "built for that length")


def test_no_gradient_for_any_weight():
    model = net(loss=lambda y, p: ops.cast(ops.argmax(p, axis=-1), "float32"))
    refused(model, X, Y, "No gradients", "dense/kernel", "argmax", "arraynet.ops")


def diverging(**options):
    """Weights that explode in their third step."""
    model = Sequential([Input((6,)), layers.Dense(8, "relu"), layers.Dense(1)], name="net")
    model.compile(optimizers.SGD(1e4), "mse", **options)
    return model


@pytest.mark.parametrize("eager", [False, True])
def test_a_loss_that_becomes_nan_names_its_step(eager, backend):
    arraynet.utils.set_random_seed(3)
    model = diverging(run_eagerly=eager)
    with pytest.raises(FloatingPointError, match=r"model 'net' became nan in step 3 of epoch 1.*net/dense") as found:
        model.fit(X, TARGETS * 1e3, epochs=4, batch_size=5, verbose=0)
    assert re.search(r"learning rate \(now 10000\).*clipnorm.*debug=True", str(found.value))
    assert model.history.epoch == [0]


def test_the_step_is_counted_within_its_epoch():
    model = net()
    ends = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: epoch and model.layers[0].kernel.assign(np.full((6, 8), np.nan))
    )
    with pytest.raises(FloatingPointError, match="became nan in step 1 of epoch 3"):
        model.fit(X, Y, epochs=5, verbose=0, callbacks=ends)


def test_debugging_names_the_op_and_the_layer_and_keeps_the_weights(backend):
    arraynet.utils.set_random_seed(3)
    good, model = diverging(), diverging()
    model.set_weights(good.get_weights())
    good.fit(X, TARGETS * 1e3, batch_size=5, steps_per_epoch=2, shuffle=False, verbose=0)
    with pytest.raises(FloatingPointError, match=r"Step 3 of epoch 1.*op '\w+' in the loss 'mean_squared_error'"):
        model.fit(X, TARGETS * 1e3, batch_size=5, shuffle=False, verbose=0, debug=True)
    assert model.optimizer.iterations == 2
    for a, b in zip(good.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


class Logarithm(layers.Layer):
    def call(self, inputs):
        hidden = ops.where(inputs < 0, 0.0, ops.sqrt(inputs - 2.0))  # NaN that goes no further is none
        return ops.log(inputs) + 0 * ops.where(inputs < 2.0, 0.0, hidden)


@pytest.mark.parametrize("eager", [False, True])
def test_debugging_finds_an_op_inside_a_layer(eager):
    model = Sequential([Input((6,)), layers.ReLU(), layers.Dropout(0.5), Logarithm(name="log"), layers.Dense(1)])
    model.compile("adam", "mse", run_eagerly=eager)
    before = [seeds.counter for seeds in model.seed_generators]
    with pytest.raises(FloatingPointError, match=r"op 'log' in layer '\w+/log' made infinity of float32.*above 0, as"):
        model.fit(X - 0.5, TARGETS, verbose=0, debug=True)
    assert [seeds.counter for seeds in model.seed_generators] == before
    assert model.optimizer.iterations == 0
    assert all(np.isfinite(slot.numpy()).all() for slot in model.optimizer.variables)


def test_debugging_finds_an_update():
    model = net(None, 1, loss="mse", metrics=None)
    model.optimizer.learning_rate = 3e38
    with pytest.raises(FloatingPointError, match=r"op '\w+' in the update by 'sgd' made infinity"):
        model.fit(X, TARGETS * 1e3, verbose=0, debug=True)


class Pair(Raw):
    def call(self, inputs):
        return super().call(inputs[0] + inputs[1])


@pytest.mark.parametrize(("model", "several"), [(Raw(), lambda x: x), (Pair(), lambda x: (X, x))])
def test_debugging_finds_bad_numbers_of_a_later_batch(model, several):
    bad = np.where(np.arange(6) == 2, np.nan, X).astype(np.float32)
    model.compile("sgd", "mse")
    with pytest.raises(FloatingPointError, match=r"Step 2 .* x of this batch holds NaN"):
        model.fit([(several(X), ONE_HOT), (several(bad), ONE_HOT)].__iter__(), verbose=0, debug=True)


def test_debugging_changes_no_number(backend):
    results = []
    for debug in (False, True):
        arraynet.utils.set_random_seed(5)
        model = Sequential([Input((6,)), layers.Dropout(0.5), layers.Dense(3, "softmax")])
        model.compile("rmsprop", "sparse_categorical_crossentropy")
        results.append(model.fit(X, Y, epochs=2, verbose=0, debug=debug).history["loss"])
    assert results[0] == results[1]


def test_a_loss_that_is_infinite_once_only_warns():
    def spiky(y_true, y_pred):
        return ops.mean(y_pred, axis=-1) + ops.stop_gradient(1 / ops.mean(y_true, axis=-1))

    model = net(None, 1, loss=spiky, metrics=None)
    y = np.where(np.arange(50) < 32, 1.0, 0.0)
    with pytest.warns(RuntimeWarning, match="became inf in step 2 of epoch 1; the weights are still finite"):
        model.fit(X, y, shuffle=False, verbose=0)
    with pytest.raises(FloatingPointError, match=r"Step 2 of epoch 1.*op 'true_divide'.*away from a divisor of 0"):
        model.fit(X, y, shuffle=False, verbose=0, debug=True)


def test_whoever_stops_at_nan_is_let_stop(capsys):
    arraynet.utils.set_random_seed(3)
    model = diverging()
    model.fit(X, TARGETS * 1e3, epochs=4, batch_size=5, verbose=0, callbacks=callbacks.TerminateOnNaN())
    assert "training stops" in capsys.readouterr().out


def test_the_loss_of_half_precision_outgrows_no_sum():
    arraynet.config.set_floatx("float16")
    model = Sequential([Input((6,)), layers.Dense(1)])
    model.compile(optimizers.SGD(0.0), "mse")
    x, y = np.zeros((200, 6), np.float16), np.full((200, 1), 20, np.float16)
    history = model.fit(x, y, batch_size=5, verbose=0)
    assert history.history["loss"] == [400]


class Own(Sequential):
    """Trains itself, and reports a loss of its own."""

    def train_step(self, data):
        self.layers[0].kernel.assign(self.layers[0].kernel * np.nan)
        return {"loss": ops.mean(self.layers[0].kernel)}


@pytest.mark.parametrize(("debug", "place"), [(False, "in epoch 1"), (True, "Step 1 of epoch 1")])
def test_a_train_step_of_ones_own_is_watched_too(debug, place):
    model = Own([Input((6,)), layers.Dense(1)])
    for y in (TARGETS, None):
        model.compile("sgd", None if y is None else "mse")
        with pytest.raises(FloatingPointError, match=place):
            model.fit(X, y, verbose=0, debug=debug)


@pytest.mark.parametrize("debug", [False, True])
def test_what_a_train_step_of_ones_own_returns_is_reported(debug):
    class Reporting(Sequential):
        def train_step(self, data):
            return {"seen": len(data[0])}

    model = Reporting([Input((6,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    (seen,) = model.fit(X, TARGETS, batch_size=50, verbose=0, debug=debug).history["seen"]
    assert (seen, type(seen)) == (50, float)
