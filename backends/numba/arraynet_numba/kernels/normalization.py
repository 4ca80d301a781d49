"""Normalisation: of each row by its own mean and variance, of each channel by given ones."""

from typing import Any

import numpy as np

from arraynet_numba.kernels.rows import rows
from arraynet_numba.kernels.table import Run, covered, kernel
from arraynet_numba.vectors import total


def layer_normalization_loop(x, gamma, beta, epsilon, y):
    squares = np.empty(x.shape[1], np.float64)
    for i in range(x.shape[0]):
        mean = total(x[i]) / x.shape[1]
        for j in range(x.shape[1]):
            squares[j] = (x[i, j] - mean) * (x[i, j] - mean)
        inverse = 1.0 / np.sqrt(total(squares) / x.shape[1] + epsilon)
        for j in range(x.shape[1]):
            y[i, j] = (x[i, j] - mean) * inverse * gamma[j] + beta[j]


def batch_normalization_last_loop(x, mean, variance, offset, scale, epsilon, y):
    factor = np.empty(mean.size, np.float64)
    for j in range(mean.size):
        factor[j] = scale[j] / np.sqrt(variance[j] + np.float64(epsilon))
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            y[i, j] = (x[i, j] - mean[j]) * factor[j] + offset[j]


def batch_normalization_loop(x, mean, variance, offset, scale, epsilon, y):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            factor = scale[j] / np.sqrt(variance[j] + np.float64(epsilon))
            for k in range(x.shape[2]):
                y[i, j, k] = (x[i, j, k] - mean[j]) * factor + offset[j]


def neutral(n: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return factors and summands that change nothing: adding -0.0 leaves even the sign of a zero."""
    return np.ones(n, x.dtype), np.full(n, -0.0, x.dtype)


@kernel
def layer_normalization(
    run: Run, x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float = 1e-7
) -> Any:
    matrix = rows(x, axis)
    given = [v for v in (gamma, beta) if v is not None]
    if matrix is None or not covered(x, *given) or not all(_lies_along(v, x, matrix.shape[1]) for v in given):
        return NotImplemented
    ones, zeros = neutral(matrix.shape[1], x)
    y = np.empty(matrix.shape, x.dtype)
    gamma, beta = ones if gamma is None else gamma.reshape(-1), zeros if beta is None else beta.reshape(-1)
    run(layer_normalization_loop)(matrix, gamma, beta, epsilon, y)
    return y.reshape(x.shape)


def _lies_along(v: np.ndarray, x: np.ndarray, columns: int) -> bool:
    """Tell whether an array has one element for each column, in the shape of the last axes."""
    shape = v.shape
    while shape[:1] == (1,) and len(shape) > 1:
        shape = shape[1:]
    return v.size == columns and shape == x.shape[x.ndim - len(shape) :] and v.ndim <= x.ndim


@kernel
def batch_normalization(
    run: Run, x: Any, mean: Any, variance: Any, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Any:
    given = [v for v in (mean, variance, offset, scale) if v is not None]
    if not covered(x, *given) or any(v.shape != mean.shape for v in given) or not 0 < mean.ndim <= x.ndim:
        return NotImplemented
    channels, behind = mean.size, x.shape[x.ndim - mean.ndim + 1 :]
    if mean.shape != (channels, *(1 for _ in behind)) or x.shape[x.ndim - mean.ndim] != channels:
        return NotImplemented
    ones, zeros = neutral(channels, x)
    statistics = [mean, variance, zeros if offset is None else offset, ones if scale is None else scale]
    y = np.empty(x.shape, x.dtype)
    shape, loop = (-1, channels), batch_normalization_last_loop
    if behind:
        shape, loop = (-1, channels, int(np.prod(behind))), batch_normalization_loop
    run(loop)(x.reshape(shape), *(v.reshape(-1) for v in statistics), epsilon, y.reshape(shape))
    return y
