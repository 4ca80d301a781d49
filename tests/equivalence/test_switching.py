"""A model, a Variable, a Tensor moves to another backend and goes on as if it had always been there."""

import threading

import numpy as np
import pytest

import arraynet
from arraynet import Variable, callbacks, layers, metrics, ops, optimizers, utils
from arraynet.testing.tolerances import tolerance

RNG = np.random.default_rng(0)
X, LABELS = RNG.normal(size=(9, 16, 6)).astype("float32"), RNG.integers(0, 3, (9, 16))
ROWS, ROW_LABELS = X.reshape(-1, 6), LABELS.reshape(-1)
ALLOWED = tolerance("training", "float32", "training")


def network(backend="numpy", **options):
    """A net with everything that a move must not forget: slots, averages, metrics, moving statistics, streams."""
    utils.set_random_seed(5)
    with arraynet.use_backend(backend):
        model = arraynet.Sequential(
            [
                layers.Input((6,)),
                layers.Dense(8, activation="relu"),
                layers.BatchNormalization(),
                layers.Dropout(0.3),
                layers.GaussianNoise(0.1),
                layers.Dense(3, activation="softmax"),
            ]
        )
        top = metrics.SparseTopKCategoricalAccuracy(k=2)
        model.compile(optimizers.Adam(0.01, **options), "sparse_categorical_crossentropy", metrics=["accuracy", top])
    return model


def state(model):
    """All that training has made, as NumPy arrays."""
    held = [*model.weights, *model.optimizer.variables, *(v for m in model.metrics for v in m.variables)]
    return [variable.numpy() for variable in held]


def assert_same(model, other):
    assert [s.counter for s in model.seed_generators] == [s.counter for s in other.seed_generators]
    assert model.optimizer.iterations == other.optimizer.iterations
    for a, b in zip(state(model), state(other), strict=True):
        np.testing.assert_allclose(a, b, **ALLOWED)


def homes(model):
    held = [*model.weights, *model.optimizer.variables, *(v for m in model.metrics for v in m.variables)]
    return {variable.backend.name for variable in held}


def test_three_steps_here_three_there_and_back_are_nine_steps(other):
    moved, stayed = network(use_ema=True), network(use_ema=True)
    for k, name in enumerate(["numpy"] * 3 + [other] * 3 + ["strict"] * 3):
        assert moved.to(name) is moved
        logs = moved.train_on_batch(X[k], LABELS[k])
        np.testing.assert_allclose(logs, stayed.train_on_batch(X[k], LABELS[k]), **ALLOWED)
        assert homes(moved) == {name}
    assert_same(moved.to("numpy"), stayed)
    assert homes(moved) == {"numpy"}
    np.testing.assert_allclose(
        moved.train_on_batch(X[0], LABELS[0]), stayed.train_on_batch(X[0], LABELS[0]), **ALLOWED
    )  # fmt: skip


def test_fit_goes_on_after_a_move(other):
    moved, stayed = network(), network()
    expected = stayed.fit(ROWS, ROW_LABELS, epochs=3, batch_size=50, verbose=0).history
    found = {name: [] for name in expected}
    for epoch, name in enumerate(["numpy", other, "numpy"]):
        part = moved.to(name).fit(ROWS, ROW_LABELS, epochs=epoch + 1, initial_epoch=epoch, batch_size=50, verbose=0)
        for key, values in part.history.items():
            found[key] += values
    for key, values in expected.items():
        np.testing.assert_allclose(found[key], values, **ALLOWED)
    assert_same(moved, stayed)
    np.testing.assert_allclose(
        moved.to(other).predict(ROWS, verbose=0), stayed.predict(ROWS, verbose=0), **ALLOWED
    )  # fmt: skip


def test_a_callback_may_move_the_model_between_epochs(other):
    class Mover(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.to([other, "strict", "numpy"][epoch])

    moved, stayed = network(), network()
    data = {"x": ROWS, "y": ROW_LABELS, "epochs": 3, "batch_size": 50, "verbose": 0, "validation_split": 0.25}
    found = moved.fit(**data, callbacks=[Mover(), callbacks.EarlyStopping(patience=5)]).history
    for key, values in stayed.fit(**data).history.items():
        np.testing.assert_allclose(found[key], values, **ALLOWED)
    assert_same(moved, stayed)


def test_a_metric_and_an_optimizer_made_elsewhere_come_along(other):
    mean = metrics.MeanAbsoluteError()
    optimizer = optimizers.SGD(0.1, momentum=0.9)
    with arraynet.use_backend(other):
        model = arraynet.Sequential([layers.Input((6,)), layers.Dense(1)])
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, "mse", metrics=[mean])
    model.fit(ROWS, ROW_LABELS.astype("float32"), verbose=0)
    assert homes(model) == {other}


def test_a_moved_normalization_adapts_where_it_is(other):
    layer, stayed = layers.Normalization(), layers.Normalization()
    layer.build((None, 6))
    layer.to(other).adapt(ROWS)
    stayed.adapt(ROWS)
    for moved, w in zip(layer.weights, stayed.weights, strict=True):
        np.testing.assert_allclose(moved.numpy(), w.numpy(), **tolerance("moments", "float32"))
    assert layer(ROWS).backend.name == other


def test_a_captured_function_follows_its_variables_and_arguments(other):
    scale = Variable([1.0, 2.0])
    f = arraynet.jit(lambda x: ops.tanh(x * scale))
    grow = arraynet.jit(lambda: scale.assign_add(scale))
    x = ops.array([0.5, 0.25])
    expected = None
    for name in ("numpy", other, "numpy"):
        scale.move(name)
        scale.assign([1.0, 2.0])
        grow(), grow()
        results = [f(x.to(name)) for _ in range(3)]
        assert {y.backend.name for y in results} | {scale.backend.name} == {name}
        np.testing.assert_array_equal(scale.numpy(), [4, 8])
        expected = results[0].numpy() if expected is None else expected
        for y in results:
            np.testing.assert_allclose(y.numpy(), expected, **tolerance("tanh", "float32"))


def test_a_variable_that_is_assigned_only_stays_where_it_was_moved():
    w = Variable([0.0])
    f = arraynet.jit(lambda x: w.assign(x * 2))
    x = ops.array([1.0])
    f(x), f(x)
    w.move("strict")
    with pytest.raises(ValueError, match="two backends"):
        f(x)


def test_a_function_of_two_backends_runs_eagerly():
    here, there = Variable([1.0]), Variable([2.0])
    there.move("strict")
    f = arraynet.jit(lambda: (here + 1, there + 1))
    for _ in range(3):
        assert [y.backend.name for y in f()] == ["numpy", "strict"]
    assert f.reason == "it computes on two backends"


def test_tensors_move_and_keep_values_and_dtype(other):
    for dtype in sorted(arraynet.plugins.load(other).dtypes & arraynet.plugins.load("numpy").dtypes):
        x = ops.cast(ops.array([[0, 1, 2]]), dtype)
        y = x.to(other)
        assert (y.backend.name, y.dtype, y.shape) == (other, x.dtype, x.shape)
        np.testing.assert_array_equal(y.to("numpy").numpy(), x.numpy())
        assert y.to(other) is y
    with pytest.raises(ValueError, match=f"'{other}' and 'numpy'.*to\\(\"numpy\"\\)"):
        y + x


def test_two_threads_with_two_backends(other):
    models, errors = {name: network(name) for name in ("numpy", other)}, []

    def work(name):
        try:
            with arraynet.use_backend(name):
                for k in range(6):
                    models[name].train_on_batch(X[k], LABELS[k])
                    assert arraynet.get_backend() == ops.ones(2).backend.name == name
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    alone = network()
    for k in range(6):
        alone.train_on_batch(X[k], LABELS[k])
    for name, model in models.items():
        assert homes(model) == {name}
        assert_same(model, alone)
