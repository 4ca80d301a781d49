"""A layer or another object that several objects of a model hold is one in the file, too, and one when it is loaded."""

import numpy as np
import pytest

from arraynet import initializers, layers, models, regularizers
from arraynet.models import Sequential

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


class Wrap(layers.Layer):
    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def call(self, inputs):
        return self.inner(inputs)


class Sum(layers.Layer):
    def __init__(self, first, second, **kwargs):
        super().__init__(**kwargs)
        self.first, self.second = first, second

    def call(self, inputs):
        return self.first(inputs) + self.second(inputs)


class Told(Wrap):
    """Tells its configuration itself, as layers written for Keras do."""

    def get_config(self):
        return {"name": self.name, "inner": layers.serialize(self.inner)}

    @classmethod
    def from_config(cls, config):
        return cls(layers.deserialize(config["inner"]), name=config["name"])


OWN = {"Wrap": Wrap, "Sum": Sum, "Told": Told}


def beside(inner):
    return [Sum(inner, Wrap(inner))], lambda model: (model.layers[0].first, model.layers[0].second.inner)


def in_two_layers(inner):
    return [Wrap(inner), Sum(layers.Dense(3), inner)], lambda model: (model.layers[0].inner, model.layers[1].second)


def in_the_stack(inner):
    return [inner, Wrap(Wrap(inner))], lambda model: (model.layers[0], model.layers[1].inner.inner)


def told_by_ones_own(inner):
    return [Told(inner), Told(Told(inner))], lambda model: (model.layers[0].inner, model.layers[1].inner.inner)


@pytest.mark.parametrize("inner", [lambda: layers.Dense(3), lambda: Sequential([layers.Dense(3, activation="tanh")])])
@pytest.mark.parametrize("arranged", [beside, in_two_layers, in_the_stack, told_by_ones_own])
def test_a_layer_in_several_places_is_one_when_it_is_loaded(arranged, inner, tmp_path, backend):
    stack, places = arranged(inner())
    model = Sequential([layers.Input((3,)), *stack])
    model.compile("adam", "mse")
    model.fit(X, 2 * X, epochs=2, verbose=0)
    model.save(tmp_path / "m.arraynet")
    loaded = models.load_model(tmp_path / "m.arraynet", custom_objects=OWN)
    first, second = places(loaded)
    assert first is second
    assert len(loaded.weights) == len(model.weights)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    for each in (model, loaded):
        each.fit(X, 2 * X, epochs=2, verbose=0)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_a_configuration_in_memory_keeps_what_is_one_and_equal_ones_apart():
    inner, penalty, start = layers.Dense(3), regularizers.L2(0.5), initializers.Constant(0.5)
    options = {"kernel_regularizer": penalty, "kernel_initializer": start, "bias_initializer": start}
    model = Sequential([inner, Wrap(inner), layers.Dense(3, **options), layers.Dense(3, **options), layers.Dense(3)])
    for made in (Sequential.from_config(model.get_config(), OWN), layers.deserialize(layers.serialize(model), OWN)):
        assert made.layers[0] is made.layers[1].inner is not inner
        assert made.layers[2].kernel_regularizer is made.layers[3].kernel_regularizer is not penalty
        assert len({id(layer) for layer in made.layers}) == 5
    again = [Sequential.from_config(model.get_config(), OWN) for _ in range(2)]
    assert again[0].layers[0] is not again[1].layers[0]


def test_marks_that_count_within_one_layer_as_in_older_files_are_not_mixed_up():
    def dense(factor):
        penalty = {"class_name": "L2", "config": {"l2": factor}, "family": "regularizers", "shared": 0}
        return {
            "class_name": "Dense",
            "config": {"units": 3, "kernel_regularizer": penalty, "bias_regularizer": penalty},
        }

    model = Sequential.from_config({"layers": [dense(0.25), dense(0.5)]})
    assert [float(layer.kernel_regularizer.l2) for layer in model.layers] == [0.25, 0.5]
