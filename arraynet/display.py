"""What notebooks show in the place of a plain repr: small tables, in which all text is escaped."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

__all__ = ["ArrayDisplay", "ends", "html_table"]

SHOWN = 8  # rows and columns of values
NUMBER = r"[-+.\d…]|nan|inf|True|False|$"


def html_table(caption: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> str:
    """Return an HTML table of any objects, as text; columns of numbers are aligned on the right."""
    from html import escape

    cells = [[str(cell) for cell in row] for row in rows]
    styles = list(map(_style, zip(*cells, strict=True))) or [_style(())] * len(header)
    lines = [("th", [str(cell) for cell in header]), *(("td", row) for row in cells)]
    head, *body = (
        "".join(f'<{tag} style="{style}">{escape(text)}</{tag}>' for text, style in zip(line, styles, strict=True))
        for tag, line in lines
    )
    title = f'<caption style="text-align:left;caption-side:top;white-space:nowrap"><b>{escape(caption)}</b></caption>'
    rest = "".join(f"<tr>{line}</tr>" for line in body)
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{rest}</tbody></table>"


def _style(column: Iterable[str]) -> str:
    import re

    side = "right" if all(re.match(NUMBER, text) for text in column) else "left"
    return f"text-align:{side};padding:2px 8px;white-space:pre"


class ArrayDisplay:
    """What a Tensor or Variable looks like in a notebook."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from html import escape

        tensor: Any = self
        name = f" {tensor.path}" if hasattr(tensor, "path") else ""
        caption = f"{type(self).__name__}{name}: shape {tensor.shape}, {tensor.dtype}, backend {tensor.backend.name}"
        values = tensor.numpy()
        if values.ndim in (1, 2) and values.size:
            matrix = values.reshape(-1, values.shape[-1])
            columns = ends(matrix.shape[1])
            return html_table(caption, ["", *columns], _rows(matrix, columns))
        text = np.array2string(values, threshold=50, edgeitems=2)
        return f"<div><b>{escape(caption)}</b><pre>{escape(text)}</pre></div>"


def _rows(matrix: np.ndarray, columns: list[Any]) -> list[list[Any]]:
    return [
        [row, *("…" if "…" in (row, column) else _number(matrix[row, column]) for column in columns)]
        for row in ends(len(matrix))
    ]


def _number(x: Any) -> str:
    return f"{x:.5g}" if x.dtype.kind == "f" else str(x)


def ends(length: int) -> list[Any]:
    """Return the first and the last positions of an axis, with an ellipsis where some are left out."""
    if length <= SHOWN:
        return list(range(length))
    half = SHOWN // 2
    return [*range(half), "…", *range(length - half, length)]
