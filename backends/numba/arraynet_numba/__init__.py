"""Naive loops for arraynet, as a lesson and compiled: the backends `naive` and `numba`.

The arrays are NumPy's. `naive` interprets the loops of `arraynet_numba.kernels`; `numba` compiles them, and
turns what lies between the matrix products of a captured program into loops of its own. Numba itself is
imported when the first of them is needed, not before.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from arraynet.backend import NumPyBackend
from arraynet_numba.choice import choose
from arraynet_numba.settings import matmul_by

__all__ = ["NaiveBackend", "NumbaBackend"]


class NumbaBackend(NumPyBackend):
    """NumPy's arrays, with compiled loops for what NumPy does in several passes or slowly."""

    name = "numba"

    def __init__(self) -> None:
        if find_spec("numba") is None:
            raise ImportError("The backend 'numba' needs the library Numba: pip install numba")
        matmul_by()  # a value that means nothing is refused here, not by some op that looks for a kernel

    @cached_property
    def kernels(self) -> Mapping[str, Callable[..., Any]]:  # type: ignore[override]
        from arraynet_numba.compiling import compiled
        from arraynet_numba.kernels import bound

        return choose(bound(compiled))

    def describe(self) -> str:
        return f"numba {version('numba')}, {super().describe()}"

    def compile_program(self, program: Any) -> Any:
        from arraynet.program import HostProgram
        from arraynet_numba.chains import compile_loops, readable_rows

        compile_loops(program)
        run = HostProgram(program, readable_rows(program))
        run.rounds = True
        return run


class NaiveBackend(NumPyBackend):
    """NumPy's arrays, with the loops as Python runs them: for small networks, and for reading."""

    name = "naive"

    @cached_property
    def kernels(self) -> Mapping[str, Callable[..., Any]]:  # type: ignore[override]
        from arraynet_numba.kernels import bound

        return bound(lambda loop: loop)

    def describe(self) -> str:
        return f"interpreted loops, {super().describe()}"
