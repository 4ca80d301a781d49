"""How far two correct results may lie apart, by dtype, op and length of the computation, in one table."""

from typing import Any

__all__ = ["STAGES", "table", "tolerance"]

BY_DTYPE = {"float16": (1e-2, 1e-2), "float32": (2e-5, 2e-6), "float64": (1e-11, 1e-12)}
BY_OP: dict[str, float] = {}  # factors for ops that lose digits by their nature
STAGES = {  # factors for what comes after what
    "value": 1.0,
    "gradient": 10.0,  # a longer computation than its op
    "training": 100.0,  # some ten steps, each on the errors of those before it
}


def tolerance(op: str, dtype: str, stage: str = "value") -> dict[str, float]:
    """Return ``rtol`` and ``atol`` for results in a dtype.

    Parameters
    ----------
    op : str
        Whose results they are; a name that is not in the table has no factor of its own.
    dtype : str
        Of the results; those that are not floating must be equal.
    stage : {"value", "gradient", "training"}
        Whether they are an op's values, its gradients, or what some steps of training left.

    Examples
    --------
    >>> from arraynet.testing import tolerances
    >>> tolerances.tolerance("add", "float32")
    {'rtol': 2e-05, 'atol': 2e-06}
    """
    rtol, atol = BY_DTYPE.get(dtype, (0.0, 0.0))
    factor = BY_OP.get(op, 1.0) * STAGES[stage]
    return {"rtol": rtol * factor, "atol": atol * factor}


def table() -> list[dict[str, Any]]:
    """Return all tolerances as rows with the keys op, dtype, stage, rtol and atol; ops are those with a factor.

    The first rows, of op ``"any"``, are for all others.
    """
    return [
        {"op": op, "dtype": dtype, "stage": stage, **tolerance(op, dtype, stage)}
        for op in ("any", *BY_OP)
        for dtype in BY_DTYPE
        for stage in STAGES
    ]
