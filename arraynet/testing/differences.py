"""Whether two results are equal within a tolerance, and if not, where they lie furthest apart."""

from collections.abc import Iterable, Iterator

import numpy as np

__all__ = ["compared", "distance", "ulps", "worst"]


def compared(results: Iterable[tuple[str, np.ndarray, np.ndarray]], allowed: dict[str, float]) -> Iterator[str]:
    """Yield, in words, what sets results apart from expected ones; each comes with its name."""
    for name, a, e in results:
        if a.shape != e.shape or a.dtype != e.dtype:
            yield f"{name} is {a.dtype} of shape {a.shape}, the reference's is {e.dtype} of shape {e.shape}"
        elif not np.allclose(a, e, equal_nan=True, **allowed):
            at = worst(a, e)
            yield f"{name} differs: {a[at]!r} for {e[at]!r} at {at}"


def worst(a: np.ndarray, e: np.ndarray) -> tuple[int, ...]:
    """Return the index of the element that lies furthest from its expected value."""
    return tuple(map(int, np.unravel_index(np.argmax(distance(a, e)), a.shape)))


def distance(a: np.ndarray, e: np.ndarray) -> np.ndarray:
    """Return how far elements lie apart in float64; NaN is as far from a number as can be, and equal to NaN."""
    with np.errstate(all="ignore"):
        gap = np.abs(a.astype("float64") - e.astype("float64"))
    return np.where((a == e) | (np.isnan(a) & np.isnan(e)), 0.0, np.where(np.isnan(gap), np.inf, gap))


def ulps(a: np.ndarray, e: np.ndarray) -> np.ndarray:
    """Return the errors of finite elements in units in the last place of the expected values, as one flat array."""
    if a.shape != e.shape or a.dtype.kind != "f" or e.dtype.kind != "f":
        return np.zeros(0)
    finite = np.isfinite(a) & np.isfinite(e)
    size = np.maximum(np.abs(e[finite]), np.finfo(e.dtype).tiny)
    with np.errstate(over="ignore"):  # one may be small, the other large
        return np.asarray(distance(a[finite], e[finite]) / np.spacing(size))
