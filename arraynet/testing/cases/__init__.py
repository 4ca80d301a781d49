"""The table of op cases: it feeds oracle, gradient, dtype, capture, equivalence and benchmark checks."""

from importlib import import_module

from arraynet.testing.case import Case

__all__ = ["CASES", "cases_of"]

FAMILIES = (
    "elementwise",
    "bounds",
    "exponential",
    "special",
    "trigonometry",
    "rounding",
    "bitwise",
    "comparison",
    "reduction",
    "cumulative",
    "ordering",
    "quantiles",
    "nanreduction",
    "counting",
    "correlation",
    "shape",
    "creation",
    "indexing",
    "scatter",
    "linalg",
    "products",
    "nn",
)
CASES: list[Case] = [case for family in FAMILIES for case in import_module(f"arraynet.testing.cases.{family}").CASES]


def cases_of(name: str) -> list[Case]:
    """Return the cases of one op."""
    return [case for case in CASES if case.name == name]
