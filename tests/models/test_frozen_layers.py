"""Layers that are frozen or unfrozen between two trainings."""

import numpy as np
import pytest
from support.classifier import X, Y, net


def test_layers_may_be_frozen_between_trainings_and_who_unfreezes_is_told_to_compile():
    x, model = X[:20], net()
    model.fit(x, Y[:20], verbose=0)
    model.layers[0].trainable = False
    before = model.get_weights()
    model.fit(x, Y[:20], verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [False] * 2 + [True] * 2
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, Y[:20], verbose=0)
    model.layers[0].trainable = True
    with pytest.raises(ValueError, match="frozen or missing then, compile the model anew, with a new optimizer"):
        model.fit(x, Y[:20], verbose=0)
