"""The table of op cases: it feeds oracle, gradient, dtype, capture, equivalence and benchmark checks."""

from importlib import import_module
from pkgutil import iter_modules

from arraynet.checks import resembling
from arraynet.testing.case import Case

__all__ = ["CASES", "cases_of"]

CASES: list[Case] = [
    case
    for family in sorted(module.name for module in iter_modules(__path__))
    for case in import_module(f"arraynet.testing.cases.{family}").CASES
]


def cases_of(name: str) -> list[Case]:
    """Return the cases of one op; a name that has none is a ValueError."""
    found = [case for case in CASES if case.name == name]
    if not found:
        raise ValueError(f"No op is called {name!r}. {resembling(name, {case.name for case in CASES})}".rstrip())
    return found
