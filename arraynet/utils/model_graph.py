"""`plot_model`: a model as its layers and what passes between them.

The model is run once, so that the picture shows what its `call` does, whoever wrote that.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from typing import Any

from arraynet.layers.shapes import zeros_of
from arraynet.observers import Observer
from arraynet.plugins import use_backend
from arraynet.tensor import Tensor
from arraynet.tree import flatten
from arraynet.utils.graph import Graph

__all__ = ["plot_model"]

PASSING = ("cast", "stop_gradient")  # the same numbers go on
BATCH = 2


def plot_model(
    model: Any, to_file: str | PathLike[str] | None = None, inputs: Any = None, dpi: int = 150, **unknown: Any
) -> Any:
    """Return a figure of a model: its layers with their numbers of weights, and shapes on the arrows.

    Parameters
    ----------
    model : Sequential or Model
        One that knows the shape of its input.
    to_file : path, optional
        Where to write it, as its suffix says: ``.svg``, ``.png``, ``.pdf``.
    inputs : array or nested arrays, optional
        What to run the model on; zeros without it.
    dpi : int
        Pixels an inch of a PNG.
    **unknown
        Keras' other arguments, which are refused.

    Returns
    -------
    matplotlib.figure.Figure
        Which shows itself in a notebook.

    Raises
    ------
    ImportError
        Matplotlib is not installed.
    TypeError
        Another argument is given.
    ValueError
        The shape of the input is not known.
    """
    if unknown:
        raise TypeError(
            f"plot_model has no {', '.join(unknown)}: names, shapes and numbers of weights are always shown. It takes "
            f"model, to_file, inputs and dpi."
        )
    if inputs is None:
        if model._build_shape is None:
            raise ValueError(
                f"plot_model: model {model.name!r} does not know the shape of its input yet. Call it on data, "
                f"build((None, n)), or pass inputs=."
            )
        with use_backend(model._home(())):
            inputs = zeros_of(model._build_shape, BATCH, model.compute_dtype)
    elif not model.built:
        model(inputs, training=False)
    trace = _Trace(model)
    with _replaced({layer: trace.inside(layer) for layer in model.layers} | {model: trace.around(model)}):
        trace.during(lambda: model(inputs, training=False), ())
    return trace.graph.draw(to_file, dpi)


@contextmanager
def _replaced(calls: dict[Any, Callable[..., Any]]) -> Iterator[None]:
    """Let layers call something else than their `call`, unnoticed by captured programs."""
    for layer, call in calls.items():
        vars(layer)["call"] = call
    try:
        yield
    finally:
        for layer in calls:
            del vars(layer)["call"]


class _Trace(Observer):
    """Draws a box for every call of a layer, and for every op between them."""

    def __init__(self, model: Any) -> None:
        self.graph = Graph(f"{type(model).__name__} {model.name}")
        self.maker: dict[int, int] = {}  # the box that made a Tensor, by the Tensor's id
        self.within = True  # a layer whose ops are not shown

    def around(self, model: Any) -> Callable[..., Any]:
        """Return the model's `call` between the boxes of its inputs and outputs."""
        call = model.call

        def watched(*args: Any, **kwargs: Any) -> Any:
            for tensor in _tensors((args, kwargs)):
                self.maker[tensor.id] = self.graph.add("input", "input")
            self.within = False
            outputs = call(*args, **kwargs)
            self.within = True
            for tensor in _tensors(outputs):
                self._connect([tensor], self.graph.add("output", "output"))
            return outputs

        return watched

    def inside(self, layer: Any) -> Callable[..., Any]:
        """Return a layer's `call` as one box."""
        call = layer.call

        def watched(*args: Any, **kwargs: Any) -> Any:
            if self.within:
                return call(*args, **kwargs)
            box = self.graph.add(_text(layer), "layer")
            self._connect(_tensors((args, kwargs)), box)
            self.within = True
            outputs = call(*args, **kwargs)
            self.within = False
            self.maker |= {tensor.id: box for tensor in _tensors(outputs)}
            return outputs

        return watched

    def record(self, op: Any, inputs: tuple[Any, ...], static: dict[str, Any], outputs: Any) -> None:
        if self.within:
            return
        tensors = [x for x in _tensors(inputs) if x.id in self.maker]
        if tensors and op.name in PASSING:
            self.maker[outputs.id] = self.maker[tensors[0].id]
        elif tensors:
            box = self.graph.add(op.name, "op")
            self._connect(tensors, box)
            self.maker |= {tensor.id: box for tensor in _tensors(outputs)}

    def _connect(self, tensors: list[Tensor], box: int) -> None:
        for tensor in tensors:
            if tensor.id in self.maker:
                shape = (None, *tensor.shape[1:]) if tensor.ndim else ()
                self.graph.connect(self.maker[tensor.id], box, str(shape))


def _tensors(structure: Any) -> list[Tensor]:
    return [leaf for leaf in flatten(structure) if isinstance(leaf, Tensor)]


def _text(layer: Any) -> str:
    count = sum(variable.size for variable in layer.weights)
    return f"{layer.name} ({type(layer).__name__})" + (f"\n{count:,} weights" if count else "")
