"""Correlation: of variables with each other, and of one sequence with another at every shift."""

import math
from typing import Any

import numpy as np

from arraynet.checks import choice
from arraynet.operands import operands
from arraynet.ops.bounds import clip
from arraynet.ops.elementwise import rsqrt, square, subtract
from arraynet.ops.products import matmul
from arraynet.ops.reduction import mean, sum
from arraynet.ops.shape import concatenate, reshape, transpose, zeros_like
from arraynet.ops.taking import take

__all__ = ["corrcoef", "correlate"]


def corrcoef(x: Any) -> Any:
    """Return the correlation coefficient of each row with each, from -1 to 1; NaN for a constant one.

    Shapes: (variables, samples) to (variables, variables); one variable gives a number.
    """
    (x,) = operands(x)
    if x.ndim not in (1, 2):
        raise ValueError(f"corrcoef: x is (variables, samples) or (samples,), received shape {x.shape}.")
    rows = reshape(x, (1, *x.shape)[-2:])
    if x.shape[-1]:
        rows = subtract(rows, mean(rows, axis=1, keepdims=True))
    else:
        rows = sum(rows, axis=1, keepdims=True) * math.nan  # no samples vary as little as constant ones
    rows = rows * rsqrt(sum(square(rows), axis=1, keepdims=True))
    y = clip(matmul(rows, transpose(rows)), -1, 1)
    return reshape(y, ()) if y.size == 1 else y


def correlate(x1: Any, x2: Any, mode: str = "valid") -> Any:
    """Return the sums of products of two vectors, the second shifted along the first.

    Parameters
    ----------
    x1, x2 : vector
        Of n and m elements.
    mode : {"valid", "same", "full"}
        The shifts at which one lies wholly within the other, ``abs(n - m) + 1``; as many as the longer one has,
        from the middle; or all at which they meet, ``n + m - 1``.
    """
    x1, x2 = operands(x1, x2)
    n, m = x1.size, x2.size
    if x1.ndim != 1 or x2.ndim != 1 or not n or not m:
        raise ValueError(f"correlate: both are vectors with elements, received shapes {x1.shape} and {x2.shape}.")
    small, large = min(n, m), max(n, m)
    middle = (small - 1) // 2 if n >= m else small // 2
    spans = {"valid": (small - 1, large), "same": (middle, middle + large), "full": (0, n + m - 1)}
    gap = zeros_like(x2[1:], x1.dtype.name)
    padded = concatenate([gap, x1, gap])
    shifts = np.arange(*spans[choice("correlate: mode", mode, spans)])
    return matmul(take(padded, shifts[:, None] + np.arange(m), axis=0), x2)
