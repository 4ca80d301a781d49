"""Boxes and arrows from top to bottom: the drawing that models and recorded ops have in common.

Boxes lie in ranks, each below what it depends on; an arrow over several ranks bends around the boxes between. One
unit of a drawing is one inch, so that text fits its box at any size of the graph.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from os import PathLike
from typing import Any

from arraynet.utils.plotting import new_figure

__all__ = ["Graph"]

COLOURS = {"input": "#cfe3f7", "weights": "#d5efd0", "layer": "#f7e6c4", "op": "#eeeeee", "output": "#f5cfd6"}
CHARACTER, LINE = 0.083, 0.17  # inches, at font size 9
PADDING, GAP, DROP = 0.22, 0.3, 0.55  # around text, between boxes of a rank, between ranks
SWEEPS = 12
LARGEST = 400


@dataclass
class Box:
    """A node: its text, what it stands for, and where it is drawn; one without text is a bend of an arrow."""

    text: str
    kind: str
    rank: int = 0
    x: float = 0.0
    above: list[int] = field(default_factory=list)  # the boxes that point to it
    below: list[int] = field(default_factory=list)

    @property
    def width(self) -> float:
        return max(map(len, self.text.split("\n"))) * CHARACTER + PADDING if self.text else 0.1

    @property
    def height(self) -> float:
        return (self.text.count("\n") + 1) * LINE + PADDING if self.text else 0.0


class Graph:
    """Boxes, and arrows with labels; a box is added after those that point to it."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.boxes: list[Box] = []
        self.arrows: list[tuple[int, int, str]] = []

    def add(self, text: str, kind: str) -> int:
        """Add a box of a kind that has a colour; return its number."""
        if len(self.boxes) == LARGEST:
            raise ValueError(
                f"{self.title}: more than {LARGEST} boxes cannot be read in one picture; draw a part of it."
            )
        self.boxes.append(Box(text, kind))
        return len(self.boxes) - 1

    def connect(self, source: int, target: int, label: str) -> None:
        """Add an arrow."""
        self.arrows.append((source, target, label))

    def draw(self, to_file: str | PathLike[str] | None, dpi: int) -> Any:
        """Return a figure, also written to a file if one is named."""
        self._rank()
        paths = [self._path(source, target) for source, target, _ in self.arrows]
        ranks = self._ordered()
        for sweep in range(SWEEPS):
            for rank in ranks[:: 1 if sweep % 2 else -1]:
                self._settle(rank, "above" if sweep % 2 else "below")
        figure = self._figure(ranks, paths)
        if to_file is not None:
            figure.savefig(to_file, dpi=dpi)
        return figure

    def _rank(self) -> None:
        """Give every box a place below all that point to it; what nothing points to lies right above its use."""
        for source, target, _ in self.arrows:
            self.boxes[target].rank = max(self.boxes[target].rank, self.boxes[source].rank + 1)
        targets = {target for _, target, _ in self.arrows}
        for k, box in enumerate(self.boxes):
            uses = [self.boxes[target].rank for source, target, _ in self.arrows if source == k]
            if k not in targets and uses:
                box.rank = min(uses) - 1

    def _path(self, source: int, target: int) -> list[int]:
        """Bend an arrow once in every rank that it passes; return all it goes through."""
        path = [source]
        for rank in range(self.boxes[source].rank + 1, self.boxes[target].rank):
            self.boxes.append(Box("", "bend", rank))
            path.append(len(self.boxes) - 1)
        path.append(target)
        for a, b in pairwise(path):
            self.boxes[a].below.append(b)
            self.boxes[b].above.append(a)
        return path

    def _ordered(self) -> list[list[int]]:
        """The boxes of each rank from left to right, near to what they are connected with."""
        ranks: list[list[int]] = [[] for _ in range(1 + max(box.rank for box in self.boxes))]
        for k, box in enumerate(self.boxes):
            ranks[box.rank].append(k)
        place = {k: float(i) for rank in ranks for i, k in enumerate(rank)}
        for side in ("above", "below") * 3:
            for rank in ranks if side == "above" else ranks[::-1]:
                rank.sort(key=lambda k: _mean([place[n] for n in getattr(self.boxes[k], side)], place[k]))
                place |= {k: float(i) for i, k in enumerate(rank)}
        return ranks

    def _settle(self, rank: list[int], side: str) -> None:
        """Move the boxes of a rank towards what they are connected with, in their order and without overlap."""
        boxes = [self.boxes[k] for k in rank]
        wanted = [_mean([self.boxes[n].x for n in getattr(box, side)], box.x) for box in boxes]
        apart = [(a.width + b.width) / 2 + GAP for a, b in pairwise(boxes)]
        right, left = list(wanted), list(wanted)
        for i, distance in enumerate(apart):
            right[i + 1] = max(right[i + 1], right[i] + distance)
        for i in reversed(range(len(apart))):
            left[i] = min(left[i], left[i + 1] - apart[i])
        for box, a, b in zip(boxes, left, right, strict=True):
            box.x = (a + b) / 2

    def _figure(self, ranks: list[list[int]], paths: list[list[int]]) -> Any:
        tall = [max(self.boxes[k].height for k in rank) for rank in ranks]
        tops = [-sum(tall[:r]) - r * DROP for r in range(len(ranks))]
        left = min(box.x - box.width / 2 for box in self.boxes) - 0.3
        right = max(box.x + box.width / 2 for box in self.boxes) + 0.3
        spare = max(3.2, len(self.title) * 0.1 + 0.4) - (right - left)  # room for title and legend
        left, right = left - max(spare, 0) / 2, right + max(spare, 0) / 2
        bottom = tops[-1] - tall[-1] - 0.55
        figure = new_figure((right - left, 0.5 - bottom), layout=None)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(left, right), ylim=(bottom, 0.5), label=self.title)
        axes.axis("off")
        axes.text(left + 0.15, 0.27, self.title, fontsize=11, fontweight="bold", va="center")
        middles = [top - height / 2 for top, height in zip(tops, tall, strict=True)]
        for (_, _, label), path in zip(self.arrows, paths, strict=True):
            self._draw_arrow(axes, [self.boxes[k] for k in path], middles, label)
        for box in self.boxes:
            if box.text:
                _draw_box(axes, box, middles[box.rank])
        self._draw_legend(axes)
        return figure

    def _draw_arrow(self, axes: Any, path: list[Box], middles: list[float], label: str) -> None:
        from matplotlib.patches import FancyArrowPatch
        from matplotlib.path import Path

        points = [(box.x, middles[box.rank]) for box in path]
        points[0] = (points[0][0], points[0][1] - path[0].height / 2)
        points[-1] = (points[-1][0], points[-1][1] + path[-1].height / 2)
        axes.add_patch(
            FancyArrowPatch(path=Path(points), arrowstyle="-|>", mutation_scale=11, color="#555555", lw=1.1, zorder=1)
        )
        (x0, y0), (x1, y1) = points[-2:]
        style = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
        axes.text((x0 + x1) / 2, (y0 + y1) / 2, label, fontsize=7.5, ha="center", va="center", bbox=style, zorder=3)

    def _draw_legend(self, axes: Any) -> None:
        from matplotlib.patches import Patch

        kinds = [kind for kind in COLOURS if any(box.kind == kind for box in self.boxes)]
        handles = [Patch(facecolor=COLOURS[kind], edgecolor="#555555", label=kind) for kind in kinds]
        axes.legend(handles=handles, loc="lower left", ncols=len(kinds), fontsize=8, frameon=False, columnspacing=1)


def _draw_box(axes: Any, box: Box, y: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = box.x - box.width / 2, y - box.height / 2
    style = "round,pad=0,rounding_size=0.06"
    axes.add_patch(
        FancyBboxPatch(corner, box.width, box.height, style, fc=COLOURS[box.kind], ec="#555555", lw=1, zorder=2)
    )
    axes.text(box.x, y, box.text, fontsize=9, ha="center", va="center", zorder=3)


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
