"""Losses that layers add: of weights, of calls and of activities."""

import numpy as np
import pytest

import arraynet
from arraynet import layers, ops


def test_losses_of_regularizers_calls_and_activities(backend):
    class Adds(layers.Layer):
        def call(self, inputs):
            self.add_loss(ops.sum(inputs))
            return inputs

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3, kernel_initializer="ones", kernel_regularizer="l2", activity_regularizer="l1")
            self.adds = Adds()

        def call(self, inputs):
            return self.adds(self.dense(inputs))

    layer = Outer()
    for _ in range(2):  # a second call replaces what the first one added
        layer(np.arange(6.0).reshape(3, 2))
    np.testing.assert_allclose([x.item() for x in layer.losses], [0.06, 0.15, 45], rtol=1e-6)  # 0.15: 0.45 in 3 rows
    layer.dense.trainable = False
    assert len(layer.losses) == 2


def test_losses_of_the_first_call_are_those_of_its_inputs_alone(backend):
    class Adds(layers.Layer):
        def call(self, inputs):
            self.add_loss(2.0)
            return inputs

    model = arraynet.Sequential([arraynet.Sequential([Adds(), layers.Dense(1)])])
    model(np.ones((3, 2)))  # which looks for the shapes of outputs as well
    assert [x.item() for x in model.losses] == [2.0]
    assert model.compute_output_shape((None, 2)) == (None, 1)
    model.summary(print_fn=lambda text: None)  # which does, too
    assert [x.item() for x in model.losses] == [2.0]


def test_a_layer_that_two_hold_is_penalised_once(backend):
    class Holds(layers.Layer):
        def __init__(self, shared):
            super().__init__()
            self.shared = shared

        def call(self, inputs):
            return self.shared(inputs)

    shared = layers.Dense(1, use_bias=False, kernel_initializer="ones", kernel_regularizer=arraynet.regularizers.L2(1))
    model = arraynet.Sequential([Holds(shared), Holds(shared)])
    model.compile(loss="mse")
    assert model.evaluate(np.zeros((2, 1)), np.zeros((2, 1)), verbose=0) == 1
    assert len(model.weights) == len(model.losses) == 1


@pytest.mark.parametrize("adds", [True, False])
def test_a_penalty_of_several_numbers_counts_as_their_sum(adds, backend):
    class Adds(layers.Layer):
        def call(self, inputs):
            self.add_loss(ops.mean(ops.square(inputs), axis=-1))
            return inputs

    def rows(kernel):
        return ops.mean(ops.square(kernel), axis=-1)

    def trained(penalty, inner):
        model = arraynet.Sequential([layers.Dense(3, kernel_initializer="ones", kernel_regularizer=penalty), *inner])
        model.compile("sgd", "mse")
        x = np.arange(8.0).reshape(4, 2) / 8
        return model.train_on_batch(x, np.zeros((4, 3))), model.get_weights()

    class AddsOne(layers.Layer):
        def call(self, inputs):
            self.add_loss(ops.sum(ops.mean(ops.square(inputs), axis=-1)))
            return inputs

    several, one = ((None, [Adds()]), (None, [AddsOne()])) if adds else ((rows, []), (lambda w: ops.sum(rows(w)), []))
    (loss, weights), (expected, known) = trained(*several), trained(*one)
    assert loss == pytest.approx(expected)
    for a, b in zip(weights, known, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
