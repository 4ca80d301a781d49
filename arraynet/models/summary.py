"""The table that `model.summary()` prints."""

import math
from collections.abc import Callable, Iterable
from typing import Any

from arraynet.display import html_table

__all__ = ["html_summary", "print_summary", "readable"]

WIDTH = 88
HEADER = ("Layer (type)", "Output Shape", "Param #")
HOST_NUMBERS = (2, 8)  # an optimizer's iteration and learning rate: numbers and bytes, as Keras counts
UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


def print_summary(model: Any, line_length: int | None = None, print_fn: Callable[[str], Any] | None = None) -> None:
    """Print the layers of a model with their output shapes and numbers of weights, and the totals below.

    Parameters
    ----------
    model : Model
        Built or not.
    line_length : int, optional
        The table's width; without it that of the terminal, 88 at most.
    print_fn : callable, optional
        Given all of it as plain text, instead of the terminal.
    """
    from shutil import get_terminal_size

    from rich.console import Console
    from rich.markup import escape
    from rich.text import Text

    width = line_length or min(WIDTH, get_terminal_size().columns - 4)
    console = Console(width=max(width, 40), highlight=False, force_jupyter=False)
    parts = [f'[bold]Model: "{escape(model.name)}"[/]', _table(model, console.width), *_totals(model)]
    if print_fn is None:
        console.print(*parts, sep="\n")
        return
    with console.capture() as captured:
        console.print(*parts, sep="\n")
    print_fn(Text.from_ansi(captured.get()).plain)


def html_summary(model: Any) -> str:
    """Return what `print_summary` prints as an HTML table."""
    count, size = _size(model.weights)
    total = ("Total", "", f"{count:,} ({readable(size)})")
    return html_table(f"{type(model).__name__} {model.name}", HEADER, [*map(_row, model.layers), total])


def _table(model: Any, width: int) -> Any:
    from rich.markup import escape
    from rich.table import Column, Table

    edges = [int(width * share) for share in (0.45, 0.8, 1.0)]
    widths = [b - a for a, b in zip([0, *edges], edges, strict=False)]
    table = Table(
        Column(HEADER[0], width=widths[0], overflow="fold"),
        Column(HEADER[1], width=widths[1], overflow="fold"),
        Column(HEADER[2], width=widths[2], justify="right"),
        width=width,
        show_lines=True,
    )
    for layer in model.layers:
        table.add_row(*map(escape, _row(layer)))
    return table


def _row(layer: Any) -> tuple[str, str, str]:
    count = sum(variable.size for variable in layer.weights)
    params = f"{count:,}" if layer.built or count else "0 (unbuilt)"
    return f"{layer.name} ({type(layer).__name__})", _shape_of(layer), params


def _shape_of(layer: Any) -> str:
    if layer._build_shape is None:
        return "?"
    try:
        return str(layer.compute_output_shape(layer._build_shape))
    except Exception:  # a user's layer that cannot be run on zeros alone, such as one with two arguments
        return "?"


def _totals(model: Any) -> list[str]:
    sizes = {"Trainable": _size(model.trainable_weights), "Non-trainable": _size(model.non_trainable_weights)}
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and optimizer.built:
        sizes["Optimizer"] = _summed([_size(optimizer.variables), HOST_NUMBERS])
    lines = {"Total": _summed(sizes.values()), **sizes}
    return [f"[bold] {label} params: [/]{count:,} ({readable(size)})" for label, (count, size) in lines.items()]


def _size(variables: Iterable[Any]) -> tuple[int, int]:
    """How many numbers Variables hold, and in how many bytes."""
    return _summed((v.size, v.size * v.dtype.itemsize) for v in variables)


def _summed(sizes: Iterable[tuple[int, int]]) -> tuple[int, int]:
    pairs = list(sizes)
    return sum(count for count, _ in pairs), sum(size for _, size in pairs)


def readable(size: float) -> str:
    """Return a number of bytes in the unit, of 1024 each, that makes it short."""
    unit = min(int(math.log(size, 1024)), len(UNITS) - 1) if size else 0
    return f"{size / 1024**unit:.2f} {UNITS[unit]}"
