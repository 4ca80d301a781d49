"""Layers, each called in inference and in training and differentiated with respect to inputs and weights."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from arraynet import layers, ops
from arraynet.autodiff import GradientTape
from arraynet.testing.case import normal
from arraynet.testing.parts.part import INTEGERS, Part, X
from arraynet.tree import flatten, map_structure

__all__ = ["LAYERS"]

CUBE = normal(3, 4, 2).astype("float32")
PAIR = [X, normal(5, 4, seed=1).astype("float32")]


def part(name: str, make: Callable[[], Any], inputs: Any = X) -> Part:
    """Return a line of the table: how to make the layer, and what to call it on."""
    return Part("layer", name, partial(_run, make, inputs))


def _run(make: Callable[[], Any], inputs: Any) -> dict[str, Any]:
    layer = make()
    layer.name = "layer"  # not one with a number that counts on, so that the weights start equal
    results = {}
    for mode in (False, True):
        with GradientTape() as tape:
            x = map_structure(ops.convert_to_tensor, inputs)
            floating = [leaf for leaf in flatten(x) if leaf.dtype.kind == "f"]
            tape.watch(floating)
            y = layer(x, training=mode)
            loss = sum(layer.losses, ops.sum(y * normal(*y.shape, seed=3).astype("float32")))
        results[f"output, training={mode}"] = y
        sources = [*floating, *layer.trainable_weights]
        grads = tape.gradient(loss, sources, unconnected_gradients="zero") if sources else []
        results |= {f"gradient {k}, training={mode}": np.array(g) for k, g in enumerate(grads)}
    return results | {w.name: w for w in layer.weights}


LAYERS = [
    part("Activation", lambda: layers.Activation("gelu")),
    part("Add", layers.Add, PAIR),
    part("Average", layers.Average, PAIR),
    part("BatchNormalization", layers.BatchNormalization),
    part("BatchNormalization-axis", lambda: layers.BatchNormalization(axis=1, momentum=0.5, center=False), CUBE),
    part("Concatenate", layers.Concatenate, PAIR),
    part("Dense", lambda: layers.Dense(3, activation="tanh", kernel_regularizer="l2", activity_regularizer="l1")),
    part("Dense-cube", lambda: layers.Dense(3, use_bias=False), CUBE),
    part("Dropout", lambda: layers.Dropout(0.4)),
    part("Dropout-noise_shape", lambda: layers.Dropout(0.5, noise_shape=(None, 1, 2), seed=3), CUBE),
    part("ELU", layers.ELU),
    part("Embedding", lambda: layers.Embedding(4, 3), INTEGERS),
    part("Flatten", layers.Flatten, CUBE),
    part("Identity", layers.Identity),
    part("GaussianNoise", lambda: layers.GaussianNoise(0.5)),
    part("InputLayer", lambda: layers.InputLayer((4,))),
    part("LayerNormalization", layers.LayerNormalization),
    part("LayerNormalization-axes", lambda: layers.LayerNormalization(axis=(1, 2)), CUBE),
    part("LeakyReLU", layers.LeakyReLU),
    part("Maximum", layers.Maximum, PAIR),
    part("Minimum", layers.Minimum, PAIR),
    part("Multiply", layers.Multiply, PAIR),
    part("Normalization", lambda: layers.Normalization(mean=0.5, variance=2.0)),
    part("PReLU", lambda: layers.PReLU("ones", shared_axes=1), CUBE),
    part("Permute", lambda: layers.Permute((2, 1)), CUBE),
    part("ReLU", lambda: layers.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.2)),
    part("RepeatVector", lambda: layers.RepeatVector(2)),
    part("Rescaling", lambda: layers.Rescaling(0.5, offset=[1.0, 2.0, 3.0, 4.0])),
    part("Reshape", lambda: layers.Reshape((2, -1))),
    part("Softmax", layers.Softmax),
    part("Subtract", layers.Subtract, PAIR),
]
