"""A network written from nothing but Variables, ops and a tape, as a reader of a textbook would."""

import math

import numpy as np
import pytest

import arraynet
from arraynet import Variable, ops, optimizers


class NaiveDense:
    def __init__(self, input_size, output_size, activation):
        self.activation = activation
        limit = 1 / math.sqrt(input_size)
        self.W = Variable(arraynet.random.uniform((input_size, output_size), -limit, limit, seed=input_size))
        self.b = Variable(ops.zeros((output_size,)))

    def __call__(self, inputs):
        return self.activation(ops.matmul(inputs, self.W) + self.b)

    @property
    def weights(self):
        return [self.W, self.b]


class NaiveSequential:
    def __init__(self, layers):
        self.layers = layers

    def __call__(self, inputs):
        x = inputs
        for layer in self.layers:
            x = layer(x)
        return x

    @property
    def weights(self):
        return [weight for layer in self.layers for weight in layer.weights]


class BatchGenerator:
    def __init__(self, images, labels, batch_size):
        self.index = 0
        self.images, self.labels, self.batch_size = images, labels, batch_size
        self.num_batches = math.ceil(len(images) / batch_size)

    def next(self):
        images = self.images[self.index : self.index + self.batch_size]
        labels = self.labels[self.index : self.index + self.batch_size]
        self.index += self.batch_size
        return images, labels


def by_hand(gradients, weights, learning_rate=0.5):
    for g, w in zip(gradients, weights, strict=True):
        w.assign(w - g * learning_rate)


def by_assign_sub(gradients, weights):
    for g, w in zip(gradients, weights, strict=True):
        w.assign_sub(g * 0.5)


def by_optimizer():
    optimizer = optimizers.SGD(learning_rate=0.5)
    return lambda gradients, weights: optimizer.apply_gradients(zip(gradients, weights, strict=True))


def one_training_step(model, images, labels, update):
    with arraynet.GradientTape() as tape:
        predictions = model(images)
        loss = ops.mean(ops.sparse_categorical_crossentropy(labels, predictions))
    update(tape.gradient(loss, model.weights), model.weights)
    return loss


def fit(model, images, labels, update, epochs=30, batch_size=32):
    for _ in range(epochs):
        batches = BatchGenerator(images, labels, batch_size)
        for _ in range(batches.num_batches):
            loss = one_training_step(model, *batches.next(), update)
    return float(loss)


@pytest.fixture
def problem():
    """Three clouds of points in the plane, 150 in all, so that the last batch is smaller."""
    generator = np.random.default_rng(0)
    labels = np.tile(np.arange(3), 50)
    centres = np.array([[0, 2], [2, -1], [-2, -1]])
    points = centres[labels] + generator.normal(0, 0.4, (150, 2))
    return points.astype("float32"), labels


@pytest.mark.parametrize("make", [lambda: by_hand, lambda: by_assign_sub, by_optimizer])
def test_it_learns(backend, problem, make):
    model = NaiveSequential([NaiveDense(2, 16, ops.relu), NaiveDense(16, 3, ops.softmax)])
    assert len(model.weights) == 4
    loss = fit(model, *problem, make())
    points, labels = problem
    predicted = np.argmax(model(points).numpy(), axis=1)
    assert (predicted == labels).mean() > 0.98
    assert loss < 0.1


def test_all_ways_of_updating_give_the_same_weights(backend, problem):
    trained = []
    for update in (by_hand, by_assign_sub, by_optimizer()):
        model = NaiveSequential([NaiveDense(2, 4, ops.relu), NaiveDense(4, 3, ops.softmax)])
        fit(model, *problem, update, epochs=2)
        trained.append([w.numpy() for w in model.weights])
    for other in trained[1:]:
        for a, b in zip(trained[0], other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
