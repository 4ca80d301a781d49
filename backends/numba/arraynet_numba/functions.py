"""Elementary functions in plain arithmetic, which gives the same bits interpreted and compiled.

NumPy and the libraries behind Numba each have their own, which differ in the last bit, and Numba's are calls
that no loop vectorises around. None of these branches on the data: a choice between two numbers is no branch.
The polynomials are near-minimax fits, made with 60 digits; each is good to a tenth of a unit in the last place.
"""

import math

import numpy as np

__all__ = ["FUNCTIONS", "erf", "exp", "expm1", "log", "log1p", "tanh"]

FUNCTIONS = ("exp", "expm1", "log", "log1p", "tanh", "erf")  # each as <name>_32 and <name>_64 too

F, I32, I64 = np.float32, np.int32, np.int64
INF32, INF64 = F(np.inf), np.inf
# Added to a small number, these leave it rounded to an integer in the lowest bits: 1.5 * 2**23, 1.5 * 2**52.
ROUND32, ROUND64 = F(12582912.0), 6755399441055744.0
ROUND32_BITS, ROUND64_BITS = I32(ROUND32.view(I32)), I64(np.float64(ROUND64).view(I64))
ONE32, HALF32, TWO32 = F(1), F(0.5), F(2)
INVERSE_LOG2_32, INVERSE_LOG2_64 = F(1 / math.log(2)), 1 / math.log(2)
# log(2) in two parts. The first has trailing zeros, so that its product with an exponent is exact.
LOG2_HIGH32, LOG2_LOW32 = F(0.693359375), F(-2.12194440054690583e-4)
LOG2_HIGH64, LOG2_LOW64 = 0.693145751953125, 1.42860682030941723212e-6
LOWEST32, HIGHEST32, LOWEST64, HIGHEST64 = F(-104), F(89), -746.0, 710.0  # beyond, exp is 0 or infinite
UP32, DOWN32, UP64, DOWN64 = F(64), F(2.0**-64), 600.0, 2.0**-600  # between a denormal number's exponent and 0
MINUS_ONE32, MINUS_ONE64 = F(-30), -60.0  # below, expm1 is -1
TINY32, TINY64 = F(2.0**-26), 2.0**-55  # below, expm1 is the identity
NORMAL32, NORMAL64 = F(2.0**-126), 2.0**-1022  # the smallest numbers with all their digits
LIFT32, DROP32, LIFT64, DROP64 = F(2.0**25), F(-25), 2.0**54, -54.0  # a power of two, and its exponent taken off
ZERO32, ZERO64 = F(-0.0), -0.0  # added, it changes not even a zero, so it costs nothing
SQRT_HALF32, SQRT_HALF64 = I32(0x3F3504F3), I64(0x3FE6A09E667F3BCD)  # bits
MANTISSA32, MANTISSA64 = I32(0x7FFFFF), I64(0xFFFFFFFFFFFFF)
TANH_ONE32, TANH_ONE64, ERF_ONE32, ERF_ONE64 = F(10), 20.0, F(4), 6.0  # above, tanh and erf are 1

# Powers from the lowest up. EXP: (exp(r) - 1 - r) / r**2 on +-log(2) / 2; LOG: (log((1 + s) / (1 - s)) - 2 s) / s**3
# in s**2, 1 + f from sqrt(1/2) to sqrt(2); ERF: erf(x) / x - 1 in x**2, x to 1; ERFC: log(1 - erf(x)), x from 1.
EXP_64 = (
    0.5000000000000013, 0.1666666666666669, 0.041666666666514196, 0.008333333333311646, 0.001388888894728216,
    0.00019841269908354599, 2.4801489703882102e-05, 2.7557223985544583e-06, 2.763135583987852e-07,
    2.51155203854827e-08,
)  # fmt: skip
LOG_64 = (
    0.6666666666666735, 0.39999999999413266, 0.28571428742691474, 0.22222198542238072, 0.18183565943331514,
    0.15314008639997764, 0.14796376313548934,
)  # fmt: skip
TANH_64 = (
    -0.3333333333333317, 0.13333333333301087, -0.05396825394634005, 0.021869487797759796, -0.008863221203586803,
    0.003591955527646843, -0.0014544987977665614, 0.0005833344155117929, -0.00021789509640232318,
    5.685209066397454e-05,
)  # fmt: skip
ERF_64 = (
    0.12837916709551256, -0.3761263890318355, 0.11283791670945237, -0.02686617064327354, 0.005223977607401399,
    -0.0008548325988634454, 0.00012055295288607375, -1.4924744048642266e-05, 1.6447510067240722e-06,
    -1.6209117420046958e-07, 1.3722722329436794e-08, -7.800713035144435e-10,
)  # fmt: skip
ERFC_64 = (
    -5.101814072320714e-07, -1.1283740201010344, -0.6366439327593109, -0.10270261495853102, 0.018988638918024662,
    0.0004127336304635676, -0.0019181260906793634, 0.0007723948936489019, -0.00013615203506105842,
    -1.9720639268691853e-05, 2.2609250453289e-05, -8.601911022998447e-06, 2.1202257923833227e-06,
    -3.7053077325713874e-07, 4.605900501330816e-08, -3.9013275789388466e-09, 2.0266150271794578e-10,
    -4.881238532158167e-12,
)  # fmt: skip
EXP_32 = (F(0.5000000094605993), F(0.1666651865658146), F(0.04166620831997123), F(0.008368906357537394),
          F(0.0013950308423190559))  # fmt: skip
LOG_32 = (F(0.6666677659200416), F(0.3997751854281537), F(0.2987230895338215))
TANH_32 = (F(-0.3333332702966896), F(0.1333297002367954), F(-0.053899887851672844), F(0.02130130805644133),
           F(-0.006652921514642514))  # fmt: skip
ERF_32 = (F(0.12837916591148704), F(-0.3761262711858939), F(0.11283599961343317), F(-0.02685443490982452),
          F(0.005189515688381789), F(-0.000802065796957845), F(7.888479864473177e-05))  # fmt: skip
ERFC_32 = (F(-0.0003506911153268135), F(-1.1270521042766222), F(-0.6382059993628503), F(-0.10305416029952534),
           F(0.021813221540560507), F(-0.0029415514496463303), F(0.00018576918922294316))  # fmt: skip


def exp(x):
    """e**x, in the precision of x, as those below."""
    return exp_32(x) if x.dtype == F else exp_64(x)


def expm1(x):
    """e**x - 1."""
    return expm1_32(x) if x.dtype == F else expm1_64(x)


def log(x):
    """The natural logarithm."""
    return log_32(x) if x.dtype == F else log_64(x)


def log1p(x):
    """log(1 + x)."""
    return log1p_32(x) if x.dtype == F else log1p_64(x)


def tanh(x):
    """The hyperbolic tangent."""
    return tanh_32(x) if x.dtype == F else tanh_64(x)


def erf(x):
    """The error function."""
    return erf_32(x) if x.dtype == F else erf_64(x)


def power(x, p):
    """x**p, for a float64 that is not negative."""
    return exp_64(p * log_64(x)) if p != 0.0 else 1.0


def polynomial(x, terms):
    """Horner's scheme for even and for odd powers, which do not wait for each other."""
    n, z = len(terms), x * x
    a, b = terms[n - 1], terms[n - 2]
    for k in range(n - 3, 0, -2):
        a, b = a * z + terms[k], b * z + terms[k - 1]
    return a * x + b if n % 2 == 0 else b * x + (a * z + terms[0])


def parts_32(z):
    """An integer n and p with e**z = 2**n * (1 + p)."""
    n = (z * INVERSE_LOG2_32 + ROUND32) - ROUND32
    r = (z - n * LOG2_HIGH32) - n * LOG2_LOW32
    return n, r * r * polynomial(r, EXP_32) + r


def parts_64(z):
    n = (z * INVERSE_LOG2_64 + ROUND64) - ROUND64
    r = (z - n * LOG2_HIGH64) - n * LOG2_LOW64
    return n, r * r * polynomial(r, EXP_64) + r


def power_of_two_32(rounded):
    """2**n, for n in the lowest bits of a float."""
    return I32((F(rounded).view(I32) + I32(127)) << I32(23)).view(F)


def power_of_two_64(rounded):
    return I64((np.float64(rounded).view(I64) + 1023) << 52).view(np.float64)


def exp_32(x):
    z = LOWEST32 if x < LOWEST32 else x  # in this order, so that NaN stays
    n, p = parts_32(HIGHEST32 if z > HIGHEST32 else z)
    up = UP32 if n < F(0) else -ONE32  # in two steps, so that neither power of two leaves the range
    return (p + ONE32) * power_of_two_32(n + (ROUND32 + up)) * (DOWN32 if n < F(0) else TWO32)


def exp_64(x):
    z = LOWEST64 if x < LOWEST64 else x
    n, p = parts_64(HIGHEST64 if z > HIGHEST64 else z)
    up = UP64 if n < 0.0 else -1.0
    return (p + 1.0) * power_of_two_64(n + (ROUND64 + up)) * (DOWN64 if n < 0.0 else 2.0)


def exp_in_range_32(z):
    """`exp_32` where its result is a normal number."""
    n, p = parts_32(z)
    return (p + ONE32) * power_of_two_32(n + ROUND32)


def exp_in_range_64(z):
    n, p = parts_64(z)
    return (p + 1.0) * power_of_two_64(n + ROUND64)


def expm1_32(x):
    z = x if x > MINUS_ONE32 else MINUS_ONE32
    n, p = parts_32(z if z < HIGHEST32 else HIGHEST32)
    s = power_of_two_32(n + (ROUND32 - ONE32))  # half the power, which is in range
    y = (p * s + (s - HALF32)) * TWO32
    return y if abs(x) > TINY32 else x


def expm1_64(x):
    z = x if x > MINUS_ONE64 else MINUS_ONE64
    n, p = parts_64(z if z < HIGHEST64 else HIGHEST64)
    s = power_of_two_64(n + (ROUND64 - 1.0))
    y = (p * s + (s - 0.5)) * 2.0
    return y if abs(x) > TINY64 else x


def log_of_32(u, shift, c):
    """log(u) + c + shift * log(2), for a normal number u = 2**n * (1 + f)."""
    bits = I32(F(u).view(I32) - SQRT_HALF32)
    n = I32((bits >> I32(23)) + ROUND32_BITS).view(F) - ROUND32 + shift
    f = I32((bits & MANTISSA32) + SQRT_HALF32).view(F) - ONE32
    s, h = f / (f + TWO32), f * f * HALF32
    z = s * s
    return n * LOG2_HIGH32 + (f - (h - (s * (z * polynomial(z, LOG_32) + h) + (n * LOG2_LOW32 + c))))


def log_of_64(u, shift, c):
    bits = I64(np.float64(u).view(I64) - SQRT_HALF64)
    n = I64((bits >> 52) + ROUND64_BITS).view(np.float64) - ROUND64 + shift
    f = I64((bits & MANTISSA64) + SQRT_HALF64).view(np.float64) - 1.0
    s, h = f / (f + 2.0), f * f * 0.5
    z = s * s
    return n * LOG2_HIGH64 + (f - (h - (s * (z * polynomial(z, LOG_64) + h) + (n * LOG2_LOW64 + c))))


def log_32(x):
    u = x if x >= NORMAL32 else x * LIFT32
    y = log_of_32(abs(u), ZERO32 if x >= NORMAL32 else DROP32, ZERO32)
    y = y if x > F(0) else (-INF32 if x == F(0) else F(np.nan))
    return y if x < INF32 else x


def log_64(x):
    u = x if x >= NORMAL64 else x * LIFT64
    y = log_of_64(abs(u), ZERO64 if x >= NORMAL64 else DROP64, ZERO64)
    y = y if x > 0.0 else (-INF64 if x == 0.0 else np.nan)
    return np.float64(y if x < INF64 else x)


def log1p_32(x):
    u = x + ONE32
    near = u - ONE32
    y = log_of_32(abs(u), ZERO32, ((ONE32 - (u - near)) + (x - near)) / u)  # with what rounding took from 1 + x
    y = y if x > -ONE32 else (-INF32 if x == -ONE32 else F(np.nan))
    return np.copysign(y if x < INF32 else x, x)


def log1p_64(x):
    u = x + 1.0
    near = u - 1.0
    y = log_of_64(abs(u), ZERO64, ((1.0 - (u - near)) + (x - near)) / u)
    y = y if x > -1.0 else (-INF64 if x == -1.0 else np.nan)
    return np.copysign(y if x < INF64 else x, x)


def tanh_32(x):
    a, z = abs(x), x * x
    far = ONE32 - TWO32 / (exp_in_range_32((a if a < TANH_ONE32 else TANH_ONE32) * TWO32) + ONE32)
    return np.copysign(far if a >= HALF32 else z * a * polynomial(z, TANH_32) + a, x)


def tanh_64(x):
    a, z = abs(x), x * x
    far = 1.0 - 2.0 / (exp_in_range_64((a if a < TANH_ONE64 else TANH_ONE64) * 2.0) + 1.0)
    return np.copysign(far if a >= 0.5 else z * a * polynomial(z, TANH_64) + a, x)


def erf_32(x):
    a, z = abs(x), x * x
    far = ONE32 - exp_in_range_32(polynomial(a if a < ERF_ONE32 else ERF_ONE32, ERFC_32))
    return np.copysign(far if a >= ONE32 else a * polynomial(z, ERF_32) + a, x)


def erf_64(x):
    a, z = abs(x), x * x
    far = 1.0 - exp_in_range_64(polynomial(a if a < ERF_ONE64 else ERF_ONE64, ERFC_64))
    return np.copysign(far if a >= 1.0 else a * polynomial(z, ERF_64) + a, x)
