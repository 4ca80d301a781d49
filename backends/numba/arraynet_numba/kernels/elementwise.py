"""Element by element: activations, sums with and without broadcasting, the crossentropy of a sigmoid."""

from typing import Any

import numpy as np

from arraynet_numba.functions import exp, log1p
from arraynet_numba.kernels.table import Run, covered, flat, kernel


def relu_loop(x, y):
    zero = x.dtype.type(0)
    for i in range(x.size):
        y[i] = zero if x[i] <= zero else x[i]  # in this order, so that NaN stays


def add_loop(x, y, z):
    for i in range(x.size):
        z[i] = x[i] + y[i]


def add_row_loop(x, y, z):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            z[i, j] = x[i, j] + y[j]


def sigmoid_crossentropy_loop(x, target, y):
    zero = x.dtype.type(0)
    for i in range(x.size):
        above = zero if x[i] <= zero else x[i]
        y[i] = above - x[i] * target[i] + log1p(np.float64(exp(-abs(x[i]))))


@kernel
def relu(run: Run, x: Any) -> Any:
    if not covered(x):
        return NotImplemented
    y = np.empty(x.shape, x.dtype)
    run(relu_loop)(*flat(x, y))
    return y


@kernel
def add(run: Run, x1: Any, x2: Any) -> Any:
    if not covered(x1, x2):
        return NotImplemented
    y = np.empty(x1.shape, x1.dtype)
    if x1.shape == x2.shape:
        run(add_loop)(*flat(x1, x2, y))
    elif x2.shape == x1.shape[-1:]:
        rows = (-1, x2.size)
        run(add_row_loop)(x1.reshape(rows), x2, y.reshape(rows))
    else:
        return NotImplemented
    return y


@kernel
def sigmoid_crossentropy(run: Run, logits: Any, target: Any) -> Any:
    if not covered(logits, target) or logits.shape != target.shape:
        return NotImplemented
    y = np.empty(logits.shape, logits.dtype)
    run(sigmoid_crossentropy_loop)(*flat(logits, target, y))
    return y
