"""Kernels under watch: whether they keep their contract cannot be seen from their results alone.

A kernel that writes to its input, or computes in a wider dtype, may still return the right numbers; and
only here can be told whether an op ran natively or its kernel declined.
"""

import copy
import inspect
from collections import UserDict
from collections.abc import Callable
from typing import Any

import numpy as np

from arraynet.backend import Backend, dtype_of
from arraynet.dispatch import Op
from arraynet.operators import OPS

__all__ = ["WatchedKernels", "signature_problem", "watched"]


class WatchedKernels(UserDict[str, Callable[..., Any]]):
    """A backend's kernels, each noting what it did.

    Attributes
    ----------
    ran, declined : set of str
        The names of the ops whose kernels computed a result, and of those that left it to the generic form.
    problems : list of str
        Breaches of the contract, in words.
    """

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend.kernels)
        self._backend = backend
        self.ran: set[str] = set()
        self.declined: set[str] = set()
        self.problems: list[str] = []

    def __getitem__(self, name: str) -> Callable[..., Any]:
        kernel = self.data[name]

        def run(*arrays: Any, **static: Any) -> Any:
            before = [self._bytes(a) for a in arrays]
            result = kernel(*arrays, **static)
            for position, (a, old) in enumerate(zip(arrays, before, strict=True)):
                if self._bytes(a) != old:
                    self.problems.append(f"kernel {name!r} writes to its input {position}")
            if result is NotImplemented:
                self.declined.add(name)
            elif result is not None:  # which is told where the op is applied
                self.ran.add(name)
                self._check_width(name, arrays, result, static)
            return result

        return run

    def _bytes(self, x: Any) -> bytes:
        return self._backend.to_numpy(x).tobytes() if isinstance(x, self._backend.array_types) else b""

    def _check_width(self, name: str, arrays: tuple[Any, ...], result: Any, static: dict[str, Any]) -> None:
        if "dtype" in static:
            return
        given = [dtype_of(a) for a in arrays if isinstance(a, self._backend.array_types)]
        widest = max((d.itemsize for d in given if d.kind == "f"), default=8)
        for y in result if isinstance(result, tuple | list) else (result,):
            kind = dtype_of(y)
            if kind.kind == "f" and kind.itemsize > widest:
                self.problems.append(f"kernel {name!r} widens its input to {kind}")


def watched(backend: Backend) -> tuple[Backend, WatchedKernels]:
    """Return a twin of a backend whose kernels are under watch, and those; the backend itself is left alone."""
    twin, kernels = copy.copy(backend), WatchedKernels(backend)
    twin.kernels = kernels
    return twin, kernels


def signature_problem(name: str, kernel: Callable[..., Any]) -> str | None:
    """Return what sets a kernel's signature apart from its op's generic form, or None.

    Arrays are passed by position, so their number counts and not their names; static arguments are
    passed by keyword. A compiled callable without a signature is given the benefit of the doubt.
    """
    op = OPS.get(name)
    if not isinstance(op, Op):
        return f"kernel {name!r}: there is no op of this name"
    try:
        found = list(inspect.signature(kernel).parameters.values())
    except (TypeError, ValueError):
        return None
    expected = list(inspect.signature(op.form).parameters.values())[1:]
    if _outline(found, len(op.arrays)) == _outline(expected, len(op.arrays)):
        return None
    here, there = (inspect.Signature([p.replace(annotation=p.empty) for p in ps]) for ps in (found, expected))
    return f"kernel {name!r} takes {here}, its op's generic form takes xp and {there}"


def _outline(parameters: list[inspect.Parameter], arrays: int) -> Any:
    """The number and kind of the array parameters, and the names and defaults of the static ones."""
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    kinds = ["one" if p.kind in by_position else p.kind.name for p in parameters[:arrays]]
    return kinds, {p.name: p.default for p in parameters[arrays:]}


def special(x: np.ndarray, shift: int) -> np.ndarray:
    """Return an array of the same shape and dtype, filled with what kernels like to forget."""
    values = [np.nan, 1.5, np.inf, -0.0, -np.inf, 0.0, -2.0]
    return np.resize(np.roll(values, shift), x.shape).astype(x.dtype)
