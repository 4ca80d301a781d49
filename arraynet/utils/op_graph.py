"""`plot_graph`: the ops that a tape has recorded, or that a function runs, and what flows between them."""

import inspect
from collections.abc import Callable
from os import PathLike
from typing import Any

from arraynet.autodiff import GradientTape
from arraynet.layers.context import current_call
from arraynet.observers import Observer
from arraynet.plugins import current, use_backend
from arraynet.tensor import Tensor, as_tensor
from arraynet.tree import flatten, map_structure
from arraynet.utils.graph import Graph
from arraynet.variable import Variable

__all__ = ["plot_graph"]

SHORT = 14  # characters of an argument that is shown


def plot_graph(
    target: GradientTape | Callable[..., Any], *args: Any, to_file: str | PathLike[str] | None = None, dpi: int = 150
) -> Any:
    """Return a figure of recorded ops, with shapes on the arrows.

    Parameters
    ----------
    target : GradientTape or callable
        A tape shows what it has recorded and not yet given back as gradients; a function, layer or model is run
        once, watched.
    *args
        What the function is called with.
    to_file : path, optional
        Where to write it, as its suffix says: ``.svg``, ``.png``, ``.pdf``.
    dpi : int
        Pixels an inch of a PNG.

    Returns
    -------
    matplotlib.figure.Figure
        Which shows itself in a notebook.

    Raises
    ------
    ImportError
        Matplotlib is not installed.
    TypeError
        The target is neither, or a tape was given arguments.
    ValueError
        There is nothing to draw.

    Examples
    --------
    >>> import arraynet
    >>> figure = arraynet.utils.plot_graph(lambda x: x * x + 1, arraynet.ops.ones(3))
    """
    if not isinstance(target, GradientTape) and not callable(target):
        raise TypeError(f"plot_graph draws a GradientTape or a function, received {target!r}.")
    if isinstance(target, GradientTape) and args:
        raise TypeError(f"plot_graph of a tape takes no arguments, received {args!r}. For a file: to_file='graph.svg'.")
    graph = _of_tape(target) if isinstance(target, GradientTape) else _of_function(target, args)
    return graph.draw(to_file, dpi)


class _Records(Observer):
    """Draws a box for every op, as it runs."""

    def __init__(self, title: str) -> None:
        self.graph = Graph(title)
        self.maker: dict[int, int] = {}  # the box that made a Tensor, by the Tensor's id
        self.names: dict[int, tuple[str, str]] = {}  # text and kind of what comes from outside, by Tensor id

    def read(self, variable: Variable, value: Tensor) -> None:
        self.names[value.id] = variable.path, "weights"

    def record(self, op: Any, inputs: tuple[Any, ...], static: dict[str, Any], outputs: Any) -> None:
        call = current_call()
        where = f"\n{call.layer.name}" if call else ""
        self.box(op, inputs, static, outputs if isinstance(outputs, tuple) else (outputs,), where)

    def box(self, op: Any, inputs: Any, static: dict[str, Any], outputs: Any, where: str = "") -> None:
        """Draw an op, and what it takes from outside."""
        arrays = [x for x in inputs if hasattr(x, "id")]
        for x in arrays:
            if x.id not in self.maker:
                self.maker[x.id] = self.graph.add(*self.names.get(x.id, ("constant", "input")))
        box = self.graph.add(_text(op, inputs, static) + where, "op")
        for x in arrays:
            self.graph.connect(self.maker[x.id], box, str(tuple(x.shape)))
        self.maker |= {y.id: box for y in outputs}

    def finished(self, tensors: list[Tensor]) -> Graph:
        """Return the graph, with boxes for results."""
        for y in tensors:
            if y.id in self.maker:
                self.graph.connect(self.maker[y.id], self.graph.add("output", "output"), str(y.shape))
        if not self.graph.boxes:
            raise ValueError(f"{self.graph.title}: no op was recorded, so there is nothing to draw.")
        return self.graph


def _text(op: Any, inputs: Any, static: dict[str, Any]) -> str:
    """An op's name, and its numbers where it has some."""
    given = ["·" if hasattr(x, "id") else _short(x) for x in inputs]
    given = given if any(text != "·" for text in given) else []
    given += [f"{name}={_short(value)}" for name, value in static.items() if value != op.static.get(name, ...)]
    return f"{op.name}({', '.join(given)})" if given else str(op.name)


def _short(x: Any) -> str:
    text = f"{x:g}" if isinstance(x, float) else repr(getattr(x, "value", x))
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"


def _of_tape(tape: GradientTape) -> Graph:
    recorded = tape._tape
    if not recorded.nodes:
        raise ValueError(
            "plot_graph: the tape holds no ops. It records those that depend on watched tensors or trainable "
            "Variables; draw it before gradient(), which uses the ops up unless the tape is persistent."
        )
    records = _Records("GradientTape")
    made = {y.id for node in recorded.nodes for y in node.outputs}
    records.names |= dict.fromkeys(recorded.reached - made, ("watched", "input"))
    for variable, ids in recorded.reads.values():
        records.names |= dict.fromkeys(ids, (variable.path, "weights"))
    for node in recorded.nodes:
        records.box(node.op, node.inputs, node.static, node.outputs)
    return records.finished([])


def _of_function(fn: Any, args: tuple[Any, ...]) -> Graph:
    home = fn._home(()) if hasattr(fn, "_home") else current()
    if getattr(fn, "built", True) is False:
        fn(*args)  # the ops that make weights are no part of it
    records = _Records(str(getattr(fn, "name", getattr(fn, "__name__", type(fn).__name__))))
    with use_backend(home):
        args = map_structure(_entered, args)
        for name, value in zip(_parameters(fn, len(args)), args, strict=True):
            records.names |= {x.id: (name, "input") for x in flatten(value) if isinstance(x, Tensor)}
        result = records.during(fn, args)
    return records.finished([y for y in flatten(result) if isinstance(y, Tensor)])


def _entered(x: Any) -> Any:
    return as_tensor(x) if hasattr(x, "__array__") and not isinstance(x, Variable) else x


def _parameters(fn: Any, count: int) -> list[str]:
    """What the arguments are called."""
    try:
        parameters = list(inspect.signature(getattr(fn, "call", fn)).parameters.values())
    except (TypeError, ValueError):  # some functions of C have none
        parameters = []
    names = [p.name for p in parameters if p.kind is not p.VAR_POSITIONAL]
    return (names + ["input"] * count)[:count]
