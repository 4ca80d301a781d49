"""Layers as plain data and back: layers among the arguments of others, and what cannot be told."""

import json

import numpy as np
import pytest

from arraynet import Variable, layers, saving


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
