"""Exponential and logarithm in plain arithmetic, which gives the same bits interpreted and compiled.

NumPy and the libraries behind Numba each have their own, which differ in the last bit. None of these
branches on the data (a choice between two numbers is no branch), so loops around them vectorise.
"""

import math

import numpy as np

__all__ = ["exp", "exp32", "exp64", "log", "log1p"]

F = np.float32
# Added to a small number, these leave it rounded to an integer in the lowest bits: 1.5 * 2**52, 1.5 * 2**23.
ROUND64, ROUND32 = 6755399441055744.0, F(12582912.0)
# log(2) in two parts. The first has trailing zeros, so that its product with an exponent is exact.
LOG2_HIGH, LOG2_LOW = 0.693145751953125, 1.42860682030941723212e-6
LOG2_HIGH32, LOG2_LOW32 = F(0.693359375), F(-2.12194440054690583e-4)
INVERSE_LOG2, INVERSE_LOG2_32 = 1 / math.log(2), F(1 / math.log(2))
TERMS = tuple(1 / math.factorial(k) for k in range(14))  # of the exponential's Taylor series
TERMS32 = tuple(F(term) for term in TERMS[:8])
HALF32 = F(0.5)
LOWEST32, HIGHEST32 = F(-104), F(89)
SMALLEST = 2.2250738585072014e-308  # the smallest normal number


def exp(x):
    """e**x, in the precision of x."""
    return exp32(x) if x.dtype == np.float32 else exp64(x)


def exp64(x):
    """2**n * e**r with an integer n and |r| < log(2) / 2, where 14 terms of Taylor's series are all digits."""
    z = x if x > -746.0 else -746.0
    z = z if z < 710.0 else 710.0
    n = (z * INVERSE_LOG2 + ROUND64) - ROUND64
    r = (z - n * LOG2_HIGH) - n * LOG2_LOW
    p = TERMS[13]
    for k in range(12, -1, -1):
        p = p * r + TERMS[k]
    half = n * 0.5 + ROUND64  # in two steps, so that neither power of two leaves the range
    rest = (n - (half - ROUND64)) + ROUND64
    y = p * power_of_two64(half) * power_of_two64(rest)
    return y if x == x else x


def power_of_two64(rounded):
    """2**n, for n in the lowest bits of a float."""
    return np.int64((np.float64(rounded).view(np.int64) + 1023) << 52).view(np.float64)


def exp32(x):
    """`exp64` with 8 terms."""
    z = x if x > LOWEST32 else LOWEST32
    z = z if z < HIGHEST32 else HIGHEST32
    n = (z * INVERSE_LOG2_32 + ROUND32) - ROUND32
    r = (z - n * LOG2_HIGH32) - n * LOG2_LOW32
    p = TERMS32[7]
    for k in range(6, -1, -1):
        p = p * r + TERMS32[k]
    half = n * HALF32 + ROUND32
    rest = (n - (half - ROUND32)) + ROUND32
    y = p * power_of_two32(half) * power_of_two32(rest)
    return y if x == x else x


def power_of_two32(rounded):
    return np.int32((np.float32(rounded).view(np.int32) + np.int32(127)) << np.int32(23)).view(np.float32)


def log(x):
    """The natural logarithm of a float64: x = 2**n * m with m near 1, and log(m) = 2 artanh((m - 1) / (m + 1))."""
    if x != x or x < 0.0:
        return np.float64(np.nan)
    if x == 0.0 or x == np.inf:
        return x if x > 0.0 else np.float64(-np.inf)
    shift = 54.0 if x < SMALLEST else 0.0
    bits = np.float64(x * 18014398509481984.0 if x < SMALLEST else x).view(np.int64)
    n = np.float64((bits >> 52) - 1023) - shift
    m = np.int64((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000).view(np.float64)
    if m > 1.4142135623730951:
        m, n = m * 0.5, n + 1.0
    return n * LOG2_HIGH + (twice_artanh((m - 1.0) / (m + 1.0), 11) + n * LOG2_LOW)


def log1p(x):
    """log(1 + x) for a float64 from 0 to 1."""
    return twice_artanh(x / (x + 2.0), 17)


def twice_artanh(s, terms):
    """The series 2 (s + s**3 / 3 + s**5 / 5 + ...)."""
    z, p = s * s, np.float64(0.0)
    for k in range(terms - 1, -1, -1):
        p = p * z + 1.0 / np.float64(2 * k + 1)
    return 2.0 * s * p
