"""Captured, every layer, loss, metric, optimizer and network computes the bits that it computes eagerly, on NumPy."""

import numpy as np
import pytest

import arraynet
from arraynet import GradientTape, Sequential, Variable, config, layers, losses, metrics, ops, random
from arraynet.program import jit
from arraynet.testing.case import normal
from arraynet.testing.parts import LAYERS, LOSSES, METRICS, NETWORKS, OPTIMIZERS
from arraynet.testing.parts.part import WEIGHTS
from arraynet.tree import flatten, map_structure

STEPS = 4


def floating(tensors):
    return [t for t in flatten(tensors) if t.dtype.kind == "f"]


def of_layer(make, inputs):
    """A layer's outputs and gradients, in training and not, and the inputs of each step."""
    layer = make()
    layer.name = "layer"  # a stream of random numbers belongs to a name
    layer(map_structure(ops.convert_to_tensor, inputs))

    def step(x):
        results = [layer(x, training=False)]
        with GradientTape() as tape:
            tape.watch(floating(x))
            y = layer(x, training=True)
            loss = sum(layer.losses, ops.sum(y * y))
        sources = [*floating(x), *layer.trainable_weights]
        return [*results, y, *tape.gradient(loss, sources, unconnected_gradients="zero")] if sources else [*results, y]

    def scaled(k):
        return map_structure(lambda x: x * np.float32(k) if x.dtype.kind == "f" else (x + k) % 4, inputs)

    return step, [(map_structure(ops.convert_to_tensor, scaled(k)),) for k in range(STEPS)], layer.weights


def of_loss(loss, y_true, y_pred):
    """A loss with weights, and its gradient."""

    def step(y_true, y_pred):
        with GradientTape() as tape:
            tape.watch(y_pred)
            value = loss(y_true, y_pred, sample_weight=WEIGHTS)
        return value, tape.gradient(value, y_pred)

    given = [(y_true, ops.convert_to_tensor(y_pred * np.float32(1 - k / 10))) for k in range(STEPS)]
    return step, given, []


def of_metric(make, batch):
    """A metric's running state."""
    metric = make()
    metric.update_state(*batch)  # some make their Variables at the first batch

    def step(*batch):
        metric.update_state(*batch)
        return metric.result()

    return step, [tuple(map(ops.convert_to_tensor, batch))] * STEPS, metric.variables


def of_optimizer(make):
    """An optimizer's steps on two Variables."""
    variables, optimizer = [Variable(normal(*shape).astype("float32")) for shape in ((4, 3), (3,))], make()

    def step(*gradients):
        optimizer.apply(list(gradients), variables)
        return [v + 0 for v in variables]

    given = [tuple(normal(*v.shape, seed=k).astype("float32") for v in variables) for k in range(2 * STEPS)]
    return step, given, variables


def results(part, captured):
    """All that the steps return, the state that they leave, and the step."""
    config.set_seed(7)
    arraynet.naming.reset_names()
    makers = {"layer": of_layer, "loss": of_loss, "metric": of_metric, "optimizer": of_optimizer}
    step, given, state = makers[part.kind](*part.run.args)
    step = jit(step) if captured else step
    found = [np.array(t) for arguments in given for t in flatten(step(*arguments)) if t is not None]
    return found + [v.numpy() for v in state], step


@pytest.mark.parametrize("part", [*LAYERS, *LOSSES, *METRICS, *OPTIMIZERS], ids=lambda part: part.id)
def test_a_part_captured(part):
    with arraynet.use_backend("numpy"):
        expected, _ = results(part, captured=False)
        found, step = results(part, captured=True)
    assert not step.reason
    assert step.captures == 1
    same(found, expected)


@pytest.mark.parametrize("part", NETWORKS, ids=lambda part: part.id)
def test_a_network_captured(part):
    found = part.results("numpy")
    config.set_kernels("eager")
    expected = part.results("numpy")
    assert found.keys() == expected.keys()
    same(found.values(), expected.values())


def same(found, expected):
    for a, e in zip(found, expected, strict=True):
        assert a.dtype == e.dtype
        np.testing.assert_array_equal(a, e)


X = np.random.default_rng(0).normal(size=(29, 6)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, len(X))
CHANGES = {  # of a model between two epochs, and whether its step is captured anew
    "learning_rate": (lambda model: setattr(model.optimizer, "learning_rate", 0.1), False),
    "rho": (lambda model: setattr(model.optimizer, "rho", 0.5), True),
    "rate": (lambda model: setattr(model.layers[1], "rate", 0.8), True),
    "trainable": (lambda model: setattr(model.layers[0], "trainable", False), True),
    "l2": (lambda model: setattr(model.layers[0].kernel_regularizer, "l2", 0.5), True),
    "ignore_class": (lambda model: setattr(model.loss, "ignore_class", 1), True),
    "weights": (lambda model: model.set_weights([w / 2 for w in model.get_weights()]), False),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_between_steps_has_its_effect(name):
    change, anew = CHANGES[name]

    def trained(change, **options):
        arraynet.utils.set_random_seed(0)
        model = Sequential(
            [layers.Dense(5, "relu", kernel_regularizer="l2"), layers.Dropout(0.3), layers.Dense(3, "softmax")]
        )
        model.compile("rmsprop", losses.SparseCategoricalCrossentropy(), **options)
        for _ in range(2):
            model.fit(X, Y, batch_size=8, verbose=0)
            change(model)
        model.fit(X, Y, batch_size=8, verbose=0)
        return model

    with arraynet.use_backend("numpy"):
        captured, eager = trained(change), trained(change, run_eagerly=True)
        unchanged = trained(lambda model: None)
    same(captured.get_weights(), eager.get_weights())
    assert any(not np.array_equal(a, b) for a, b in zip(captured.weights, unchanged.weights, strict=True))
    captures = captured._step("train").captures  # two of each: the last batch of an epoch is smaller
    assert captures > 2 if anew else captures == 2
    assert not captured._step("train").reason


def test_a_metric_that_is_changed_and_an_epsilon_have_their_effect():
    with arraynet.use_backend("numpy"):
        model = Sequential([layers.Dense(3, activation="softmax")])
        metric = metrics.SparseTopKCategoricalAccuracy(1)
        model.compile("sgd", "kl_divergence", metrics=[metric])
        y = np.eye(3, dtype="float32")[Y]
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=[metric])
        first = model.evaluate(X, Y, batch_size=8, verbose=0)[1]
        metric.k = 3
        assert first < model.evaluate(X, Y, batch_size=8, verbose=0)[1] == 1
        model.compile("sgd", "kl_divergence")
        before = model.evaluate(X, y, verbose=0)
        epsilon = arraynet.config.epsilon()
        try:
            arraynet.config.set_epsilon(0.5)
            assert model.evaluate(X, y, verbose=0) != before
        finally:
            arraynet.config.set_epsilon(epsilon)
        assert model.evaluate(X, y, verbose=0) == before


def test_a_seed_that_is_set_anew_starts_another_stream():
    generator = random.SeedGenerator(1)
    fast = jit(lambda x: x + random.uniform((4,), seed=generator))
    for _ in range(2):
        fast(np.zeros(4, "float32"))
    generator.key = random.SeedGenerator(2).key
    expected = random.SeedGenerator(2)
    expected.set_counter(generator.counter)
    found = np.asarray(fast(np.zeros(4, "float32")))
    np.testing.assert_array_equal(found, np.asarray(random.uniform((4,), seed=expected)))


@pytest.mark.parametrize(("dtype", "number"), [("uint8", -1), ("uint8", 300), ("int32", 2**40), ("int64", -(2**63))])
def test_a_whole_number_that_a_dtype_lacks_is_compared_as_it_is(dtype, number, other):
    if other == "strict":
        pytest.skip("array-api-strict compares with no such number")
    x = np.array([[0, 1, 44, 100, np.iinfo(dtype).max]], dtype)

    def compared(x):
        return [ops.cast(y, "float32") * 2 for x in (x, x[0, 4]) for y in (x == number, x < number, number < x)]

    expected = [y.numpy().tolist() for y in compared(ops.array(x))]
    with arraynet.use_backend(other):
        fast = jit(compared)
        fast(x)
        assert [y.numpy().tolist() for y in fast(x)] == expected
