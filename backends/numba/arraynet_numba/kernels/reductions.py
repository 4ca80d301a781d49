"""Sums, means, largest and smallest elements along axes that lie side by side.

An array is seen as three axes: those before, those that are reduced, and those behind. Where none lie
behind, each result comes from one stretch of memory; otherwise whole stretches are put together.
"""

from typing import Any

import numpy as np

from arraynet_numba.kernels.table import Run, covered, kernel, split
from arraynet_numba.vectors import larger, largest, smaller, smallest, total


def mean_rows_loop(x, share, y):
    for i in range(x.shape[0]):
        y[i] = total(x[i]) / share


def mean_columns_loop(x, share, y):
    sums = np.empty(x.shape[2], np.float64)
    for i in range(x.shape[0]):
        for j in range(x.shape[2]):
            sums[j] = 0.0
        for k in range(x.shape[1]):
            for j in range(x.shape[2]):
                sums[j] += x[i, k, j]
        for j in range(x.shape[2]):
            y[i, j] = sums[j] / share


def max_rows_loop(x, y):
    for i in range(x.shape[0]):
        y[i] = largest(x[i])


def max_columns_loop(x, y):
    for i in range(x.shape[0]):
        for j in range(x.shape[2]):
            y[i, j] = x[i, 0, j]
        for k in range(1, x.shape[1]):
            for j in range(x.shape[2]):
                y[i, j] = larger(y[i, j], x[i, k, j])


def min_rows_loop(x, y):
    for i in range(x.shape[0]):
        y[i] = smallest(x[i])


def min_columns_loop(x, y):
    for i in range(x.shape[0]):
        for j in range(x.shape[2]):
            y[i, j] = x[i, 0, j]
        for k in range(1, x.shape[1]):
            for j in range(x.shape[2]):
                y[i, j] = smaller(y[i, j], x[i, k, j])


def reduced(run: Run, loops: Any, x: Any, axis: Any, keepdims: bool, *share: float) -> Any:
    """Run the loop for rows or the one for columns, whichever the axes ask for."""
    parts = split(x.shape, axis) if covered(x) else None
    if parts is None:
        return NotImplemented
    if parts.behind == 1:
        y = np.empty(parts.before, x.dtype)
        run(loops[0])(x.reshape(parts.before, parts.along), *share, y)
    else:
        y = np.empty((parts.before, parts.behind), x.dtype)
        run(loops[1])(x.reshape(parts.before, parts.along, parts.behind), *share, y)
    return y.reshape(parts.kept if keepdims else parts.left)


@kernel
def sum_(run: Run, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return reduced(run, (mean_rows_loop, mean_columns_loop), x, axis, keepdims, 1.0)


@kernel
def mean(run: Run, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    parts = split(x.shape, axis)
    share = float(parts.along) if parts else 1.0
    return reduced(run, (mean_rows_loop, mean_columns_loop), x, axis, keepdims, share)


@kernel
def max_(run: Run, x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    if initial is not None:
        return NotImplemented
    return reduced(run, (max_rows_loop, max_columns_loop), x, axis, keepdims)


@kernel
def min_(run: Run, x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    if initial is not None:
        return NotImplemented
    return reduced(run, (min_rows_loop, min_columns_loop), x, axis, keepdims)
