"""The base class: building, tracking, training flag, dtypes, losses, names, freezing, errors."""

import numpy as np
import pytest

import arraynet
from arraynet import Variable, layers, ops


class Scale(layers.Layer):
    """A user's layer."""

    def __init__(self, start=2.0, **kwargs):
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape):
        self.count = self.add_weight((), "zeros", trainable=False, name="count")
        self.factor = self.add_weight((input_shape[-1],), "ones", name="factor")

    def call(self, inputs):
        return inputs * self.factor * self.start


class Pair(layers.Layer):
    """A layer that nests others in a list and a dict, and tells what it was told of training."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.parts = [layers.Dense(2), {"inner": [layers.Dense(3)]}]
        self.own = Variable([1.0], name="own")

    def call(self, inputs):
        return self.parts[1]["inner"][0](self.parts[0](inputs))


class Told(layers.Layer):
    def call(self, inputs, training=None):
        self._told = training
        return inputs


class Around(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner, self.explicit = Told(), Told()

    def call(self, inputs):
        return self.explicit(self.inner(inputs), training=False)


def test_a_users_layer_builds_at_its_first_call(backend):
    layer = Scale()
    assert not layer.built
    y = layer([[1.0, 3.0]])
    assert layer.built
    assert y.backend.name == backend
    np.testing.assert_array_equal(y.numpy(), [[2, 6]])
    assert [v.path for v in layer.weights] == ["scale/factor", "scale/count"]  # trainable ones first


def test_build_by_hand_is_the_same(backend):
    layer = Scale()
    layer.build((None, 2))
    assert layer.built
    factor = layer.factor
    layer(np.ones((1, 2)))
    assert layer.factor is factor


def test_a_build_that_calls_its_parents_is_placed_once():
    class Twice(Scale):
        def build(self, input_shape):
            super().build(input_shape)
            self.other = self.add_weight((1,), name="other")

    layer = Twice(name="twice")
    layer.build((None, 2))
    assert [v.path for v in layer.weights] == ["twice/factor", "twice/other", "twice/count"]


def test_layers_and_variables_in_attributes_are_tracked(backend):
    layer = Pair()
    layer(np.ones((1, 4)))
    assert [v.shape for v in layer.weights] == [(1,), (4, 2), (2,), (2, 3), (3,)]
    assert [v.path for v in layer.weights][:2] == ["pair/own", "pair/dense/kernel"]
    layer.parts.append(Scale())
    layer.parts[-1].build((None, 1))
    assert len(layer.trainable_weights) == 6
    assert len(layer.non_trainable_variables) == 1


def test_weights_depend_on_the_place_and_not_on_how_many_layers_were_made_before(backend):
    first, other = Pair(name="pair"), layers.Dense(7)
    other(np.ones((1, 2)))
    second = Pair(name="pair")
    for layer in (first, second):
        layer(np.ones((1, 4)))
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first.get_weights()[1][:2, :2], first.get_weights()[3][:2, :2])


@pytest.mark.parametrize("training", [True, False])
def test_training_reaches_nested_layers_and_an_explicit_argument_wins(training):
    layer = Around()
    layer([[1.0]], training=training)
    assert layer.inner._told is training
    assert layer.explicit._told is False
    layer([[1.0]])
    assert layer.inner._told is False


def test_training_may_come_first_among_keywords():
    layer = layers.Dense(1)
    assert layer(training=True, inputs=np.ones((2, 3))).shape == (2, 1)


def test_training_may_be_positional():
    layer = Told()
    layer([[1.0]], True)
    assert layer._told is True


def test_without_a_word_training_is_what_call_has_for_a_default():
    class Drops(Told):
        def call(self, inputs, training=True):
            return super().call(inputs, training)

    class Holds(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Drops()

        def call(self, inputs):
            return self.inner(inputs)

    alone, around = Drops(), Holds()
    alone([[1.0]])
    around([[1.0]])
    assert (alone._told, around.inner._told) == (True, True)
    around([[1.0]], training=False)
    alone([[1.0]], training=None)
    assert (alone._told, around.inner._told) == (True, False)
    model = arraynet.Sequential([around])
    model.predict(np.ones((1, 1)), verbose=0)
    assert around.inner._told is False


def test_a_weight_may_start_from_an_array(backend):
    layer = layers.Layer()
    np.testing.assert_array_equal(layer.add_weight((2,), np.float32([1, 2])).numpy(), [1, 2])
    assert layer.add_weight(np.array([2, 3])).shape == layer.add_weight(iter((2, 3))).shape == (2, 3)


@pytest.mark.parametrize("shape", [(None, 1), "kernel", [(3, 1), (4, 1)]])
def test_what_is_no_shape_of_a_weight_is_refused(shape):
    with pytest.raises(ValueError, match=r"add_weight: shape (must be a tuple of ints|comes first)"):
        layers.Layer().add_weight(shape)


def test_a_weight_is_trained_or_not():
    with pytest.raises(ValueError, match="trainable must be True or False, received 'no'"):
        layers.Layer().add_weight((1,), trainable="no")


@pytest.mark.parametrize("base", [layers.Layer, arraynet.Metric])
@pytest.mark.parametrize("value", [ops.ones(()), np.ones(1), 0.0])
def test_a_value_does_not_take_the_place_of_a_variable(base, value):
    thing = base()
    thing.count = Variable(0.0)
    with pytest.raises(TypeError, match=r"count is a Variable; .* Use self.count.assign\(value\)"):
        thing.count = value
    for placed in (Variable(5.0), [Variable(1.0)], {"a": Variable(1.0)}, arraynet.Metric(), None):
        thing.count = Variable(0.0)
        thing.count = placed
        assert thing.count is placed


def test_floating_inputs_are_cast_and_integers_are_not(backend):
    class Kind(layers.Layer):
        def call(self, inputs, other=None):
            self._kinds = [str(x.dtype) for x in (inputs, other)]
            return inputs

    layer = Kind()
    layer(np.ones((2, 2)), other=np.ones(2, np.int64))
    assert layer._kinds == ["float32", "int64"]
    layer = Kind(dtype="float64")
    layer(ops.ones((2, 2)), np.float32([1.0]).reshape(1))
    assert layer._kinds == ["float64", "float64"]


def test_structures_of_inputs_and_nested_lists_of_numbers(backend):
    np.testing.assert_array_equal(layers.Add()([np.ones(2), ops.ones(2)]).numpy(), [2, 2])
    assert layers.Flatten()([[[1, 2], [3, 4]]]).shape == (1, 4)


def test_a_layer_runs_where_its_weights_are(backend):
    layer = Scale()
    layer.build((None, 2))
    with arraynet.use_backend("strict" if backend == "numpy" else "numpy"):
        assert layer([[1.0, 2.0]]).backend.name == backend
        assert layer.to(arraynet.get_backend()) is layer
        assert layer([[1.0, 2.0]]).backend.name == arraynet.get_backend()


def test_mixed_precision_computes_in_half_and_keeps_single():
    layer = layers.Dense(2, dtype="mixed_float16")
    y = layer(np.ones((1, 3), np.float32))
    assert (str(y.dtype), str(layer.kernel.dtype)) == ("float16", "float32")
    assert (layer.compute_dtype, layer.variable_dtype) == ("float16", "float32")
    with pytest.raises(ValueError, match="dtype must be one of"):
        layers.Dense(2, dtype="float8")


def test_a_layer_may_keep_the_one_around_it(tmp_path):
    class Inner(layers.Layer):
        def __init__(self, outer):
            super().__init__()
            self.outer, self.dense = outer, layers.Dense(1, kernel_regularizer="l2")

        def call(self, inputs):
            return self.dense(inputs)

    class Outer(arraynet.Model):
        def __init__(self):
            super().__init__()
            self.inner, self.noise = Inner(self), layers.GaussianNoise(0.1)

        def call(self, inputs):
            return self.noise(self.inner(inputs))

    model = Outer()
    model([[1.0]])
    assert len(model.weights) == len(model.trainable_weights) == 2
    assert (len(model.losses), len(model.seed_generators)) == (1, 2)  # that of the order of samples, too
    model.save_weights(tmp_path / "w.npz")
    model.trainable = False
    assert not model.inner.dense.kernel.trainable


def test_freezing_reaches_inner_layers_and_thawing_restores():
    layer = Around()
    layer.inner = Scale()
    layer([[1.0]])
    order = layer.weights
    layer.trainable = False
    assert layer.trainable_weights == []
    assert not layer.inner.trainable
    assert not layer.inner.factor.trainable
    assert [v.name for v in layer.weights] == [v.name for v in order]
    layer.trainable = True
    assert [v.name for v in layer.trainable_weights] == ["factor"]
    assert not layer.inner.count.trainable


def test_a_layer_frozen_before_it_is_built_stays_frozen():
    layer = layers.Dense(2, trainable=False)
    layer([[1.0]])
    assert layer.trainable_weights == []
    assert not layer.kernel.trainable


def test_get_weights_are_copies_and_set_weights_sets_all_or_none(backend):
    layer = layers.Dense(2)
    layer.build((None, 3))
    before = layer.get_weights()
    before[0][:] = 7
    assert not (layer.kernel.numpy() == 7).any()
    layer.set_weights([np.ones((3, 2)), ops.ones(2)])
    np.testing.assert_array_equal(layer([[1.0, 1.0, 1.0]]).numpy(), [[4, 4]])
    with pytest.raises(ValueError, match=r"'dense' has 2 weights, set_weights received 1.*dense/kernel \(3, 2\)"):
        layer.set_weights([np.zeros((3, 2))])
    with pytest.raises(ValueError, match=r"'dense/bias' has shape \(2,\).*\(3,\)"):
        layer.set_weights([np.zeros((3, 2)), np.zeros(3)])
    np.testing.assert_array_equal(layer.kernel.numpy(), np.ones((3, 2)))


def test_count_params():
    layer = layers.Dense(2)
    with pytest.raises(ValueError, match=r"'dense' \(Dense\) has no weights yet"):
        layer.count_params()
    layer.build((None, 3))
    assert layer.count_params() == 8


def test_the_configuration_makes_the_layer_again():
    layer = layers.Dense(2, "relu", kernel_initializer="ones", kernel_regularizer="l2", name="out", trainable=False)
    copy = layers.Dense.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert (copy.units, copy.activation, copy.name, copy.trainable) == (2, layer.activation, "out", False)
    assert copy.kernel_regularizer is not None
    assert Scale.from_config(Scale(start=3.0).get_config()).start == 3.0


def test_a_configuration_that_is_not_kept_is_an_error():
    class Hides(layers.Layer):
        def __init__(self, size):
            super().__init__()
            self._size = size

    with pytest.raises(TypeError, match=r"Hides does not keep its argument size.*set self\.size"):
        Hides(3).get_config()


def test_a_constructor_without_keywords_is_given_none():
    class Bare(layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.units = units

    assert Bare(3).get_config() == {"units": 3}
    assert Bare.from_config(Bare(3).get_config()).units == 3


def test_serialize_finds_the_users_own_layers():
    config = layers.serialize(Scale(start=4.0))
    assert layers.deserialize(config, custom_objects={"Scale": Scale}).start == 4.0
    with pytest.raises(ValueError, match=r"Unknown layer class 'Scale'.*custom_objects"):
        layers.deserialize(config)


def test_output_shapes_are_found_by_running():
    class Halves(layers.Layer):
        def call(self, inputs):
            return inputs[:, ::2], ops.sum(inputs)

    assert Halves().compute_output_shape((None, 6)) == ((None, 3), ())


def test_errors_name_the_layer(backend):
    class Breaks(layers.Layer):
        def call(self, inputs):
            return ops.matmul(inputs, ops.ones((9, 9)))

    class Holds(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Breaks(name="wrong")

        def call(self, inputs):
            return self.inner(inputs)

    with pytest.raises(ValueError, match=r"layer 'holds/wrong' \(Breaks\), called with inputs of shape \(1, 2\)"):
        Holds()(np.ones((1, 2)))


def test_a_constructor_without_supers_is_explained():
    class Forgets(layers.Layer):
        def __init__(self):
            self.size = 3

    with pytest.raises(RuntimeError, match=r"call super\(\).__init__\(\) first"):
        Forgets()([[1.0]])


def test_missing_attributes_are_attribute_errors():
    with pytest.raises(AttributeError, match="'Dense' object has no attribute 'kernal'"):
        _ = layers.Dense(1).kernal


def test_unknown_keywords_and_names():
    with pytest.raises(ValueError, match=r"Dense received unknown keywords: unit.*units.*name, trainable"):
        layers.Dense(2, unit=3)
    with pytest.raises(ValueError, match=r"It knows: activity_regularizer, dtype, name, trainable\.$"):
        layers.Flatten(foo=1)
    with pytest.raises(ValueError, match=r"Dense: input_shape must be a tuple, such as \(784,\), received 4"):
        layers.Dense(2, input_shape=4)
    with pytest.raises(ValueError, match="without '/'"):
        layers.Dense(2, name="a/b")
    with pytest.warns(UserWarning, match=r"put Input\(shape=\(3,\)\)"):
        layers.Dense(2, input_shape=(3,))


def test_a_layer_without_call_says_so():
    with pytest.raises(TypeError, match="defines no call"):
        layers.Layer()([[1.0]])


def test_setting_an_attribute_makes_captured_programs_stale():
    from arraynet.observers import latest_version

    layer, before = layers.Dropout(0.5), latest_version()
    layer.rate = 0.25
    assert latest_version() > before
