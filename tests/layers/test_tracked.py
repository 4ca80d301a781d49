"""What a layer holds: each thing once, in tuples too, trained or not as it was told last."""

import numpy as np
import pytest

from arraynet import Variable, layers, random
from arraynet.models import Sequential


def dense():
    layer = layers.Dense(2)
    layer.build((None, 3))
    return layer


def test_a_tuple_holds_layers_as_a_list_does():
    layer = layers.Layer()
    layer.parts = (dense(), (dense(),))
    assert len(layer.weights) == 4


def test_what_two_layers_share_counts_once():
    one, other, stream = dense(), dense(), random.SeedGenerator(1)
    other.kernel = one.kernel
    one.stream = other.stream = stream
    model = Sequential([one, other])
    assert len(model.weights) == len(model.trainable_weights) == 3
    assert [found is stream for found in model.seed_generators].count(True) == 1
    assert model.count_params() == 6 + 2 + 2


def test_a_frozen_layer_trains_nothing_that_it_is_given_later():
    outer, inner = layers.Layer(trainable=False), dense()
    outer.inner = inner
    assert outer.trainable_weights == []
    assert outer.non_trainable_weights == inner.weights


def test_freezing_twice_is_undone_by_thawing_once():
    layer = dense()
    for trainable in (False, False, True):
        layer.trainable = trainable
    assert layer.trainable_weights == [layer.kernel, layer.bias]


def test_thawing_leaves_alone_what_was_not_trained_when_the_layer_was_frozen():
    layer = dense()
    for trained_before in (True, False):
        layer.bias.trainable = trained_before
        layer.trainable = False
        layer.trainable = True
    assert layer.trainable_weights == [layer.kernel]


def test_a_frozen_weight_that_was_replaced_is_held_no_more():
    layer = dense()
    layer.trainable = False
    layer.kernel = Variable(np.ones((3, 2)))
    assert len(layer.weights) == 2


def test_whether_a_layer_is_trained_is_a_flag():
    with pytest.raises(ValueError, match="trainable must be True or False, received 'no'"):
        dense().trainable = "no"


def test_weights_count_before_all_of_a_layer_is_built():
    layer = layers.Layer()
    layer.inner = dense()
    assert not layer.built
    assert layer.count_params() == 8


def test_weights_for_a_layer_that_is_not_built():
    with pytest.raises(ValueError, match=r"has 0 weights, .* received 1 arrays\. .* none \(is it built yet\?\)"):
        layers.Dense(2).set_weights([np.ones(2)])


def test_a_name_that_a_later_layer_was_given_is_left_to_it(tmp_path):
    layers.Dense(2)  # takes the automatic name
    Sequential([layers.Input((3,)), layers.Dense(2), layers.PReLU(name="dense")]).save_weights(tmp_path / "w.npz")
    assert sorted(np.load(tmp_path / "w.npz")) == ["dense/alpha", "dense_1/bias", "dense_1/kernel"]


def test_a_name_that_only_begins_like_an_automatic_one_was_chosen(tmp_path):
    Sequential([layers.Input((3,)), layers.Dense(2, name="dense_1b")]).save_weights(tmp_path / "w.npz")
    assert sorted(np.load(tmp_path / "w.npz")) == ["dense_1b/bias", "dense_1b/kernel"]


def test_a_name_made_of_a_class_holds_letters_digits_and_lines_alone():
    assert type("Scale[int/2]", (layers.Layer,), {})().name == "scaleint2"
