"""What the loops ask of one vector: its sum, in float64, and its largest and smallest element.

A single running sum makes every addition wait for the last. So a long vector is taken in parts of 64
elements, with a running sum for each place in a part: a loop that vectorises as it stands. The order of
the additions is thereby part of the text, and the same wherever it runs. A shorter one has four running sums.
"""

import numpy as np

__all__ = ["dot", "largest", "smallest", "total"]

PLACES = 64
LONG = 512  # elements from which the parts are worth their array


def total(x):
    """The sum, in float64."""
    if x.size >= LONG:
        return plain_total(by_place(x)) + plain_total(x[x.size - x.size % PLACES :])
    return plain_total(x)


def by_place(x):
    """The sum for each place in a part."""
    sums = np.zeros(PLACES, np.float64)
    for start in range(0, x.size - x.size % PLACES, PLACES):
        part = x[start : start + PLACES]
        for k in range(sums.size):
            sums[k] += part[k]
    return sums


def plain_total(x):
    """The sum of a short vector, by four running sums."""
    a = b = c = d = np.float64(0.0)
    whole = x.size - x.size % 4
    for i in range(0, whole, 4):
        a, b, c, d = a + x[i], b + x[i + 1], c + x[i + 2], d + x[i + 3]
    for i in range(whole, x.size):
        a += x[i]
    return (a + b) + (c + d)


def largest(x):
    """The largest element, NaN if there is one."""
    if x.size < LONG // 2:
        return plain_largest(x)
    tops = x[:PLACES].copy()
    for start in range(PLACES, x.size - x.size % PLACES, PLACES):
        part = x[start : start + PLACES]
        for k in range(tops.size):
            tops[k] = larger(tops[k], part[k])
    rest = x[x.size - PLACES :]  # some of these once more, which does no harm
    for k in range(tops.size):
        tops[k] = larger(tops[k], rest[k])
    return plain_largest(tops)


def plain_largest(x):
    """The largest element of a short vector, by four comparisons side by side if it is not very short."""
    a = b = c = d = x[0]
    whole = x.size - x.size % 4 if x.size > 16 else 0
    for i in range(0, whole, 4):
        a, b, c, d = larger(a, x[i]), larger(b, x[i + 1]), larger(c, x[i + 2]), larger(d, x[i + 3])
    for i in range(whole, x.size):
        a = larger(a, x[i])
    return larger(larger(a, b), larger(c, d))


def larger(a, b):
    """The larger of two numbers, NaN if one is."""
    return b if b > a or b != b else a


def smallest(x):
    """The smallest element, NaN if there is one."""
    low = x[0]
    for i in range(1, x.size):
        low = smaller(low, x[i])
    return low


def smaller(a, b):
    """The smaller of two numbers, NaN if one is."""
    return b if b < a or b != b else a


def dot(x, y):
    """The sum of products, one after the other, in float64."""
    z = np.float64(0.0)
    for i in range(x.shape[0]):
        z += x[i] * y[i]
    return z
