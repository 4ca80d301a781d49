"""Models that users write: sub-layers as attributes, building by shape, look-up, weights."""

import copy
import pickle

import numpy as np
import pytest

from arraynet import config, layers, ops
from arraynet.models import Model, Sequential


class Classifier(Model):
    def __init__(self, classes=3, **kwargs):
        super().__init__(**kwargs)
        self.classes = classes
        self.hidden = [layers.Dense(4, activation="relu"), layers.Dropout(0.5)]
        self.out = layers.Dense(classes)

    def call(self, inputs, training=False):
        for layer in self.hidden:
            inputs = layer(inputs)
        return self.out(inputs)


X = np.ones((2, 5))


def test_a_users_model_is_called_and_built(backend):
    model = Classifier()
    assert model.weights == []
    assert model(X).shape == (2, 3)
    assert model.built
    assert [v.path for v in model.weights] == [
        "classifier/dense/kernel",
        "classifier/dense/bias",
        "classifier/dense_1/kernel",
        "classifier/dense_1/bias",
    ]


def test_building_by_a_shape_gives_the_same_weights(backend):
    called, built = Classifier(), Classifier()
    called(X)
    built.build((None, 5))
    for a, b in zip(called.get_weights(), built.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert built.compute_output_shape((None, 5)) == (None, 3)


def test_seeds_decide_and_names_do_not(backend):
    first, second = Classifier(), Classifier(name="another")
    for model in (first, second):
        model(X)
    np.testing.assert_array_equal(first.get_weights()[0], second.get_weights()[0])
    config.set_seed(9)
    third = Classifier()
    third(X)
    assert not np.array_equal(first.get_weights()[0], third.get_weights()[0])


def test_a_model_has_weights_of_its_own_and_casts(backend):
    class Shifted(Model):
        def build(self, input_shape):
            self.shift = self.add_weight((input_shape[-1],), "ones", name="shift")

        def call(self, inputs):
            return inputs + self.shift

    model = Shifted()
    y = model(np.zeros((1, 2)))
    assert str(y.dtype) == "float32"
    np.testing.assert_array_equal(y.numpy(), [[1, 1]])
    assert [v.path for v in model.weights] == ["shifted/shift"]


def test_several_inputs_and_outputs(backend):
    class Both(Model):
        def __init__(self):
            super().__init__()
            self.join, self.dense = layers.Concatenate(), layers.Dense(2)

        def call(self, inputs):
            joined = self.join([inputs["a"], inputs["b"]])
            return {"sum": ops.sum(joined, axis=-1), "dense": self.dense(joined)}

    model = Both()
    y = model({"a": np.ones((2, 3)), "b": np.ones((2, 1))})
    assert (y["sum"].shape, y["dense"].shape) == ((2,), (2, 2))
    shapes = model.compute_output_shape({"a": (None, 3), "b": (None, 1)})
    assert shapes == {"sum": (None,), "dense": (None, 2)}


def test_layers_are_found_by_name_and_by_index():
    model = Classifier()
    assert model.get_layer("dense_1") is model.out is model.get_layer(index=2) is model.get_layer(index=-1)
    assert [layer.name for layer in model.layers] == ["dense", "dropout", "dense_1"]
    with pytest.raises(ValueError, match=r"no layer 'dens'\. Layers: dense, dropout, dense_1"):
        model.get_layer("dens")
    with pytest.raises(ValueError, match="either a name or an index"):
        model.get_layer()


def test_a_model_within_a_model(backend):
    model = Sequential([Classifier(), layers.Dense(1)], name="net")
    assert model(X).shape == (2, 1)
    assert model.weights[0].path == "net/classifier/dense/kernel"
    assert [w.shape for w in model.weights] == [(5, 4), (4,), (4, 3), (3,), (3, 1), (1,)]


def test_the_configuration_makes_the_model_again():
    model = Classifier(classes=7, name="c")
    assert Classifier.from_config(model.get_config()).classes == 7


def test_seed_generators_of_inner_layers_are_listed():
    model = Classifier()
    model(X)
    assert model.hidden[1].seed_generator in model.seed_generators


def test_copies_are_models_of_their_own(backend):
    model = Classifier()
    model(X)
    model.trainable = False
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(twin(X).numpy(), model(X).numpy())
        twin.trainable = True
        assert len(twin.trainable_weights) == 4
        twin.set_weights([w + 1 for w in twin.get_weights()])
        assert not np.array_equal(twin(X).numpy(), model(X).numpy())
    assert model.trainable_weights == []


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_of_a_trained_model_trains_itself(backend, copied):
    model = Sequential([layers.Dense(4, activation="tanh"), layers.Dense(1, activation="softplus")])
    model.compile("sgd", "mse")
    model.fit(X, np.ones((2, 1)), verbose=0)
    before = model.get_weights()
    twin = copied(model)
    twin.fit(X, np.ones((2, 1)), verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    assert not np.array_equal(twin.get_weights()[0], before[0])
