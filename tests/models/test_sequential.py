"""Sequential: stacking, building early and late, names, weights, backends, configuration, refusals."""

import numpy as np
import pytest

import arraynet
from arraynet import config, layers, ops
from arraynet.layers import Dense, Input
from arraynet.models import Sequential

X = np.arange(12, dtype=np.float32).reshape(4, 3) / 10


def small(**kwargs):
    return Sequential([Input((3,)), Dense(4, activation="relu"), Dense(2)], **kwargs)


def test_the_layers_follow_each_other(backend):
    model = small()
    W1, b1, W2, b2 = model.get_weights()
    y = model(X)
    assert y.backend.name == backend
    np.testing.assert_allclose(y.numpy(), np.maximum(X @ W1 + b1, 0) @ W2 + b2, rtol=1e-5)


def test_an_input_builds_the_weights_at_once():
    model = small(name="net")
    assert model.built
    assert [v.path for v in model.weights] == ["net/dense/kernel", "net/dense/bias", "net/dense_1/kernel",
                                               "net/dense_1/bias"]  # fmt: skip
    assert (model.input_shape, model.output_shape) == ((None, 3), (None, 2))
    assert [layer.name for layer in model.layers] == ["dense", "dense_1"]


@pytest.mark.parametrize("build", [lambda m: m(X), lambda m: m.build((None, 3)), lambda m: m.build((4, 3))])
def test_without_an_input_the_weights_wait(backend, build):
    model = Sequential([Dense(4), Dense(2)])
    assert not model.built
    assert model.weights == []
    assert model.output_shape is None
    build(model)
    assert model.built
    assert [w.shape for w in model.weights] == [(3, 4), (4,), (4, 2), (2,)]
    assert model.input_shape == (None, 3)


@pytest.mark.parametrize("keyword", [{"input_shape": (3,)}, {"input_dim": 3}])
def test_the_shape_on_the_first_layer_works_with_a_warning(keyword):
    with pytest.warns(UserWarning, match=r"put Input\(shape=\(3,\)\)"):
        model = Sequential([Dense(2, **keyword)])
    assert model.input_shape == (None, 3)


def test_add_and_pop():
    model = Sequential()
    model.add(Input((3,)))
    assert not model.built
    model.add(Dense(4))
    assert model.built
    kernel = model.layers[0].kernel
    model.add(Dense(2))
    assert model.output_shape == (None, 2)
    assert model.layers[0].kernel is kernel
    assert model.pop().units == 2
    assert model.output_shape == (None, 4)
    model.add(Dense(5))
    assert model(X).shape == (4, 5)


def test_a_model_added_to_makes_captured_programs_stale():
    from arraynet.observers import latest_version

    model, before = small(), latest_version()
    model.add(Dense(1))
    assert latest_version() > before


def test_models_nest(backend):
    model = Sequential([Input((3,)), Sequential([Dense(4), layers.Dropout(0.5)], name="inner"), Dense(2)], name="net")
    assert model(X).shape == (4, 2)
    assert model.weights[0].path == "net/inner/dense/kernel"
    assert model.get_layer("inner").input_shape == (None, 3)


def test_the_first_weights_depend_on_seed_and_place_alone(backend):
    first = small().get_weights()
    longer = Sequential([Input((3,)), Dense(4), Dense(2), Dense(9)], name="another").get_weights()
    for a, b in zip(first, longer[:4], strict=True):
        np.testing.assert_array_equal(a, b)
    config.set_seed(5)
    assert not np.array_equal(first[0], small().get_weights()[0])
    named = Sequential([Input((3,)), Dense(4, name="other"), Dense(2)]).get_weights()
    assert not np.array_equal(first[0], named[0])


def test_the_first_weights_do_not_depend_on_the_backend():
    with arraynet.use_backend("strict"):
        strict = small().get_weights()
    for a, b in zip(small().get_weights(), strict, strict=True):
        np.testing.assert_array_equal(a, b)


def test_two_equal_layers_start_apart(backend):
    model = Sequential([Input((3,)), Dense(3), Dense(3)])
    W1, _, W2, _ = model.get_weights()
    assert not np.array_equal(W1, W2)


def test_a_model_moves_between_backends():
    model = small()
    before = model(X).numpy()
    assert model.to("strict") is model
    y = model(X)
    assert y.backend.name == "strict"
    np.testing.assert_allclose(y.numpy(), before, rtol=1e-6)
    with pytest.raises(ValueError, match="numpy"):
        model(ops.ones((1, 3)))


def test_training_reaches_the_layers(backend):
    model = Sequential([layers.Dropout(0.5)])
    x = np.ones((8, 8))
    np.testing.assert_array_equal(model(x).numpy(), x)
    assert (model(x, training=True).numpy() == 0).any()


def test_gradients_and_freezing(backend):
    model = small()
    model.layers[0].trainable = False
    with arraynet.GradientTape() as tape:
        loss = ops.mean(model(X) ** 2)
    grads = tape.gradient(loss, model.trainable_variables)
    assert [g.shape for g in grads] == [(4, 2), (2,)]
    assert len(model.non_trainable_weights) == 2
    assert model.count_params() == 26


def test_losses_of_the_layers_are_the_models():
    model = Sequential([Input((3,)), Dense(2, kernel_initializer="ones", kernel_regularizer="l2")])
    assert [x.item() for x in model.losses] == pytest.approx([0.06])


def test_the_configuration_makes_the_model_again():
    model = Sequential([Input((3,)), Dense(4, activation="relu", name="hidden"), layers.BatchNormalization()])
    again = Sequential.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(X).numpy(), model(X).numpy())


def test_a_late_built_and_a_nested_configuration_and_the_users_own_layer():
    class Doubled(layers.Layer):
        def call(self, inputs):
            return inputs * 2

    model = Sequential([Sequential([Dense(2)]), Doubled()])
    model.build((None, 3))
    again = Sequential.from_config(model.get_config(), custom_objects={"Doubled": Doubled})
    assert again.built
    assert [w.shape for w in again.weights] == [(3, 2), (2,)]
    with pytest.raises(ValueError, match="Unknown layer class 'Doubled'"):
        Sequential.from_config(model.get_config())


def test_repr_tells_the_layers():
    assert repr(small()) == "<Sequential name=sequential, built=True, layers=['dense', 'dense_1']>"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sequential([Dense]), r"stack of layers.*Did you mean Dense\(\.\.\.\)"),
        (lambda: Sequential([3]), "stack of layers, received 3, which is none.$"),
        (lambda: Sequential(["relu"]), r"Did you mean layers.Activation\('relu'\)"),
        (lambda: Sequential([ops.relu]), r"Did you mean layers.Activation\(relu\)"),
        (lambda: Sequential([Dense(2)]).predict([X, X]), "'dense_?\\d*' .*expects an array, received 2 of them"),
        (lambda: Sequential([Dense(2, name="a"), Dense(2, name="a")]), "'a' already.*name=.*a Model whose call"),
        (lambda: Sequential([Dense(2), Input((3,))]), "Input comes first and only once"),
        (lambda: Sequential([Input((3,)), Input((3,))]), "Input comes first and only once"),
        (lambda: Sequential().build((None, 3)), "has no layers"),
        (lambda: Sequential()(X), "has no layers"),
        (lambda: Sequential([Dense(2)]).build(), "does not know the shape of its input"),
        (lambda: Sequential([Dense(2)]).build(3), r"A shape is a tuple.*received 3"),
        (lambda: small().build((None, 7)), r"takes inputs of shape \(None, 3\), build received \(None, 7\)"),
        (lambda: Sequential().pop(), "no layer to pop"),
        (lambda: Input(784), r"such as \(784,\), received 784"),
        (lambda: Input((0,)), r"received \(0,\)"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("shape", [(5, 1, 4), (5, 2, 4), (5, 4, 4)])
def test_samples_of_another_shape_than_inputs_are_refused_though_the_layers_could_take_them(backend, shape):
    model = arraynet.Sequential([arraynet.Input((4,)), layers.Dense(3)])
    with pytest.raises(ValueError, match=r"starts with Input\(\(4,\)\), received samples of shape \(\d, 4\)\. Bring"):
        model(np.zeros(shape, "float32"))


@pytest.mark.parametrize(("given", "shape"), [((4, 1), (5, 4)), ((None, 4), (5, 2, 4)), ((2, None), (5, 2, 4))])
def test_a_channel_that_is_missing_and_lengths_that_are_free_are_not(given, shape):
    model = arraynet.Sequential([arraynet.Input(given), layers.Flatten()])
    assert len(model(np.zeros(shape, "float32")).shape) == 2


@pytest.mark.parametrize("shape", [(1,), (3, 1)])
def test_an_axis_of_one_feature_may_be_missing(shape, backend):
    model = arraynet.Sequential([arraynet.Input(shape), layers.Dense(2), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    x = np.arange(12.0).reshape(-1, *shape) / 12
    y, flat = np.sin(x), x[..., 0]
    np.testing.assert_array_equal(np.asarray(model(flat)), np.asarray(model(x)))
    assert model.evaluate(flat, y, verbose=0) == model.evaluate(x, y, verbose=0)
    before = model.get_weights()
    histories = []
    for given in (flat, x):
        model.set_weights(before)
        histories.append(model.fit(given, y, batch_size=2, epochs=2, shuffle=False, verbose=0).history)
        assert model.predict(given, verbose=0).shape == y.shape
    assert histories[0] == histories[1]


def test_a_wrong_input_names_the_layer_that_refuses_it(backend):
    with pytest.raises(ValueError, match=r"'dense' \(Dense\) expects axis -1 .* length 3.*\(None, 5\)"):
        small()(np.ones((4, 5)))


class Own(Sequential):
    def __init__(self, units, **kwargs):
        super().__init__([layers.Dense(units), layers.Dense(1)], **kwargs)
        self.units = units


class Handed(Sequential):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)


@pytest.mark.parametrize("model", [Own(3, name="own"), Handed([layers.Dense(3), layers.Dense(1)])], ids=type)
def test_a_class_of_ones_own_comes_back_with_its_layers(model):
    model.add(layers.Dense(2, name="last"))
    model.build((None, 4))
    model.layers[0].trainable = False
    again = type(model).from_config(model.get_config())
    again.set_weights(model.get_weights())
    assert [(x.name, x.trainable) for x in again.layers] == [(x.name, x.trainable) for x in model.layers]
    np.testing.assert_array_equal(again(np.ones((1, 4))), model(np.ones((1, 4))))


class Around(Sequential):
    def __init__(self, inner, **kwargs):
        super().__init__([inner, layers.Dense(1)], **kwargs)
        self.inner = inner


class Wide(Sequential):
    def __init__(self, width, layers=None, **kwargs):
        super().__init__(layers, **kwargs)
        self.width = width


class Renamed(Sequential):
    def __init__(self, stack, name=None):
        super().__init__(stack, name=name)

    def get_config(self):
        return super().get_config()


class Unlisted(Sequential):
    def __init__(self, *layers, **kwargs):
        super().__init__(layers, **kwargs)


def popped(model):
    model.pop()
    return model


def headed(model):
    model.pop()
    model.add(layers.Dense(1, "tanh"))
    return model


@pytest.mark.parametrize("make", [
    lambda: popped(Own(3)), lambda: headed(Own(3)), lambda: Around(Sequential([layers.Dense(2)])),
    lambda: Wide(3, [layers.Dense(2)]), lambda: Renamed([layers.Dense(2)]),
    lambda: Unlisted(layers.Dense(3), layers.Dense(2)),
])  # fmt: skip
def test_constructors_of_ones_own_that_take_and_make_layers(make):
    model = make()
    model.build((None, 4))
    again = type(model).from_config(model.get_config())
    assert [x.name for x in again.layers] == [x.name for x in model.layers]
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(np.ones((1, 4))), model(np.ones((1, 4))))
