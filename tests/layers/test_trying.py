"""What a model is run for before its data comes, to see shapes, leaves no trace in it."""

from threading import Thread

import pytest
from support.classifier import X

import arraynet
from arraynet import initializers, layers, random
from arraynet.layers.trying import untouched


class Counts(layers.Layer):
    """Counts its calls, whatever they are for, beginning with what `build` says."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.early = self.add_weight((), "zeros", trainable=False, name="early")
        self.seed_generator = random.SeedGenerator(3)

    def build(self, input_shape):
        self.late = self.add_weight((), "zeros", trainable=False, name="late")
        self.late.assign(10.0)
        self.early.assign(20.0)

    def call(self, inputs):
        for count in (self.early, self.late):
            count.assign_add(1.0)
        return inputs + random.normal((1,), seed=self.seed_generator)

    def counted(self):
        return self.early.numpy() - 20, self.late.numpy() - 10, self.seed_generator.counter


@pytest.mark.parametrize("late", [True, False])
def test_only_batches_count(late, backend):
    inner = Counts()
    model = arraynet.Sequential([*([] if late else [layers.Input((6,))]), layers.Dense(2), inner, layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    model.fit(X, X[:, :1], batch_size=25, epochs=2, verbose=0)
    assert inner.counted() == (4, 4, 4)
    model.evaluate(X, X[:, :1], batch_size=25, verbose=0)
    model.summary(print_fn=lambda text: None)
    assert model.compute_output_shape((None, 6)) == (None, 1)
    assert inner.counted() == (6, 6, 6)
    model.predict(X, batch_size=25, verbose=0)
    model.train_on_batch(X, X[:, :1])
    assert inner.counted() == (9, 9, 9)


def test_only_batches_count_where_predict_builds(backend):
    inner = Counts()
    model = arraynet.Sequential([inner])
    model.predict(X, batch_size=25, verbose=0)
    assert inner.counted() == (2, 2, 2)


def test_two_times_one_epoch_are_one_time_two_where_a_layer_always_draws(backend):
    def trained(*epochs):
        model = arraynet.Sequential([layers.Dense(2), Counts(), layers.Dense(1)])
        model.compile("sgd", "mse")
        losses = [model.fit(X, X[:, :1], epochs=n, verbose=0).history["loss"] for n in epochs]
        return [loss for each in losses for loss in each]

    assert trained(1, 1) == trained(2)


def test_what_weights_were_drawn_from_is_not_drawn_again(backend):
    stream = random.SeedGenerator(1)
    dense = layers.Dense(2, kernel_initializer=initializers.RandomNormal(seed=stream))
    model = arraynet.Sequential([dense, layers.Dense(1)])
    model.predict(X, verbose=0)
    assert stream.counter == 3  # 12 numbers, 4 at once


def test_what_another_thread_changes_meanwhile_stays():
    layer = Counts()
    layer.build((None, 1))

    def other():
        layer.late.assign(5.0)
        layer.seed_generator.next()

    with untouched():
        layer.early.assign(7.0)
        thread = Thread(target=other)
        thread.start()
        thread.join()
    assert layer.counted() == (0, -5, 1)
