"""What `explain` returns: a row for every op, shown as a table in the terminal and in a notebook."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from arraynet.display import html_table

__all__ = ["Explanation", "Row"]

HEADER = ("op", "layer", "in", "out", "broadcast", "FLOPs", "bytes", "kernel", "time")
WIDTH = 132  # where there is no terminal to ask
PREFIXES = ("", "k", "M", "G", "T", "P")


@dataclass(frozen=True)
class Row:
    """One call of an op.

    Attributes
    ----------
    op : str
        Its name.
    layer : str
        The path of the layer that called it, empty outside of layers.
    inputs, outputs : tuple of str
        Dtypes and shapes, such as ``"float32 (128, 784)"``; a number stands for itself.
    broadcast : str
        Which arguments are repeated, along which axes of the output.
    flops : int or None
        Floating-point operations; None where they cannot be counted.
    bytes : int
        What it has to read and write at least.
    backend : str
        Where it ran.
    kernel : {"native", "generic", "fused", "folded"}
        The backend's own form; the generic one; a part of a generated loop, once the function is captured; gone
        from the captured program, since its result is known, computed already or not needed.
    seconds : float
        The op alone, run eagerly; the shortest of three runs.
    """

    op: str
    layer: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    broadcast: str
    flops: int | None
    bytes: int
    backend: str
    kernel: str
    seconds: float

    def cells(self) -> tuple[str, ...]:
        """Return what the tables show."""
        flops = "?" if self.flops is None else scaled(self.flops)
        shapes = "\n".join(self.inputs), "\n".join(self.outputs)
        place = f"{self.backend}: {self.kernel}"
        return self.op, self.layer, *shapes, self.broadcast, flops, scaled(self.bytes), place, _time(self.seconds)


class Explanation(Sequence[Row]):
    """The ops of a computation, in the order in which they ran.

    Parameters
    ----------
    rows : list of Row
        One for every op.
    title : str
        What was explained.
    """

    def __init__(self, rows: list[Row], title: str) -> None:
        self.rows, self.title = rows, title

    @property
    def flops(self) -> int:
        """All floating-point operations that could be counted."""
        return sum(row.flops or 0 for row in self.rows)

    @property
    def bytes(self) -> int:
        """All bytes that the ops read and write, one by one."""
        return sum(row.bytes for row in self.rows)

    @property
    def seconds(self) -> float:
        """The times of all ops."""
        return sum(row.seconds for row in self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        return self.rows[index]

    def _total(self) -> tuple[str, ...]:
        sums = scaled(self.flops), scaled(self.bytes), "", _time(self.seconds)
        return f"{len(self.rows)} op{'s' * (len(self.rows) != 1)}", "", "", "", "", *sums

    def _table(self) -> tuple[tuple[str, ...], list[tuple[str, ...]], tuple[str, ...]]:
        """Header, rows and total, without the columns that say nothing here."""
        rows = [row.cells() for row in self.rows]
        kept = [k for k, column in enumerate(zip(*rows, strict=True)) if any(column)] or range(len(HEADER))
        header, total, *rows = (tuple(cells[k] for k in kept) for cells in (HEADER, self._total(), *rows))
        return header, rows, total

    def __rich__(self) -> Any:
        from rich.markup import escape
        from rich.table import Table

        table = Table(title=escape(self.title), title_justify="left", show_footer=True)
        header, rows, totals = self._table()
        for name, total in zip(header, totals, strict=True):
            number = name in ("FLOPs", "bytes", "time")
            table.add_column(name, total, justify="right" if number else "left", overflow="fold")
        for row in rows:
            table.add_row(*map(escape, row))
        return table

    def __repr__(self) -> str:
        from shutil import get_terminal_size

        from rich.console import Console

        text = StringIO()
        width = get_terminal_size((WIDTH, 24)).columns
        Console(file=text, width=width, force_jupyter=False, color_system=None).print(self)
        return text.getvalue().rstrip()

    def _repr_html_(self) -> str:
        header, rows, total = self._table()
        return html_table(self.title, header, [*rows, total])


def scaled(number: float) -> str:
    """Return a number with three digits and a prefix of thousands."""
    k = 0
    while abs(number) >= 999.5 and k < len(PREFIXES) - 1:
        number, k = number / 1000, k + 1
    return f"{number:.3g} {PREFIXES[k]}".rstrip()


def _time(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"
