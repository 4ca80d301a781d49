"""Steps of the user's own: `train_step`, `test_step` and `predict_step` overridden."""

import numpy as np
import pytest
from support.classifier import X

import arraynet
from arraynet import callbacks, layers, metrics, ops
from arraynet.models import Sequential


def test_an_own_step_reports_what_it_returns(backend):
    class Own(Sequential):
        def train_step(self, data):
            x, y = data
            with arraynet.GradientTape() as tape:
                loss = ops.mean(ops.square(self(x, training=True) - y))
            variables = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            return {"squared": loss, "twice": 2 * loss}

    model = Own([layers.Dense(1)])
    model.compile("sgd")
    seen = []
    told = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append((len(logs), *logs)))
    history = model.fit(X, X[:, :1], epochs=5, batch_size=50, callbacks=told, verbose=0).history
    assert list(history) == ["squared", "twice"]
    assert seen == [(2, "squared", "twice")] * 5
    assert history["squared"][-1] < history["squared"][0]


def test_own_steps_of_evaluation_and_prediction_are_used(backend):
    class Own(Sequential):
        def test_step(self, data):
            x, y = data
            return {"gap": ops.mean(ops.absolute(self(x) - y))}

        def predict_step(self, data):
            return -self(data[0])

    model = Own([layers.Input((6,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    out = np.asarray(model(X))
    gap = model.evaluate(X, X[:, :1], batch_size=50, verbose=0, return_dict=True)
    assert gap == pytest.approx({"gap": np.mean(np.abs(out - X[:, :1]))}, rel=1e-5)
    np.testing.assert_allclose(model.predict(X, verbose=0), -out, rtol=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(X), -out, rtol=1e-5)


@pytest.mark.parametrize("method", ["predict", "predict_on_batch"])
def test_predictions_are_arrays_that_nothing_else_refers_to(method, backend):
    x = X.copy()
    found = getattr(Sequential([layers.Identity()]), method)(x)
    found[:] = 0
    np.testing.assert_array_equal(x, X)


def test_an_own_step_may_return_what_the_librarys_does():
    class Own(Sequential):
        def train_step(self, data):
            return super().train_step(data)

    model, plain = Own([layers.Dense(1)]), Sequential([layers.Dense(1)])
    histories = []
    for each in (model, plain):
        each.compile("sgd", "mse")
        histories.append(each.fit(X, X[:, :1], epochs=2, verbose=0).history)
    assert histories[0] == histories[1]


def test_metrics_that_a_model_has_as_attributes_begin_anew_with_each_epoch_and_move_with_it():
    class Own(Sequential):
        def __init__(self, layers):
            super().__init__(layers)
            self.steps = metrics.Sum(name="steps")

        def train_step(self, data):
            logs = super().train_step(data)
            self.steps.update_state(1.0)
            return logs | {"steps": self.steps.result()}

    model = Own([layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[model.steps, "mae"])
    assert model.metrics_names == ["loss", "steps"]
    model.compile("sgd", "mse", metrics=["mae"])
    history = model.fit(X, X[:, :1], epochs=2, batch_size=50, verbose=0).history
    assert history["steps"] == [len(X) / 50] * 2
    assert model.metrics_names == ["loss", "mae", "steps"]
    model.to("strict")
    assert model.steps.variables[0].backend.name == "strict"


def set_item(logs, norm):
    logs["norm"] = norm
    return logs


@pytest.mark.parametrize(
    "join", [set_item, lambda logs, norm: {**logs, "norm": norm}, lambda logs, norm: logs | {"norm": norm}]
)
@pytest.mark.parametrize("name", ["train_step", "compute_metrics"])
def test_what_the_library_reports_may_be_added_to(join, name):
    def method(self, *args):
        return join(getattr(super(own, self), name)(*args), ops.norm(self.layers[0].kernel))

    own = type("Own", (Sequential,), {name: method})
    model, plain = own([layers.Dense(1)]), Sequential([layers.Dense(1)])
    for each in (model, plain):
        each.compile("sgd", "mse", metrics=["mae"])
        each.fit(X, X[:, :1], epochs=2, verbose=0)
    assert {"norm": model.history.history["norm"], **plain.history.history} == model.history.history
    assert model.history.history["norm"][-1] == pytest.approx(np.linalg.norm(model.get_weights()[0]), rel=1e-6)
    assert model._steps["captured train"].reason == ""  # captured


def test_what_an_evaluation_reports_may_be_added_to():
    step = {"test_step": lambda self, data: Sequential.test_step(self, data) | {"one": ops.ones(())}}
    model = type("Own", (Sequential,), step)([layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    assert list(model.evaluate(X, X[:, :1], verbose=0, return_dict=True)) == ["loss", "mae", "one"]


def test_a_loss_of_ones_own_is_told_what_it_is_for():
    seen = []

    class Own(Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            seen.append(training)
            return super().compute_loss(x, y, y_pred, sample_weight, training)

    model = Own([layers.Dense(1)])
    model.compile("sgd", "mse")
    model.train_on_batch(X, X[:, :1])
    model.test_on_batch(X, X[:, :1])
    assert seen == [True, False]


@pytest.mark.parametrize(
    ("y", "sample_weight", "parts"), [(None, None, 1), (X, None, 2), (X, X[:, 0], 3), (None, X[:, 0], 1)]
)
def test_a_step_is_given_labels_and_weights_where_there_are_labels(y, sample_weight, parts):
    own = type("Own", (Sequential,), {"train_step": lambda self, data: {"parts": len(data)}})
    model = own([layers.Dense(1)])
    model.compile()
    assert model.fit(X, y, sample_weight=sample_weight, verbose=0).history["parts"] == [parts]


@pytest.mark.parametrize("kind", ["train", "test"])
@pytest.mark.parametrize("returned", [None, ops.ones(()), [1.0]])
def test_an_own_step_that_returns_no_dict_is_refused(kind, returned):
    own = type("Own", (Sequential,), {f"{kind}_step": lambda self, data: returned})
    model = own([layers.Input((6,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    (model.evaluate if kind == "train" else model.fit)(X, X[:, :1], verbose=0)  # a step of the library's comes before
    with pytest.raises(TypeError, match=f"must return .*a dict.*it returned {type(returned).__name__}"):
        (model.fit if kind == "train" else model.evaluate)(X, X[:, :1], verbose=0)


class Finds(Sequential):
    """A model that counts hits above two limits, which its own step reports a part of."""

    def __init__(self, layers_):
        super().__init__(layers_)
        self.found = metrics.Recall([0.2, 0.8])
        self.again = [self.found]

    def train_step(self, data):
        logs = super().train_step(data)
        self.found.update_state(data[1], self(data[0]))
        return logs | {"found": self.found.result()[0]}


@pytest.mark.parametrize("own", [Finds, type("Plain", (Finds,), {"train_step": Sequential.train_step})])
def test_metrics_of_several_values_are_for_own_steps(own):
    model = own([layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    history = model.fit(X, X[:, :1] > 0, verbose=0).history
    assert list(history) == (["found", "loss"] if own is Finds else ["loss"])
    assert isinstance(model.evaluate(X, X[:, :1] > 0, verbose=0), float)
    assert model.metrics_names == ["loss"]


def test_the_running_loss_goes_before_a_metric_of_its_name_and_each_metric_is_reported_once():
    class Own(Sequential):
        def __init__(self, layers_):
            super().__init__(layers_)
            self.tracker, self.steps = metrics.Mean(name="loss"), metrics.Sum(name="steps")
            self.all = [self.tracker, self.steps]

        def train_step(self, data):
            x, y = data
            with arraynet.GradientTape() as tape:
                loss = self.compute_loss(x, y, self(x))
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            self.tracker.update_state(loss)
            return {"loss": self.tracker.result()}

    model = Own([layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(X, X[:, :1], verbose=0, validation_data=(X, X[:, :1])).history
    mse = np.mean(np.square(np.asarray(model(X)) - X[:, :1]))
    assert history["val_loss"] == pytest.approx([mse], rel=1e-5)
    assert model.evaluate(X, X[:, :1], verbose=0) == pytest.approx([mse, 0], rel=1e-5)


def test_metrics_of_layers_inside_begin_anew_and_move_and_those_of_models_inside_are_their_own(monkeypatch):
    class Counts(layers.Layer):
        def __init__(self):
            super().__init__()
            self.calls = metrics.Sum(name="calls")

        def call(self, inputs):
            self.calls.update_state(1.0)
            return inputs

    inner = Sequential([layers.Dense(6), Counts()])
    inner.compile("sgd", "mse")
    model = Sequential([inner, layers.Dense(1)])
    model.compile("sgd", "mse")
    assert model.fit(X, X[:, :1], batch_size=50, verbose=0).history["calls"] == [len(X) / 50]
    assert inner.metrics[0] not in model.metrics
    for name in ("strict", "numpy"):
        model(X)
        history = model.to(name).fit(X, X[:, :1], epochs=2, batch_size=50, verbose=0).history
        assert history["calls"] == [len(X) / 50] * 2
    assert model.metrics_names == ["loss", "calls"]
    model.train_on_batch(X, X[:, :1])
    walks, walk = [], layers.Layer._walk
    monkeypatch.setattr(layers.Layer, "_walk", lambda self, *args: (walks.append(self), walk(self, *args))[1])
    model.train_on_batch(X, X[:, :1])
    assert walks.count(model) == 1  # a batch asks for the widest dtype, and no more


def test_a_metric_made_on_another_backend_moves_where_no_loss_is_compiled():
    class Own(Sequential):
        def train_step(self, data):
            self.steps.update_state(1.0)
            return {"steps": self.steps.result()}

    model = Own([layers.Dense(1)])
    with arraynet.use_backend("strict"):
        model.steps = metrics.Sum(name="steps")
    model.compile("sgd")
    assert model.fit(X, batch_size=50, verbose=0).history["steps"] == [1]


def test_what_is_compiled_moves_when_metrics_are_overridden():
    own = type("Own", (Sequential,), {"metrics": property(lambda self: [])})
    model = own([layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    for name in ("numpy", "strict"):
        model.to(name).fit(X, X[:, :1], verbose=0)


def test_a_step_that_one_object_has_may_add_to_what_is_reported():
    model = Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    step = model.train_step
    model.train_step = lambda data: step(data) | {"one": ops.ones(())}
    assert model.fit(X, X[:, :1], verbose=0).history["one"] == [1.0]
    model.train_step = step
    model.compile("sgd", "mse")
    assert list(model.fit(X, X[:, :1], verbose=0).history) == ["loss"]


def test_labels_without_a_loss_and_metrics_are_for_the_own_step_alone():
    own = type("Own", (Sequential,), {"train_step": lambda self, data: {"labels": len(data[1])}})
    model = own([layers.Dense(1)])
    model.compile("sgd")
    assert model.fit(X, [X, X], verbose=0).history["labels"] == [2]


@pytest.mark.parametrize(("option", "runs"), [({"run_eagerly": True}, 5), ({"jit_compile": False}, 5), ({}, 1)])
def test_a_step_runs_as_plain_python_where_that_is_asked_for(option, runs):
    class Own(Sequential):
        def train_step(self, data):
            ran.append(1)
            return super().train_step(data)

    model, ran = Own([layers.Input((6,)), layers.Dense(1)]), []
    model.compile("sgd", "mse", **option)
    model.fit(X, X[:, :1], batch_size=10, verbose=0)
    assert len(ran) == runs


def test_what_is_reported_can_be_asked_for_and_changed(backend):
    class Own(Sequential):
        def __init__(self, layers):
            super().__init__(layers)
            self.size = metrics.Mean(name="size")

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            super().compute_metrics(x, y, y_pred, sample_weight)
            self.size.update_state(y_pred)
            return self.get_metrics_result()

    class Renames(Own):
        def get_metrics_result(self):
            return {f"my_{name}": value for name, value in super().get_metrics_result().items()}

    for kind, prefix in ((Own, ""), (Renames, "my_")):
        model = kind([layers.Input((6,)), layers.Dense(1)])
        model.compile("sgd", "mse", metrics=["mae"])
        logs = model.evaluate(X, X[:, :1], verbose=0, return_dict=True)
        assert list(logs) == [f"{prefix}{name}" for name in ("loss", "mae", "size")]
        assert logs[f"{prefix}size"] == pytest.approx(np.mean(model.predict(X, verbose=0)), rel=1e-5)
        asked = {name: value.item() for name, value in model.get_metrics_result().items()}
        assert asked == pytest.approx(logs)
    plain = Sequential([layers.Dense(1)])
    plain.compile("sgd", "mse", metrics=["mae"])
    history = plain.fit(X, X[:, :1], verbose=0).history
    assert {name: [value.item()] for name, value in plain.get_metrics_result().items()} == history
