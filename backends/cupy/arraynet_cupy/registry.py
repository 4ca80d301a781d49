"""Kernels written by hand, each beside what it computes in NumPy: tests of all of them are made from this list."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import cupy
import numpy as np

__all__ = ["OPTIONS", "REGISTRY", "Kernel", "kernel_of", "launch", "registered"]

# A product and a sum are rounded one by one, as they are in two kernels and on a CPU: a captured program gives the
# bits that its ops give, and a seed the bits that it gives elsewhere. Memory is what all these kernels wait for.
OPTIONS = ("--fmad=false",)

TYPES = {"float32": "float", "float64": "double", "int32": "int", "uint8": "unsigned char", "uint16": "unsigned short",
         "uint32": "unsigned int",
         "int64": "unsigned long long", "uint64": "unsigned long long"}  # fmt: skip

REGISTRY: dict[str, "Kernel"] = {}


@dataclass(frozen=True)
class Kernel:
    """A kernel in CUDA C, and its twin in NumPy.

    Attributes
    ----------
    name : str
        Of the function in the source.
    source : str
        The text, in which T is the dtype's type.
    dtypes : tuple of str
        What it is instantiated for.
    run : callable
        Takes the device's arrays, and other arguments, and launches the kernel; returns its result.
    reference : callable
        The same in NumPy.
    samples : callable
        ``samples(dtype)`` yields arguments for both, as NumPy arrays.
    """

    name: str
    source: str
    dtypes: tuple[str, ...]
    run: Callable[..., Any]
    reference: Callable[..., Any]
    samples: Callable[[str], Iterator[tuple[Any, ...]]]

    def text(self, dtype: str) -> str:
        """Return the source for a dtype."""
        return f"typedef {TYPES[dtype]} T;\n{self.source}"


def registered(
    name: str, source: str, dtypes: tuple[str, ...], reference: Callable[..., Any], samples: Callable[..., Any]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter the function that launches a kernel into the list; see `Kernel`."""

    def enter(run: Callable[..., Any]) -> Callable[..., Any]:
        REGISTRY[name] = Kernel(name, source, dtypes, run, reference, samples)
        return run

    return enter


@cache
def kernel_of(name: str, dtype: Any) -> Any:
    """Return a registered kernel for a dtype."""
    return cupy.RawKernel(REGISTRY[name].text(str(np.dtype(dtype))), name, options=OPTIONS)


def launch(name: str, dtype: Any, blocks: int, threads: int, *args: Any) -> None:
    """Launch a registered kernel; of no blocks, do nothing. Integers are passed as 64 bits, floats as `dtype`."""
    if blocks:
        given = [
            np.int64(a) if isinstance(a, int) else np.dtype(dtype).type(a) if isinstance(a, float) else a for a in args
        ]
        kernel_of(name, dtype)((blocks,), (threads,), tuple(given))
