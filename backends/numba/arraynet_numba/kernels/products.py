"""Products of vectors and matrices, each made of the one before."""

from typing import Any

import numpy as np

from arraynet_numba.kernels.table import Run, covered, kernel
from arraynet_numba.vectors import dot


def vector_vector_loop(x, y, z):
    z[0] = dot(x, y)


def matrix_vector_loop(x, y, z):
    for i in range(x.shape[0]):
        z[i] = dot(x[i], y)


def matrix_matrix_loop(x, y, z):
    for i in range(x.shape[0]):
        for j in range(y.shape[1]):
            z[i, j] = dot(x[i], y[:, j])


@kernel
def matmul(run: Run, x1: Any, x2: Any) -> Any:
    x1, x2 = np.ascontiguousarray(x1), np.ascontiguousarray(x2)  # a transposed factor is as common as a plain one
    if not covered(x1, x2) or not x1.ndim == x2.ndim == 2 or x1.shape[1] != x2.shape[0]:
        return NotImplemented
    z = np.empty((x1.shape[0], x2.shape[1]), x1.dtype)
    if z.size == 1:
        run(vector_vector_loop)(x1[0], x2.reshape(-1), z[0])
    elif z.shape[1] == 1:
        run(matrix_vector_loop)(x1, x2.reshape(-1), z.reshape(-1))
    else:
        run(matrix_matrix_loop)(x1, x2, z)
    return z
