"""Elements that change their place: transposition, rows by index, and their opposite."""

from typing import Any

import numpy as np

from arraynet_numba.kernels.table import Run, covered, kernel


def transpose_loop(x, y):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            y[j, i] = x[i, j]


def take_loop(x, indices, y):
    for i in range(indices.size):
        for j in range(x.shape[1]):
            y[i, j] = x[indices[i], j]


def put_rows_loop(values, indices, y):
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = 0
    for i in range(indices.size):
        for j in range(y.shape[1]):
            y[indices[i], j] += values[i, j]  # an index may come twice


@kernel
def transpose(run: Run, x: Any, axes: Any = None) -> Any:
    if not covered(x) or x.ndim != 2 or axes not in (None, (1, 0)):
        return NotImplemented
    y = np.empty(x.shape[::-1], x.dtype)
    run(transpose_loop)(x, y)
    return y


def _indices(indices: Any) -> bool:
    return type(indices) is np.ndarray and indices.dtype.kind == "i" and indices.flags.c_contiguous


@kernel
def take(run: Run, x: Any, indices: Any, axis: int) -> Any:
    if not covered(x) or axis != 0 or not x.ndim or not _indices(indices):
        return NotImplemented
    y = np.empty((*indices.shape, *x.shape[1:]), x.dtype)
    width = x[0].size
    run(take_loop)(x.reshape(-1, width), indices.reshape(-1), y.reshape(-1, width))
    return y


@kernel
def put_rows(run: Run, values: Any, indices: Any, n: int, axis: int) -> Any:
    if not covered(values) or axis != 0 or not n or not _indices(indices):
        return NotImplemented
    y = np.empty((n, *values.shape[indices.ndim :]), values.dtype)
    width = y[0].size
    run(put_rows_loop)(values.reshape(-1, width), indices.reshape(-1), y.reshape(-1, width))
    return y
