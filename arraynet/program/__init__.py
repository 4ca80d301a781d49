"""Capture once, replay: see `jit`."""

from arraynet.program.jit import jit

__all__ = ["jit"]
