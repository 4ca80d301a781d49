"""Capture once, replay: `jit`, and what a backend's `compile_program` is given and may use."""

from arraynet.program.capture import fusing
from arraynet.program.host import HOST_PASSES, HostProgram
from arraynet.program.jit import jit
from arraynet.program.program import Program
from arraynet.program.trace import Instruction, Value
from arraynet.rows import Rows

__all__ = ["HOST_PASSES", "HostProgram", "Instruction", "Program", "Rows", "Value", "fusing", "jit"]
