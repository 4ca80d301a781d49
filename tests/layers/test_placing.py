"""How a layer's own `build` is called."""

import numpy as np
import pytest

from arraynet import layers, ops


def test_a_build_of_several_shapes_is_given_those_of_the_arguments_that_they_are_named_after(backend):
    class Bilinear(layers.Layer):
        def build(self, left_shape, right_shape):
            self.seen = left_shape, right_shape
            self.kernel = self.add_weight((left_shape[-1], right_shape[-1]), "ones", name="kernel")

        def call(self, left, right=None, training=False):
            return ops.sum(ops.matmul(left, self.kernel) * (1.0 if right is None else right), axis=-1)

    left, right = np.ones((5, 2)), np.ones((5, 3))
    for call in (lambda f: f(left, right), lambda f: f(left, right=right, training=True)):
        layer = Bilinear()
        np.testing.assert_array_equal(np.asarray(call(layer)), np.full(5, 6.0))
        assert layer.seen == ((5, 2), (5, 3))
        assert layer.kernel.path == f"{layer.name}/kernel"
    by_hand = Bilinear()
    by_hand.build(left_shape=(None, 2), right_shape=(None, 3))
    assert by_hand.built
    with pytest.raises(TypeError, match="right_shape"):
        Bilinear()(left)
