"""What is not trained in a model that is saved is not trained in the one that is loaded."""

import numpy as np

from arraynet import Model, layers, models

X, Y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")


class Deep(Model):
    def __init__(self):
        super().__init__()
        self.first, self.norm, self.last = layers.Dense(3), layers.BatchNormalization(), layers.Dense(1)

    def call(self, inputs):
        return self.last(self.norm(self.first(inputs)))


def test_layers_that_a_constructor_makes_and_single_weights_stay_frozen(tmp_path):
    model = Deep()
    model(X)
    model.first.trainable = model.last.bias.trainable = False
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "deep.arraynet")
    again = models.load_model(tmp_path / "deep.arraynet", {"Deep": Deep})
    assert not again.first.trainable
    assert [w.trainable for w in again.weights] == [w.trainable for w in model.weights]
    before = again.first.get_weights()
    again.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(again.first.kernel, before[0])
    again.first.trainable = True
    assert again.first.kernel.trainable
    assert not again.last.bias.trainable


def test_a_layer_that_was_set_from_outside_shifts_no_other(tmp_path):
    model = models.Sequential([layers.Dense(2, name=name) for name in "abc"])
    model.layers[0].helper = layers.ReLU()
    model.layers[1].trainable = False
    model(X)
    model.save(tmp_path / "helped.arraynet")
    assert [x.trainable for x in models.load_model(tmp_path / "helped.arraynet").layers] == [True, False, True]
