"""What a comparison of backends found: the first op that differs, or how many units in the last place all are apart."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Comparison", "Difference"]

EDGES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 1024.0)
LABELS = ("equal", *(f"up to {edge:g}" for edge in EDGES[1:]), "more")


@dataclass(frozen=True)
class Difference:
    """A result that is further from the reference's than its tolerance allows.

    Attributes
    ----------
    backend : str
        Where it was computed.
    op : str
        The op's name, or that of the whole result where programs are compared.
    number : int
        How many ops were compared before it.
    phase : {"forward", "backward", "update", "program"}
        What the op was part of.
    layer : str
        The path of the layer, or of the variable that is updated; empty outside of both.
    inputs : str
        The names, dtypes and shapes that the op was given.
    result : str
        The dtype and shape of the result, or what is wrong in words.
    index : tuple of int
        The worst element.
    found, expected : number
        Its two values.
    ulps : float
        How far apart these are in units in the last place.
    allowed : dict
        The tolerance.
    """

    backend: str
    op: str
    number: int
    phase: str
    layer: str
    inputs: str
    result: str
    index: tuple[int, ...] = ()
    found: Any = None
    expected: Any = None
    ulps: float = float("nan")
    allowed: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [
            f"{self.op} differs on {self.backend}, after {self.number} that agree",
            f"  phase   {self.phase}",
            f"  layer   {self.layer or '(outside of layers)'}",
            f"  given   {self.inputs}",
            f"  result  {self.result}",
        ]
        if self.expected is not None:
            allowed = ", ".join(f"{name} {value:.3g}" for name, value in self.allowed.items())
            lines.append(f"  worst   {self.found!s} for {self.expected!s} at {self.index}, {self.ulps:.4g} ulp")
            lines.append(f"  allowed {allowed}")
        return "\n".join(lines)


@dataclass
class Comparison:
    """What `compare` found.

    Attributes
    ----------
    backends : tuple of str
        The reference first.
    ops : int
        How many results were compared.
    difference : Difference or None
        The first one, after which the comparison ended.
    skipped : dict of str to int
        Ops that could not be compared, for want of a dtype.
    complete : bool
        Whether it ran to the end, and not to a limit.
    """

    backends: tuple[str, ...]
    ops: int = 0
    difference: Difference | None = None
    skipped: dict[str, int] = field(default_factory=dict)
    complete: bool = True
    counts: np.ndarray = field(default_factory=lambda: np.zeros(len(LABELS), "int64"))

    @property
    def ok(self) -> bool:
        """Whether something was compared, and nothing differs."""
        return self.difference is None and self.ops > 0

    def count(self, errors: np.ndarray) -> None:
        """Add errors in units in the last place to the histogram."""
        self.counts += np.bincount(np.searchsorted(EDGES, errors), minlength=len(LABELS))

    @property
    def histogram(self) -> dict[str, int]:
        """How many floating elements lie how far apart, in units in the last place."""
        return dict(zip(LABELS, map(int, self.counts), strict=True))

    def __str__(self) -> str:
        if self.difference is not None:
            return str(self.difference)
        end = "" if self.complete else "; the rest was not compared"
        found = f"{self.ops} results agree{end}; elements by ulp:"
        if not self.ops:
            found = "nothing was compared" + (":" if self.skipped else f", since no op ran on {self.backends[0]}")
        lines = [f"{', '.join(self.backends)}: {found}"]
        total = max(1, int(self.counts.sum()))
        for label, n in self.histogram.items():
            if n:
                lines.append(f"  {label:<12}{n:>12}  {'#' * -(-40 * n // total)}")
        return "\n".join([*lines, *(f"  not compared: {op}, {n} times" for op, n in self.skipped.items())])
