"""What `compile` makes of names, lists and dicts once it knows the labels and outputs."""

import numpy as np
import pytest
from support.classifier import ONE_HOT, X, Y, net

import arraynet
from arraynet import layers, losses, metrics, optimizers
from arraynet.models import Model, Sequential


def test_penalties_are_part_of_the_reported_loss(backend):
    plain = Sequential([layers.Dense(1, kernel_regularizer="l2")])
    plain.compile("sgd", "mse")
    plain.build((None, 6))
    plain.set_weights([np.full((6, 1), 2.0), np.zeros(1)])
    loss = plain.evaluate(X, np.zeros((50, 1)), verbose=0)
    np.testing.assert_allclose(loss, np.mean(np.sum(2 * X, 1) ** 2) + 0.01 * 24, rtol=1e-5)


@pytest.mark.parametrize(
    ("units", "labels", "expected"),
    [
        (3, Y, metrics.SparseCategoricalAccuracy),
        (3, Y[:, None], metrics.SparseCategoricalAccuracy),
        (3, ONE_HOT, metrics.CategoricalAccuracy),
        (1, Y[:, None] % 2, metrics.BinaryAccuracy),
        (1, Y % 2, metrics.BinaryAccuracy),
        (1, (Y % 2).astype(np.float32), metrics.BinaryAccuracy),
    ],
)
def test_accuracy_and_crossentropy_go_by_the_labels(units, labels, expected):
    model = net("softmax" if units > 1 else "sigmoid", units, loss="crossentropy", metrics=["acc"])
    model.fit(X, labels, verbose=0)
    assert type(model.metrics[1]) is expected
    assert model.metrics_names == ["loss", "acc"]
    kind = type(model.metrics[1]).__name__.replace("Accuracy", "").lower()
    assert kind in model._compiled_loss.parts[0][0].name.replace("_", "")


def test_metrics_need_labels_but_no_compiled_loss():
    model = Sequential([layers.Dense(1, activity_regularizer="l2")])
    model.compile("sgd", metrics=["mae"])
    assert list(model.fit(X, verbose=0).history) == ["loss"]
    logs = model.evaluate(X, X[:, :1], verbose=0, return_dict=True)
    assert logs["mae"] == pytest.approx(np.abs(model.predict(X, verbose=0) - X[:, :1]).mean(), rel=1e-5)
    assert list(model.fit(X, X[:, :1], verbose=0).history) == ["loss", "mae"]
    model.train_on_batch(X)


class Batches:
    """Two equal batches, as often as anybody asks."""

    def __init__(self, *parts):
        self.parts = parts

    def __iter__(self):
        return iter([self.parts] * 2)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("packed", [lambda *parts: parts, lambda *parts: (Batches(*parts),)])
def test_metrics_that_compare_with_labels_are_not_reported_without_any(own, packed, backend):
    class Penalty(layers.Layer):
        def call(self, inputs):
            self.add_loss(arraynet.ops.mean(inputs**2))
            return inputs

    def step(kind):
        return lambda self, data: getattr(Sequential, kind)(self, data) | {"one": 1.0}

    steps = {kind: step(kind) for kind in ("train_step", "test_step")}
    model = type("Own", (Sequential,), steps if own else {})([layers.Dense(1), Penalty()])
    model.compile("sgd", metrics=["mae"])
    x, y, one = X, X[:, :1], {"one"} if own else set()
    fit = model.fit(*packed(x, y), verbose=0, epochs=2, validation_data=packed(x)[0] if not own else None).history
    assert set(fit) == {"loss", "mae"} | one | (set() if own else {"val_loss"})
    assert set(model.fit(*packed(x), verbose=0).history) == {"loss"} | one
    assert set(model.evaluate(*packed(x), verbose=0, return_dict=True)) == {"loss"} | one
    assert set(model.train_on_batch(x, return_dict=True)) == {"loss"} | one
    assert set(model.evaluate(*packed(x, y), verbose=0, return_dict=True)) == {"loss", "mae"} | one
    assert model.fit(*packed(x, y), verbose=0).history["mae"][0] > 0


def test_metrics_are_evaluated_without_a_loss(backend):
    model = Sequential([layers.Dense(1)])
    model.compile(metrics=["mae"])
    for packed in ((X, X[:, :1]), (Batches(X, X[:, :1]),)):
        loss, mae = model.evaluate(*packed, verbose=0)
        assert (loss, mae) == (0, pytest.approx(np.abs(model.predict(X, verbose=0) - X[:, :1]).mean(), rel=1e-5))
    assert model.test_on_batch(X, X[:, :1]) == pytest.approx([0, mae], rel=1e-5)
    bare = Sequential([layers.Dense(1)])
    bare.compile()
    for call in (model.fit, model.train_on_batch, bare.evaluate):
        with pytest.raises(ValueError, match="There is no loss to compute"):
            call(X, X[:, :1])
    with pytest.raises(ValueError, match="There is no loss to compute"):
        model.evaluate(X, verbose=0)  # without labels there are no metrics either


def test_metrics_get_names_of_their_own():
    model = net(loss="mse", metrics=["mae", losses.mean_squared_error, metrics.MeanAbsoluteError("mae")])
    model.evaluate(X, ONE_HOT, verbose=0)
    assert model.metrics_names == ["loss", "mae", "mean_squared_error", "mae_1"]


def test_several_outputs_have_losses_and_weights_of_their_own(backend):
    model = Two()
    model.compile("sgd", {"a": "mse", "b": "mae"}, loss_weights={"a": 2.0, "b": 3.0}, metrics={"b": ["mse"]})
    zeros = np.zeros((50, 1), np.float32)
    logs = model.evaluate(X, {"a": zeros, "b": zeros}, verbose=0, return_dict=True)
    assert set(logs) == {"loss", "a_loss", "b_loss", "b_mse"}
    np.testing.assert_allclose(logs["loss"], 2 * logs["a_loss"] + 3 * logs["b_loss"], rtol=1e-5)
    predicted = model.predict(X, verbose=0)
    np.testing.assert_allclose(logs["a_loss"], np.mean(predicted["a"] ** 2), rtol=1e-5)
    model.compile("sgd", {"b": "mae", "a": "mse"})
    np.testing.assert_allclose(model.evaluate(X, {"a": zeros, "b": zeros}, verbose=0)[1:],
                               [logs["b_loss"], logs["a_loss"]], rtol=1e-5)  # fmt: skip
    assert model.metrics_names == ["loss", "b_loss", "a_loss"]
    model.compile("sgd", {"c": "mse"})
    with pytest.raises(ValueError, match=r"loss names the outputs \['c'\]"):
        model.fit(X, {"a": zeros, "b": zeros}, verbose=0)
    model.compile("sgd", "crossentropy")
    for _ in range(2):  # first with everything still to be matched
        with pytest.raises(ValueError, match="y has no entry 'a'"):
            model.fit(X, {"b": zeros}, verbose=0)
        model.compile("sgd", "mse")
        model.fit(X, {"a": zeros, "b": zeros}, verbose=0)
    model.compile("sgd", {"b": "mae"})
    assert isinstance(model.evaluate(X, {"b": zeros}, verbose=0), float)  # one loss is all of it


@pytest.mark.parametrize("kind", [dict, list])
def test_weights_may_be_for_some_outputs_alone(kind, backend):
    class Two(arraynet.Model):
        def __init__(self):
            super().__init__()
            self.a, self.b = layers.Dense(1, kernel_initializer="ones"), layers.Dense(2, kernel_initializer="ones")

        def call(self, inputs):
            found = {"a": self.a(inputs), "b": self.b(inputs)}
            return found if kind is dict else list(found.values())

    def trained(weight, as_batches=False):
        model = Two()
        model.compile("sgd", "mse")
        y, weights = ({"a": X[:, :1], "b": X[:, :2]}, {"a": np.arange(len(X)) / 2, "b": weight})
        if kind is list:
            y, weights = list(y.values()), list(weights.values())
        if as_batches:
            return model.fit(iter([(X, y, weights)]), verbose=0).history
        return model.fit(X, y, len(X), 1, 0, sample_weight=weights, validation_split=0.25, shuffle=False).history

    for as_batches in (False, True):
        known, found = trained(np.ones(len(X)), as_batches), trained(None, as_batches)
        assert {k: v[0] for k, v in found.items()} == pytest.approx({k: v[0] for k, v in known.items()})


def test_one_array_may_stand_alone_in_a_list():
    model = net()
    model.fit([X], [Y], validation_split=0.2, verbose=0)
    np.testing.assert_array_equal(model.predict((X,), verbose=0), model.predict(X, verbose=0))
    assert model.evaluate([X], Y, verbose=0) == model.evaluate(X, Y, verbose=0)


@pytest.mark.parametrize("loss", ["binary_crossentropy", "mse"])
def test_a_softmax_of_one_unit_is_warned_of(loss):
    with pytest.warns(SyntaxWarning, match=r"softmax of one output is always 1.*Dense 'dense_\d+'.*\(None, 1\)"):
        net("softmax", 1, loss=loss, metrics=[]).fit(X, Y % 2, verbose=0)


class Two(Model):
    def __init__(self):
        super().__init__()
        self.a, self.b = layers.Dense(1), layers.Dense(1)

    def call(self, inputs):
        return {"a": self.a(inputs), "b": self.b(inputs)}


def test_a_metric_adds_up_one_output_only():
    zeros, shared = np.zeros((50, 1), np.float32), metrics.MeanSquaredError("error")
    model = Two()
    for given in ({"metrics": [shared]}, {"metrics": {"a": shared, "b": [shared]}}):
        model.compile("sgd", "mse", **given)
        with pytest.raises(ValueError, match=r"'error' is given in several places.*Make one for each"):
            model.evaluate(X, {"a": zeros, "b": zeros}, verbose=0)
    for given in ({"metrics": [shared], "weighted_metrics": [shared]}, {"metrics": [shared, shared]}):
        model = net(loss="mse", **given)
        with pytest.raises(ValueError, match="given in several places"):
            model.fit(X, ONE_HOT, verbose=0)


def test_a_metric_made_on_another_backend_moves_to_the_model():
    with arraynet.use_backend("strict"):
        error = metrics.MeanSquaredError()
    model = net(loss="mse", metrics=[error])
    model.fit(X, ONE_HOT, verbose=0)
    assert {v.backend.name for v in error.variables} == {"numpy"}


def test_compiled_settings_round_trip():
    model = net(metrics=["accuracy", metrics.MeanSquaredError()], loss=losses.SparseCategoricalCrossentropy())
    other = net()
    other.compile_from_config(model.get_compile_config())
    assert other.get_compile_config() == model.get_compile_config()
    assert Sequential([layers.Dense(1)]).get_compile_config() is None
    model = net(metrics=("acc", losses.huber), auto_scale_loss=False)
    other.compile_from_config(model.get_compile_config())
    assert other.get_compile_config()["metrics"] == ["acc", "huber"]
    assert other.get_compile_config()["auto_scale_loss"] is False


def test_a_function_with_a_metric_s_name_stays_the_function():
    model, other = (Sequential([layers.Dense(1, kernel_initializer="ones")]) for _ in range(2))
    model.compile("sgd", "mse", metrics=[losses.cosine_similarity, "cosine_similarity"])
    other.compile_from_config(model.get_compile_config())
    assert other.evaluate(np.ones((4, 2)), np.ones((4, 1)), verbose=0)[1:] == [-1, 1]


def test_classes_among_losses_and_metrics_come_back():
    model, other = (Sequential([layers.Dense(1, kernel_initializer="ones")]) for _ in range(2))
    model.compile("sgd", losses.MeanAbsoluteError, metrics=[metrics.MeanSquaredError])
    other.compile_from_config(model.get_compile_config())
    data = np.ones((4, 2)), np.zeros((4, 1))
    assert other.evaluate(*data, verbose=0, return_dict=True) == {"loss": 2, "mean_squared_error": 4}


def test_half_precision_scales_its_loss():
    model = Sequential(
        [layers.Dense(8, activation="relu"), layers.Dense(3, activation="softmax")], dtype="mixed_float16"
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert model.optimizer.loss_scale_factor == 1024
    model.compile(optimizers.SGD(loss_scale_factor=8.0))
    assert model.optimizer.loss_scale_factor == 8
    model.compile("sgd", auto_scale_loss=False)
    assert model.optimizer.loss_scale_factor is None
    plain = net()
    assert plain.optimizer.loss_scale_factor is None


def test_a_scaled_loss_trains_and_is_reported_as_any_other(backend):
    plain, scaled = net(), net(optimizer=optimizers.SGD(loss_scale_factor=8.0))  # a power of 2 rounds nothing
    scaled.set_weights(plain.get_weights())
    assert plain.fit(X, Y, verbose=0).history == scaled.fit(X, Y, verbose=0).history
    for a, b in zip(plain.get_weights(), scaled.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_none_among_metrics_is_refused_before_anything_is_trained():
    model = arraynet.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae", None])
    with pytest.raises(ValueError, match="stands None: leave it out"):
        model.fit(np.ones((4, 2), "float32"), np.ones((4, 1), "float32"), verbose=0)
    assert int(model.optimizer.iterations) == 0


def test_outputs_in_a_list_go_by_their_places(backend):
    class Listed(Two):
        def call(self, x):
            return list(super().call(x).values())

    model = Listed()
    model.compile("sgd", ["mse", "mae"], metrics=["mae"], loss_weights=[2.0, 3.0])
    logs = model.evaluate(X, [Y[:, None] * 1.0, Y[:, None] + 9.0], verbose=0, return_dict=True)
    first, second = (np.asarray(y) for y in model.predict(X, verbose=0))
    np.testing.assert_allclose(logs["output_0_loss"], np.mean((first - Y[:, None]) ** 2), rtol=1e-4)
    np.testing.assert_allclose(logs["output_1_mae"], np.mean(abs(second - Y[:, None] - 9)), rtol=1e-4)
    np.testing.assert_allclose(logs["loss"], 2 * logs["output_0_loss"] + 3 * logs["output_1_loss"], rtol=1e-5)


def test_a_loss_of_an_unknown_output_is_answered_with_the_outputs_there_are():
    model = Two()
    model.compile("sgd", {"c": "mse"})
    with pytest.raises(ValueError, match=r"\['c'\]; the model has the outputs \['a', 'b'\]"):
        model.fit(X, {"a": Y[:, None], "b": Y[:, None]}, verbose=0)
    model = net(loss={"a": "mse"})
    with pytest.raises(ValueError, match="one output without a name"):
        model.fit(X, ONE_HOT, verbose=0)


@pytest.mark.parametrize(
    "compiled", [{"loss": "mse"}, {"loss": {"p": ["mse", "mae"], "q": "mse"}}, {"metrics": {"p": "mae"}}]
)
@pytest.mark.parametrize("outer", [list, lambda parts: dict(zip("rs", parts, strict=True))])
def test_outputs_inside_outputs_are_refused_by_their_name(compiled, outer):
    class Nested(Model):
        def __init__(self):
            super().__init__()
            self.heads = [layers.Dense(1) for _ in range(3)]

        def call(self, x):
            *parts, q = [head(x) for head in self.heads]
            return {"p": outer(parts), "q": q}

    model, y = Nested(), X[:, :1]
    model.compile("sgd", **({"loss": {"q": "mse"}} | compiled))
    parts = {"list": "'p_0', 'p_1'", "dict": "'p_r', 'p_s'"}[type(outer([y, y])).__name__]
    with pytest.raises(ValueError, match=rf"output 'p' is itself a (list|dict) of 2.* as {parts}, and name y"):
        model.fit(X, {"p": outer([y, y]), "q": y}, verbose=0)
    model.compile("sgd", {"q": "mse"})  # who asks for nothing of it may return it
    with pytest.warns(UserWarning, match="No gradients"):
        assert list(model.fit(X, {"q": y}, verbose=0).history) == ["loss"]
    assert model.predict(X, verbose=0)["q"].shape == y.shape


def test_a_loss_by_labels_is_found_before_any_fit():
    model = net(loss="crossentropy")
    value = model.compute_loss(None, Y, model(X))
    np.testing.assert_allclose(value, losses.SparseCategoricalCrossentropy()(Y, model(X)), rtol=1e-6)


def test_no_metric_takes_the_name_of_the_loss():
    model = net(loss="mse", metrics=[metrics.MeanAbsoluteError("loss")])
    model.evaluate(X, ONE_HOT, verbose=0)
    assert model.metrics_names == ["loss", "loss_1"]


def test_functions_among_metrics_are_reported_in_snake_case():
    def myError(y_true, y_pred):  # noqa: N802
        return arraynet.ops.absolute(y_true - y_pred)

    robust = losses.Huber(reduction=None, name="robust")
    model = net(loss="mse", metrics=[myError, lambda y_true, y_pred: y_true - y_pred, robust])
    assert list(model.evaluate(X, ONE_HOT, verbose=0, return_dict=True)) == ["loss", "my_error", "lambda", "robust"]


def test_the_metrics_of_one_output_may_stand_in_a_list_of_outputs():
    model = net(loss=["mse"], metrics=[["mae", "mse"]], weighted_metrics=[["mae"]])
    logs = model.evaluate(X, [ONE_HOT], verbose=0, return_dict=True)
    assert list(logs) == ["loss", "mae", "mse", "weighted_mae"]
    assert logs["mse"] == pytest.approx(logs["loss"])


class Spread(metrics.Metric):
    """The lowest and the highest prediction of a batch, by names."""

    def __init__(self, name="spread"):
        super().__init__(name=name)
        self.low, self.high = self.add_variable(), self.add_variable()

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.low.assign(arraynet.ops.min(y_pred))
        self.high.assign(arraynet.ops.max(y_pred))

    def result(self):
        return {"low": self.low.read(), "high": self.high.read()}


def test_a_metric_whose_result_is_a_dict_is_reported_by_its_names(backend):
    model = net(loss="mse", metrics=["mae", Spread()])
    history = model.fit(X, ONE_HOT, validation_data=(X, ONE_HOT), verbose=0).history
    assert list(history) == ["high", "loss", "low", "mae", "val_high", "val_loss", "val_low", "val_mae"]
    outputs = model.predict(X, verbose=0)
    logs = model.evaluate(X, ONE_HOT, batch_size=50, verbose=0, return_dict=True)
    assert list(logs) == model.metrics_names == ["loss", "mae", "low", "high"]
    assert (logs["low"], logs["high"]) == pytest.approx((outputs.min(), outputs.max()))
    assert model.test_on_batch(X, ONE_HOT) == pytest.approx(list(logs.values()))


def test_a_dict_of_several_values_among_metrics_is_refused():
    class Rows(Spread):
        def result(self):
            return {"one": self.low.read(), "rows": arraynet.ops.ones((3,))}

    with pytest.raises(ValueError, match=r"Metric 'rows' has values of shape \(3,\)"):
        net(loss="mse", metrics=[Rows("rows")]).fit(X, ONE_HOT, verbose=0)


@pytest.mark.parametrize("packed", [lambda x: {"only": x}, lambda x: [x]])
def test_the_metrics_of_the_one_output_in_a_dict_or_list_have_no_prefix(packed):
    class One(Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, x):
            return packed(self.dense(x))

    model = One()
    model.compile("sgd", packed("mse"), metrics=packed(["mae"]), weighted_metrics=packed(["mae"]))
    model.fit(X, packed(ONE_HOT), verbose=0)
    assert model.metrics_names == ["loss", "mae", "weighted_mae"]
