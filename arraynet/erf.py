"""The error function, which the array-API standard lacks, in primitives that it has.

W. J. Cody, Rational Chebyshev approximations for the error function, Mathematics of Computation 23 (1969).
"""

from typing import Any

from arraynet.normals import rational

__all__ = ["erf", "erf_tail"]


def erf(xp: Any, x: Any) -> Any:
    """Return the error function of `x`, to about one unit in the last place of float64."""
    a = xp.abs(x)
    near = xp.where(a < 0.5, x, xp.zeros_like(x))
    small = near * rational(near * near, *NEAR)
    result = xp.where(a <= 0.46875, small, xp.sign(x) * (1 - erf_tail(xp, a)))
    return xp.where(xp.isnan(x), x, result)


def erf_tail(xp: Any, x: Any) -> Any:
    """Return ``1 - erf(x)`` for `x` above 0.46875, with all digits where that is small."""
    middle, far = xp.clip(x, 0.46875, 4.0), xp.clip(x, 4.0, 30.0)
    inverse = 1 / (far * far)
    large = (0.5641895835477562869 - inverse * rational(inverse, *FAR)) / far
    return xp.where(x <= 4.0, xp.exp(-middle * middle) * rational(middle, *MIDDLE), xp.exp(-far * far) * large)


# Cody's coefficients, highest power first.
NEAR = (
    (1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2,
     3.77485237685302021e2, 3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2,
     1.28261652607737228e3, 2.84423683343917062e3),
)  # fmt: skip
MIDDLE = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
     2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
     1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2,
     1.62138957456669019e3, 3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3,
     1.23033935480374942e3),
)  # fmt: skip
FAR = (
    (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1,
     1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4),
    (1.0, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1,
     6.05183413124413191e-2, 2.33520497626869185e-3),
)  # fmt: skip
