"""Compiled functions of `arraynet_numba.multiplication` by their addresses, each compiled once for all programs."""

from functools import cache
from typing import Any

from arraynet_numba.generated import loaded
from arraynet_numba.tasks import COMPLETES, Task
from arraynet_numba.views import Use, flat

__all__ = ["address_of", "completed", "kind_of", "kinds_of", "task"]

LAYOUTS = {  # of the matrices that they are given: any, without gaps, or the transpose of such; or an index
    "multiply": "AICCC",
    "multiply_transposed": "AIICC",
    "pack_panels": "AC",
    "block_of_rows": "AIICC",
    "transpose": "AC",
}
INDEX = ("int64", 1, "C")
TEXT = """from arraynet_numba.multiplication import {name}

given = unpacked({kinds})


@numba.cfunc("int64(int64, int64, int64)", cache=True, error_model="numpy")
def loop(data, part, parts):
    {arrays} = given(data)
    {name}(part, parts, {arrays})
    return 1
"""


def task(name: str, dtype: Any, given: list[Use], work: int) -> Task:
    """Return the task that is a function of `arraynet_numba.multiplication`."""
    return Task(address_of(name, dtype.name), kinds_of(name, dtype.name), given, work)


def completed(partial: Any, total: Any) -> Task:
    """Return the task that adds up what parts of the task before have left in `partial`."""
    return task("add_up", total.dtype, [Use(partial), Use(total, flat)], COMPLETES)


def kind_of(value: Any) -> Any:
    """Return what is given for a Value: an array without gaps, or a number."""
    return "float64" if value.shape is None else (value.dtype.name, len(value.shape), "C")


@cache
def address_of(name: str, dtype: str) -> int:
    """Return where a function of `arraynet_numba.multiplication` for arrays of a dtype is."""
    kinds = kinds_of(name, dtype)
    arrays = ", ".join(f"x{k}" for k in range(len(kinds)))
    return int(loaded(TEXT.format(name=name, kinds=kinds, arrays=arrays)).address)


def kinds_of(name: str, dtype: str) -> tuple[Any, ...]:
    """Return the kinds of what a function of `arraynet_numba.multiplication` is given."""
    if name == "add_up":
        return ("float64", 2, "C"), (dtype, 1, "C")
    return tuple(INDEX if layout == "I" else (dtype, 2, layout) for layout in LAYOUTS[name])
