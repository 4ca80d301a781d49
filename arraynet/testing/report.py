"""What a conformance check found, to be printed, counted and asserted."""

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Report", "Row"]


@dataclass
class Row:
    """One case of one op.

    Attributes
    ----------
    case : str
        The case's name.
    path : str
        ``"native"`` (the backend's kernel ran), ``"declined"`` (it left it to the generic form) or ``"generic"``.
    ulp : dict of str to float
        The largest error by dtype, in units in the last place.
    problems : list of str
        What is wrong, in words; empty where nothing is.
    """

    case: str
    path: str = "generic"
    ulp: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass
class Report:
    """What `check_backend` found.

    Attributes
    ----------
    backend : str
        The backend's own description.
    rows : list of Row
        One per op case.
    problems : list of str
        What concerns no single case: doors, primitives, signatures of kernels.
    """

    backend: str
    rows: list[Row] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """All that is wrong, in words."""
        return self.problems + [f"{row.case}: {text}" for row in self.rows for text in row.problems]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.failures

    def table(self) -> Any:
        """Return a `rich.table.Table` with a line per case."""
        from rich.table import Table

        table = Table(title=f"{self.backend}: {len(self.rows)} cases, {len(self.failures)} failures")
        for heading in ("case", "path", "float32 ulp", "float64 ulp", "result"):
            table.add_column(heading)
        for row in self.rows:
            errors = [f"{row.ulp[d]:.3g}" if d in row.ulp else "-" for d in ("float32", "float64")]
            table.add_row(row.case, row.path, *errors, "\n".join(row.problems) or "ok")
        for text in self.problems:
            table.add_row("", "", "", "", text)
        return table

    def __str__(self) -> str:
        counts = {path: sum(row.path == path for row in self.rows) for path in ("native", "declined", "generic")}
        told = ", ".join(f"{n} {path}" for path, n in counts.items())
        cases = f"{len(self.rows)} cases ({told})"
        return "\n".join([*self.failures, f"{self.backend}: {cases}, {len(self.failures)} failures"])
