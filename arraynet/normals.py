"""Normal numbers of random words, the same bits everywhere.

They are made of sums, products, quotients and roots, which IEEE 754 rounds in one way: libraries' logarithms
differ in the last bit, even those of one NumPy on two processors.
"""

from typing import Any

import numpy as np

from arraynet.words import host_words

__all__ = ["CENTRE", "FAR", "LOG", "LOG2", "ROOT_HALF", "TAIL", "host_normals", "normal_quantile", "rational"]


def host_normals(key: tuple[int, int], start: int, n: int, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """Return standard normal numbers in float64, between the quantiles `low` and `high`.

    One number a 64-bit word: its upper 52 bits, in the middle of their interval, are the probability.
    """
    words = host_words(key, start, n, 64) >> np.uint64(12)
    return normal_quantile(low + (high - low) * (words + 0.5) * 2.0**-52)


def normal_quantile(p: np.ndarray) -> np.ndarray:
    """Return where the standard normal distribution reaches the probabilities `p`, within (0, 1).

    Accurate to about 1e-16 relative. M. J. Wichura, Algorithm AS 241: the percentage points of the normal
    distribution, Applied Statistics 37 (1988), routine PPND16.
    """
    q = p - 0.5
    z: np.ndarray = q * rational(0.180625 - q * q, *CENTRE)
    outer = np.abs(q) > 0.425
    p, q = p[outer], q[outer]
    r = np.sqrt(-_log(np.minimum(p, 1 - p)))
    z[outer] = np.copysign(np.where(r <= 5, rational(r - 1.6, *TAIL), rational(r - 5, *FAR)), q)
    return z


def _log(x: np.ndarray) -> np.ndarray:
    """The natural logarithm: ``log(2) e + 2 artanh(s)``, where ``x = m 2**e`` and ``s = (m - 1) / (m + 1)``."""
    m, e = np.frexp(x)
    low = m < ROOT_HALF
    m, e = np.where(low, m + m, m), e - low
    s = (m - 1) / (m + 1)
    return np.asarray(e * LOG2 + 2 * s * np.polyval(LOG, s * s))


def rational(x: Any, top: tuple[float, ...], bottom: tuple[float, ...]) -> Any:
    """Return the quotient of two polynomials, coefficients of the highest power first."""
    p, q = top[0] * x + top[1], bottom[0] * x + bottom[1]
    for c, d in zip(top[2:], bottom[2:], strict=True):
        p, q = p * x + c, q * x + d
    return p / q


LOG2, ROOT_HALF = 0.6931471805599453, 0.7071067811865476
LOG = tuple(1 / k for k in range(21, 0, -2))  # of artanh(s) / s, in powers of s * s below 0.03


# Wichura's coefficients, highest power first.
CENTRE = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
     1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
     5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0),
)  # fmt: skip
TAIL = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
     3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
     6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0),
)  # fmt: skip
FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
     2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
     1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0),
)  # fmt: skip
