"""Compiled loops for arraynet: captured programs become serial loops that Numba compiles.

The arrays are NumPy's, and so are the matrix products; what is gained is everything between them.
Numba itself is imported when the first program is compiled, not before.
"""

from importlib.metadata import version
from typing import Any

from arraynet.backend import NumPyBackend

__all__ = ["NumbaBackend"]


class NumbaBackend(NumPyBackend):
    """NumPy's arrays, with groups of primitives as compiled loops."""

    name = "numba"

    def describe(self) -> str:
        return f"numba {version('numba')}, {super().describe()}"

    def compile_program(self, program: Any) -> Any:
        from arraynet.program import HostProgram, fuse
        from arraynet_numba.loops import ELEMENTWISE, compiled

        fuse(program, ELEMENTWISE, compiled, in_place=True)
        return HostProgram(program)
