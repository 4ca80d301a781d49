"""How far two correct results may lie apart, by dtype and op: the one table of tolerances."""

__all__ = ["tolerance"]

BY_DTYPE = {"float16": (1e-2, 1e-2), "float32": (2e-5, 2e-6), "float64": (1e-11, 1e-12)}
BY_OP: dict[str, float] = {}  # factors for ops that lose digits by their nature
GRADIENT = 10.0  # a gradient is a longer computation than its op


def tolerance(op: str, dtype: str, gradient: bool = False) -> dict[str, float]:
    """Return ``rtol`` and ``atol`` for an op's results in a dtype, or for its gradients."""
    rtol, atol = BY_DTYPE.get(dtype, (0.0, 0.0))
    factor = BY_OP.get(op, 1.0) * (GRADIENT if gradient else 1.0)
    return {"rtol": rtol * factor, "atol": atol * factor}
