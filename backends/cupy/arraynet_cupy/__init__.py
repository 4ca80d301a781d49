"""NVIDIA GPUs by CuPy: the arrays are CuPy's, and so are the matrix products and most primitives.

What is gained besides is fewer launches: groups of primitives of a captured program become one kernel, and
so do the optimizer's steps of all parameters. CuPy is imported when the backend is asked for, not before.
"""

from arraynet_cupy.backend import CupyBackend
from arraynet_cupy.probe import UnavailableError, probe

__all__ = ["CupyBackend", "UnavailableError", "probe"]
