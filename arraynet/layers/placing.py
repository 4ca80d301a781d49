"""Where in its model a layer is when it makes its weights: their paths and their random streams follow from it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from arraynet.layers.context import calling, current_call
from arraynet.layers.shapes import batch_shape, shape_tuple
from arraynet.layers.tracked import names_within

__all__ = ["placed"]


def placed(build: Callable[..., None]) -> Callable[..., None]:
    """Wrap a class's `build` so that its weights are made under the layer's path, and the layer is built after it."""

    @wraps(build)
    def wrapped(self: Any, input_shape: Any = None, *more: Any, **named: Any) -> None:
        shapes = [] if input_shape is None and named else [_known(input_shape), *map(_known, more)]
        others = {name: _known(shape) for name, shape in named.items()}
        outer = current_call()
        if outer and outer.layer is self:  # a subclass's build that calls its parent's
            build(self, *shapes, **others)
            return
        _place(self, outer.layer if outer else None)
        with calling(self, outer.training if outer else None):
            build(self, *shapes, **others)
        _finish(self, next(iter([*shapes, *others.values()])))

    return wrapped


def _known(shape: Any) -> Any:
    return None if shape is None else shape_tuple(shape)


def _place(layer: Any, parent: Any) -> None:
    """Give a layer its path, and the key of its random streams, which is the path inside its model."""
    if layer._key is not None:
        return
    if parent is None:
        layer._path, layer._key = layer.name, layer._root_key()
        return
    name = names_within(parent._sublayers).get(id(layer), layer.name)
    layer._path, layer._key = f"{parent.path}/{layer.name}", f"{parent._key}/{name}".lstrip("/")


def _finish(layer: Any, shape: Any) -> None:
    layer.built = True
    if shape is not None:
        layer._build_shape = batch_shape(shape)
    for variable in layer._own_variables:
        variable._path = variable._path or f"{layer.path}/{variable.name}"
    if not layer._trainable:
        layer.trainable = False  # for the weights made just now
