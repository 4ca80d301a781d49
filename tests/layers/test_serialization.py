"""Layers as plain data and back: layers among the arguments of others, and what cannot be told."""

import json

import numpy as np
import pytest

from arraynet import Variable, initializers, layers, losses, metrics, regularizers, saving


class Chain(layers.Layer):
    """Calls what it is given, one after another."""

    def __init__(self, parts, **kwargs):
        super().__init__(**kwargs)
        self.parts = parts

    def call(self, inputs):
        for part in self.parts.values() if isinstance(self.parts, dict) else self.parts:
            inputs = part(inputs)
        return inputs


@pytest.mark.parametrize("again", [Chain.from_config, lambda config: layers.deserialize(
    {"class_name": "Chain", "config": config}, {"Chain": Chain})])  # fmt: skip
@pytest.mark.parametrize("many", [list, lambda parts: dict(zip("ab", parts, strict=True))])
def test_layers_among_the_arguments_come_back(many, again):
    layer = Chain(many([layers.Dense(3, "relu", kernel_initializer="ones"), layers.Rescaling(2.0)]))
    with saving.custom_object_scope({"Chain": Chain}):
        made = again(json.loads(json.dumps(layer.get_config())))
    np.testing.assert_array_equal(made(np.ones((1, 2))), [[4, 4, 4]])


def test_what_describes_no_layer_stays_as_it_is():
    parts = [{"class_name": "Ones", "config": {}}, {"class_name": "Dense"}, {"rate": 1}]
    assert Chain.from_config({"parts": parts}).parts == parts


@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: [v], lambda v: {"a": (1, v)}])
def test_a_variable_among_the_arguments_is_refused(wrap):
    with pytest.raises(TypeError, match=r"Chain 'chain.*': parts is or holds a Variable, which no configuration does"):
        Chain(wrap(Variable(2.0))).get_config()


def test_a_constructor_that_takes_a_description_may_be_given_the_layer():
    class Described(Chain):
        def __init__(self, inner, **kwargs):
            super().__init__([layers.deserialize(inner)], **kwargs)
            self.inner = inner

    layer = Described(layers.serialize(layers.Dense(3, kernel_initializer="ones")))
    made = Described.from_config(json.loads(json.dumps(layer.get_config())))
    assert made.parts == [made.inner]
    np.testing.assert_array_equal(made(np.ones((1, 2))), [[2, 2, 2]])


@pytest.mark.parametrize("config", ["Dense", layers.Dense, None, {"class_name": "Flatten"}])
def test_what_is_no_description_is_refused(config):
    with pytest.raises(ValueError, match=r"layers.deserialize takes the dict that serialize returned, received "):
        layers.deserialize(config)


class Given(layers.Layer):
    """A layer that uses its arguments as they are."""

    def __init__(self, first, second=None, **kwargs):
        super().__init__(**kwargs)
        self.first, self.second = first, second


@pytest.mark.parametrize("given", [
    initializers.HeNormal(seed=1), initializers.Identity(2.0), regularizers.L2(0.5), losses.MeanSquaredError(),
    metrics.MeanSquaredError(),
])  # fmt: skip
def test_an_argument_comes_back_as_the_object_that_it_was(given):
    config = json.loads(json.dumps(layers.serialize(Given(given, {"again": [given]}))))
    back = layers.deserialize(config, {"Given": Given})
    assert type(back.first) is type(given)
    assert back.first.get_config() == given.get_config()
    assert back.second["again"] == [back.first]  # the same one


def test_a_layer_that_is_given_twice_is_one_layer_in_the_copy():
    dense = layers.Dense(2)
    back = layers.deserialize(layers.serialize(Given(dense, dense)), {"Given": Given})
    assert back.first is back.second
    two = Given(layers.Dense(2, name="a"), layers.Dense(2, name="a"))
    other = layers.deserialize(layers.serialize(two), {"Given": Given})
    assert other.first is not other.second


def test_which_of_several_was_given_twice():
    parts = [layers.Dense(2), layers.Dense(2)]
    back = layers.deserialize(layers.serialize(Given(parts, parts[::-1])), {"Given": Given})
    assert [[one is other for other in back.second] for one in back.first] == [[False, True], [True, False]]


@pytest.mark.parametrize(
    "own", [{"shared": 0}, {"shared": 0, "b": 1}, {"shared": [1]}, {"class_name": "a", "config": 3}]
)
def test_a_dict_of_the_users_own_comes_back_as_it_was(own):
    zeros = initializers.Zeros()
    back = layers.deserialize(layers.serialize(Given([zeros, zeros], own)), {"Given": Given})
    assert back.second == own


def test_an_initializer_is_no_layer_of_its_name():
    kept = initializers.serialize(initializers.Identity(2.0))  # by a get_config of one's own
    config = layers.serialize(layers.Dense(2))
    config["config"]["kernel_initializer"] = kept
    assert layers.deserialize(config).kernel_initializer.gain == 2.0
    both = layers.deserialize(layers.serialize(layers.Dense(2, kernel_initializer=initializers.Identity(3.0))))
    assert both.kernel_initializer.gain == 3.0
