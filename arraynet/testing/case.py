"""One line of the table of op cases: sample inputs, and a NumPy oracle in float64."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from arraynet import ops
from arraynet.tree import flatten, map_structure

__all__ = ["Case", "case", "normal", "positive"]


@dataclass(frozen=True)
class Case:
    """A sample call of one op.

    Attributes
    ----------
    name : str
        The op's name in `arraynet.ops`, dotted for submodules: ``"add"``, ``"linalg.norm"``.
    oracle : callable
        The same function of the inputs as float64 NumPy arrays, without the static arguments.
    inputs : tuple of array, number, or list of arrays
        Floating inputs are tested in every floating dtype, other arrays stay as they are.
    static : dict
        Keyword arguments passed on to the op.
    grad : bool
        Whether derivatives of first and second order are checked against differences.
    variant : str
        What sets this case apart from the op's others.
    jit : bool
        Whether the op can be captured (its output's shape does not depend on values).
    then : callable, optional
        Applied to what the op returns, not to the oracle's: chooses one of several right results.
    """

    name: str
    oracle: Callable[..., Any]
    inputs: tuple[Any, ...]
    static: dict[str, Any] = field(default_factory=dict)
    grad: bool = True
    variant: str = ""
    jit: bool = True
    then: Callable[..., Any] | None = None

    @property
    def id(self) -> str:
        """The case's name in reports."""
        return f"{self.name}-{self.variant}" if self.variant else self.name

    def function(self) -> Callable[..., Any]:
        """Return the op, with the static arguments filled in."""
        target: Any = ops
        for part in self.name.split("."):
            target = getattr(target, part)
        then = self.then or (lambda result: result)
        return lambda *inputs: then(target(*inputs, **self.static))

    def arrays(self, dtype: str) -> tuple[Any, ...]:
        """Return the inputs with floating arrays in a dtype."""
        return tuple(map_structure(lambda x: _as(x, dtype), self.inputs))

    def dtypes_of(self, dtype: str) -> set[str]:
        """Return the dtypes of the inputs, their floating ones in `dtype`."""
        return {x.dtype.name for x in flatten(self.arrays(dtype)) if isinstance(x, np.ndarray)}

    def expected(self) -> Any:
        """Return the oracle's result in float64."""
        with np.errstate(all="ignore"):
            return self.oracle(*self.arrays("float64"))


def _as(x: Any, dtype: str) -> Any:
    return x.astype(dtype) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


def case(
    name: str,
    oracle: Callable[..., Any],
    *inputs: Any,
    grad: bool = True,
    variant: str = "",
    jit: bool = True,
    then: Callable[..., Any] | None = None,
    **static: Any,
) -> Case:
    """Return a case; keywords other than its own are the op's static arguments."""
    return Case(name, oracle, inputs, static, grad, variant, jit, then)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Return standard normal numbers, rounded to 12 bits so that every dtype holds them exactly."""
    x = np.random.default_rng([seed, *shape]).normal(size=shape)
    return np.asarray(np.round(x * 64) / 64 + 1 / 256)  # never a kink at zero


def positive(*shape: int, seed: int = 0) -> np.ndarray:
    """Return numbers between a half and about four."""
    return np.asarray(0.5 + np.abs(normal(*shape, seed=seed)))
