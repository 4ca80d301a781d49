"""Row by row: softmax, its logarithm, and the crossentropies of its logits.

The largest element is taken off first, so that no exponential overflows.
"""

from typing import Any

import numpy as np

from arraynet_numba.functions import exp, log
from arraynet_numba.kernels.table import Run, covered, kernel, split
from arraynet_numba.vectors import largest, total


def softmax_loop(x, y):
    for i in range(x.shape[0]):
        top = largest(x[i])
        for j in range(x.shape[1]):
            y[i, j] = exp(x[i, j] - top)
        share = 1.0 / total(y[i])
        for j in range(x.shape[1]):
            y[i, j] *= share


def log_softmax_loop(x, y):
    for i in range(x.shape[0]):
        top = largest(x[i])
        for j in range(x.shape[1]):
            y[i, j] = exp(x[i, j] - top)
        whole = log(total(y[i]))
        for j in range(x.shape[1]):
            y[i, j] = (x[i, j] - top) - whole


def softmax_crossentropy_loop(x, target, y):
    terms = np.empty(x.shape[1], x.dtype)
    for i in range(x.shape[0]):
        top = largest(x[i])
        for j in range(x.shape[1]):
            terms[j] = exp(x[i, j] - top)
        whole = log(total(terms))
        for j in range(x.shape[1]):
            terms[j] = target[i, j] * (whole - (x[i, j] - top))
        y[i] = total(terms)


def sparse_softmax_crossentropy_loop(x, labels, y):
    terms = np.empty(x.shape[1], x.dtype)
    for i in range(x.shape[0]):
        y[i] = 0
        if 0 <= labels[i] < x.shape[1]:
            top = largest(x[i])
            for j in range(x.shape[1]):
                terms[j] = exp(x[i, j] - top)
            y[i] = log(total(terms)) - (x[i, labels[i]] - top)


def rows(x: Any, axis: Any) -> Any:
    """Return an array as a matrix whose rows lie along axes; None where the loops do not cover that."""
    parts = split(x.shape, axis) if covered(x) else None
    return x.reshape(parts.before, parts.along) if parts and parts.behind == 1 else None


@kernel
def softmax(run: Run, x: Any, axis: Any = -1) -> Any:
    return _alike(run(softmax_loop), x, axis)


@kernel
def log_softmax(run: Run, x: Any, axis: Any = -1) -> Any:
    return _alike(run(log_softmax_loop), x, axis)


def _alike(loop: Any, x: Any, axis: Any) -> Any:
    matrix = rows(x, axis)
    if matrix is None:
        return NotImplemented
    y = np.empty(matrix.shape, x.dtype)
    loop(matrix, y)
    return y.reshape(x.shape)


@kernel
def softmax_crossentropy(run: Run, logits: Any, target: Any, axis: int = -1) -> Any:
    matrix = rows(logits, axis)
    if matrix is None or not covered(logits, target) or logits.shape != target.shape:
        return NotImplemented
    y = np.empty(len(matrix), logits.dtype)
    run(softmax_crossentropy_loop)(matrix, target.reshape(matrix.shape), y)
    return y.reshape(logits.shape[:-1])


@kernel
def sparse_softmax_crossentropy(run: Run, logits: Any, labels: Any, axis: int = -1) -> Any:
    matrix = rows(logits, axis)
    if matrix is None or np.shape(labels) != logits.shape[:-1]:
        return NotImplemented
    y = np.empty(len(matrix), logits.dtype)
    run(sparse_softmax_crossentropy_loop)(matrix, np.ascontiguousarray(labels, np.int32).reshape(-1), y)
    return y.reshape(logits.shape[:-1])
