"""Compiled functions that a program calls by their addresses, each compiled once for all programs.

Linked into the one function that calls them all, each would be optimised and written as machine code a second time,
and products of matrices for every network anew.
"""

from functools import cache
from typing import Any

from arraynet_numba.generated import loaded

__all__ = ["Entries", "address_of", "kind_of"]

KINDS = {  # the dimensions of what the functions of `arraynet_numba.multiplication` are given
    "multiply": (2, 2, 2),
    "multiply_transposed": (2, 2, 2),
    "pack_panels": (2, 2),
    "block_of_rows": (2, 2, 2),
}
TEXT = """from arraynet_numba.atomics import unpacked
from arraynet_numba.multiplication import {name}

given = unpacked({kinds})


@numba.cfunc("int64(int64, int64, int64)", cache=True, error_model="numpy")
def loop(data, part, parts):
    {arrays} = given(data)
    {name}(part, parts, {arrays})
    return 1
"""


class Entries:
    """The functions that a program calls, and what they are called in the text of its caller.

    Attributes
    ----------
    addresses : list of int
        Where they are, in the order in which the caller's constant `entries` has them.
    kinds : list of tuple
        What the tuples that they are given hold: of arrays dtype, dimensions and layout, of numbers the dtype.
    """

    def __init__(self) -> None:
        self.addresses: list[int] = []
        self.kinds: list[Any] = []

    def task(self, address: int, kinds: Any, given: list[str]) -> str:
        """Return the text of what `share` and `call` take: the address of a function, and of what it is given."""
        if kinds not in self.kinds:
            self.kinds.append(kinds)
        return f"{self.at(address)}, stored_{self.kinds.index(kinds)}(({', '.join(given)},))"

    def at(self, address: int) -> str:
        """Return the text of an address."""
        if address not in self.addresses:
            self.addresses.append(address)
        return f"entries[{self.addresses.index(address)}]"

    def product(self, name: str, dtype: Any, *given: str) -> str:
        """The same for a function of `arraynet_numba.multiplication`."""
        return self.task(address_of(name, dtype.name), _kinds(name, dtype.name), [*given])

    def stores(self) -> str:
        """Return the text that defines what the tasks store their tuples with."""
        return "".join(f"stored_{k} = stored({kinds})\n" for k, kinds in enumerate(self.kinds))


def kind_of(value: Any) -> Any:
    """Return what is stored for a Value: an array without gaps, or a number."""
    return "float64" if value.shape is None else (value.dtype.name, len(value.shape), "C")


@cache
def address_of(name: str, dtype: str) -> int:
    """Return where the entry of a function of `arraynet_numba.multiplication` for arrays of a dtype is."""
    kinds = _kinds(name, dtype)
    return int(
        loaded(TEXT.format(name=name, kinds=kinds, arrays=", ".join(f"x{k}" for k in range(len(kinds))))).address
    )


def _kinds(name: str, dtype: str) -> tuple[Any, ...]:
    return tuple((dtype, ndim, "A") for ndim in KINDS[name])
