"""The table that `model.summary()` prints."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from arraynet.checks import number, optional_count
from arraynet.display import html_table

__all__ = ["html_summary", "print_summary", "readable"]

WIDTH = 88
HEADER = ("Layer (type)", "Output Shape", "Param #")
POSITIONS = (0.45, 0.8, 1.0)
HOST_NUMBERS = (2, 8)  # an optimizer's iteration and learning rate: numbers and bytes, as Keras counts
UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: tuple[str, str] | None = None,
) -> None:
    """Print the layers of a model with their output shapes and numbers of weights, and the totals below.

    Parameters
    ----------
    line_length : int, optional
        The table's width; without it that of the terminal, 88 at most.
    positions : sequence of float, optional
        Where the columns end, as shares of the width; without it ``(0.45, 0.8, 1)``.
    print_fn : callable, optional
        Given all of it as plain text, instead of the terminal.
    expand_nested : bool
        Whether models inside the model show their layers too.
    show_trainable : bool
        Whether a column says which layers are trained: Y, N, or - for those without weights.
    layer_range : tuple of str, optional
        The names of the first and the last layer to show, or regular expressions for them.

    Raises
    ------
    ValueError
        No layer has such a name, or a column has less than four characters.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.text import Text

    ends = _shares(POSITIONS if positions is None else positions)
    if show_trainable:
        ends = [*(0.9 * end for end in ends), 1.0]
    width = optional_count("line_length", line_length) or _room(WIDTH + 12 * show_trainable)
    table = _table([int(width * end) for end in ends], show_trainable)
    console = Console(width=width, highlight=False, force_jupyter=False)
    corner = "-" if console.options.ascii_only else "└"  # as rich chooses the table's lines
    for layer, level in _shown(_between(model.layers, layer_range), expand_nested):
        nesting = f"{'   ' * level}{corner} " if level else ""
        table.add_row(*map(escape, _row(layer, nesting)), *[_mark(layer)] * show_trainable)
    parts = [f'[bold]Model: "{escape(model.name)}"[/]', table, *_totals(model)]
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


def _shares(positions: Any) -> list[float]:
    shares = [number("positions", share, 0) for share in positions] if isinstance(positions, Iterable) else []
    if len(shares) < len(POSITIONS):
        raise ValueError(f"positions must be three shares of the width, such as {POSITIONS}, received {positions!r}.")
    return shares


def _room(most: int) -> int:
    from shutil import get_terminal_size

    return max(min(most, get_terminal_size().columns - 4), 40)


def _table(edges: list[int], show_trainable: bool) -> Any:
    from rich.table import Column, Table

    widths = [b - a for a, b in zip([0, *edges], edges, strict=False)]
    if min(widths) < 4:
        raise ValueError(f"A column of the summary needs 4 characters, positions and line_length give {widths}.")
    text: dict[str, Any] = {"overflow": "fold"}
    looks = [text, text, {"justify": "right"}, {"justify": "center"}]
    names = (*HEADER, *["Trainable"] * show_trainable)
    columns = [Column(name, width=w, **look) for name, w, look in zip(names, widths, looks, strict=False)]
    return Table(*columns, width=edges[-1], show_lines=True)


def _between(layers: list[Any], names: tuple[str, str] | None) -> list[Any]:
    """The layers from the first that matches one name to the last that matches the other, whichever comes first."""
    if names is None:
        return layers
    if not isinstance(names, tuple | list) or len(names) != 2 or not all(isinstance(name, str) for name in names):
        raise ValueError(f"layer_range must be the names of a first and a last layer, received {names!r}.")
    found = [[k for k, layer in enumerate(layers) if re.match(name, layer.name)] for name in names]
    if not all(found):
        raise ValueError(f"layer_range {names!r} matches no layers; there are {', '.join(x.name for x in layers)}.")
    first, last = found if found[0][0] <= found[1][-1] else reversed(found)
    return layers[first[0] : last[-1] + 1]


def _shown(layers: Iterable[Any], expand: bool, level: int = 0) -> Iterator[tuple[Any, int]]:
    for layer in layers:
        yield layer, level
        if expand:
            yield from _shown(getattr(layer, "layers", ()), expand, level + 1)


def _mark(layer: Any) -> str:
    return "-" if not layer.weights else "[bold green]Y[/]" if layer.trainable else "[bold red]N[/]"


def _row(layer: Any, nesting: str = "") -> tuple[str, str, str]:
    count, _ = _size(layer.weights)
    params = f"{count:,}" if layer.built or count else "0 (unbuilt)"
    return f"{nesting}{layer.name} ({type(layer).__name__})", _shape_of(layer), params


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
