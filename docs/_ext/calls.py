"""What an op takes and gives, told by the calls that the tests make: shapes and dtypes cannot grow stale.

One sentence says what most ops compute. Which shapes go together, what becomes of the dtype, and whether there is a
derivative stands in the table of cases, so the reference takes it from there.
"""

from typing import Any

import numpy as np

import arraynet
from arraynet.testing.case import Case
from arraynet.testing.cases import CASES
from arraynet.tree import flatten, map_structure

SHOWN = 4
"""Calls at most, of different shapes."""


def facts(name: str) -> list[str]:
    """Return lines of reStructuredText about an op: some calls, and its derivative; none if no case is of that name."""
    cases = [case for case in CASES if case.name in (name, f"nn.{name}", f"linalg.{name}")]
    calls = list(dict.fromkeys(call(name, case) for case in cases))[:SHOWN]
    return ["", *(f"| ``{line}``" for line in calls), "", derivative(cases)] if calls else []


def call(name: str, case: Case) -> str:
    """Return a case as a call: ``add(float32 (3, 4), float32 (4,)) -> float32 (3, 4)``."""
    arrays = case.arrays("float32")
    given = [described(x) for x in arrays] + [f"{key}={described(value)}" for key, value in case.static.items()]
    return f"{name}({', '.join(given)}) -> {described(case.function()(*arrays))}"


def described(x: Any) -> str:
    """Return the dtype and shape of an array, and those of each in a list or tuple; other things as they are."""
    if isinstance(x, list | tuple) and any(hasattr(item, "shape") for item in x):
        inner = ", ".join(map(described, x))
        return f"[{inner}]" if isinstance(x, list) else f"({inner})"
    return f"{x.dtype} {x.shape}" if hasattr(x, "shape") else repr(x)


def derivative(cases: list[Case]) -> str:
    """Return a sentence on the derivative: how it is checked, or that there is none."""
    if any(case.grad for case in cases):
        return "Its derivatives of first and second order are compared with differences."
    return "It has no derivative: gradients end here." if any(map(ends_gradients, cases)) else ""


def ends_gradients(case: Case) -> bool:
    """Tell whether a case has floating inputs, none of which has a gradient."""
    given = map_structure(_tensor, list(case.arrays("float32")))
    sources = [x for x in flatten(given) if isinstance(x, arraynet.Tensor) and x.dtype.kind == "f"]
    with arraynet.GradientTape() as tape:
        tape.watch(sources)
        total = sum(arraynet.ops.sum(arraynet.ops.cast(y, "float32")) for y in flatten(case.function()(*given)))
    return bool(sources) and all(gradient is None for gradient in tape.gradient(total, sources))


def _tensor(x: Any) -> Any:
    return arraynet.ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x
