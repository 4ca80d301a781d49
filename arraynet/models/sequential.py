"""Layers one after another, the most common model."""

import inspect
from collections.abc import Iterable
from typing import Any

from arraynet import ops
from arraynet.custom_objects import custom_object_scope
from arraynet.layers.input_layer import InputLayer
from arraynet.layers.input_spec import refuse_several
from arraynet.layers.layer import Layer
from arraynet.layers.serialization import deserialize, serialize
from arraynet.layers.shapes import batch_shape, shape_tuple
from arraynet.models.model import Model
from arraynet.registry import DESCRIBED, MADE, within

__all__ = ["Sequential"]


class Sequential(Model):
    """A stack of layers, each with one input and one output.

    Parameters
    ----------
    layers : iterable of Layer, optional
        In order. An `Input` at the front tells the shape, so that the weights exist at once; without it they
        are made at the first call.
    trainable : bool
        Whether its weights are trained.
    name : str, optional
        Without it, "sequential" and a number.

    Examples
    --------
    >>> from arraynet import Input, Sequential, layers
    >>> model = Sequential([Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(2)])
    >>> [w.shape for w in model.weights]
    [(4, 3), (3,), (3, 2), (2,)]
    """

    autocast = False  # each layer casts what it is given, and an Embedding takes integers as they come

    def __init__(
        self,
        layers: Iterable[Layer] | None = None,
        trainable: bool = True,
        name: str | None = None,
        *more: Any,
        **kwargs: Any,
    ) -> None:
        if more or isinstance(trainable, Layer):
            raise ValueError(_unlisted(layers, trainable, name, *more))
        super().__init__(trainable=trainable, name=name, **kwargs)
        self._stack: list[Layer] = []
        if isinstance(layers, str) or not isinstance(layers, Iterable | Layer | None):
            raise ValueError(f"Sequential takes a list of layers, received {layers!r}.")
        for layer in [layers] if isinstance(layers, Layer) else layers or []:
            self.add(layer, rebuild=False)
        self._changed(rebuild=True)

    @property
    def layers(self) -> list[Layer]:
        """The layers in order, without the `Input`."""
        return [layer for layer in self._stack if not isinstance(layer, InputLayer)]

    @property
    def input_shape(self) -> Any:
        """The shape of the input with its batch axis, None before it is known."""
        return self._build_shape

    @property
    def output_shape(self) -> Any:
        """The shape of the output with its batch axis, None before it is known."""
        return None if self._build_shape is None else self.compute_output_shape(self._build_shape)

    def add(self, layer: Layer, rebuild: bool = True) -> None:
        """Put a layer after the last one.

        Parameters
        ----------
        layer : Layer
            With a name that no other layer of the model has.
        rebuild : bool
            Whether its weights are made at once, if the input's shape is known.

        Raises
        ------
        ValueError
            It is no layer, its name is taken, or it is an `Input` and not the first.
        """
        self._check(layer)
        self._stack.append(layer)
        self._changed(rebuild)

    def _check(self, layer: Any) -> None:
        if not isinstance(layer, Layer):
            name = getattr(layer, "__name__", repr(layer))
            meant = f"{name}(...)" if isinstance(layer, type) else f"layers.Activation({name})"
            hint = f" Did you mean {meant}?" if callable(layer) or isinstance(layer, str) else ""
            raise ValueError(f"Model {self.name!r} is a stack of layers, received {layer!r}, which is none.{hint}")
        if isinstance(layer, InputLayer) and self._stack:
            raise ValueError(
                f"Model {self.name!r}: Input comes first and only once, received {layer.name!r} after "
                f"{self._stack[-1].name!r}."
            )
        if layer.name in [other.name for other in self._stack]:
            raise ValueError(
                f"Model {self.name!r} has a layer named {layer.name!r} already; names within a model are unique. "
                f"Pass another name=; to use one layer twice, write a Model whose call does."
            )

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer off and return it.

        Parameters
        ----------
        rebuild : bool
            Whether the layers that are left are built at once, if the input's shape is known.

        Raises
        ------
        ValueError
            There is none.
        """
        if not self.layers:
            raise ValueError(f"Model {self.name!r} has no layer to pop.")
        layer = self._stack.pop()
        self._changed(rebuild)
        return layer

    def _changed(self, rebuild: bool) -> None:
        self.built = False  # a public attribute, so captured programs notice
        self._anchor = None
        shape = self._known_shape()
        if rebuild and shape is not None and self.layers:
            self.build(shape)

    def _known_shape(self) -> Any:
        """What the input's shape is known to be: an `Input`'s, that given to the first layer, or the last build's."""
        first = self._stack[0] if self._stack else None
        given = first.batch_shape if isinstance(first, InputLayer) else first and first._given_shape
        return given or self._build_shape

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for inputs of a shape, batch axis included; that of `Input` need not be given.

        Raises
        ------
        ValueError
            The model has no layers, or no shape is known, or it contradicts the `Input`.
        """
        if not self.layers:
            raise ValueError(
                f"Model {self.name!r} has no layers. Add one before it is built or called: model.add(...)."
            )
        known = self._known_shape()
        shape = known if input_shape is None else input_shape
        if shape is None:
            raise ValueError(
                f"Model {self.name!r} does not know the shape of its input. Pass build((None, n)), or start the "
                f"layers with Input((n,))."
            )
        if known is not None and not _agree(known, shape):
            raise ValueError(f"Model {self.name!r} takes inputs of shape {known}, build received {shape}.")
        self._build_shape = shape = batch_shape(shape_tuple(shape))
        for layer in self.layers:
            if not layer.built:
                refuse_several(shape, layer)
                layer.build(shape)
            shape = layer.compute_output_shape(shape)

    def call(self, inputs: Any) -> Any:
        shape, rank = self._build_shape, getattr(inputs, "ndim", None)
        if isinstance(shape, tuple) and shape[-1] == 1 and rank == len(shape) - 1:
            inputs = ops.expand_dims(inputs, -1)  # as in Keras, an axis of one feature may be missing
        y = inputs
        for layer in self.layers:
            y = layer(y)
        first = self._stack[0]  # after the layers, whose refusals say more
        if isinstance(first, InputLayer) and not _agree(first.batch_shape, inputs.shape):
            raise ValueError(
                f"Model {self.name!r} starts with Input({first.shape}), received samples of shape "
                f"{tuple(inputs.shape[1:])}. Bring them into that shape, or give Input theirs."
            )
        return y

    def _data(self, x: Any, *given: Any) -> Any:
        """The data, of whose inputs there is one: as in Keras, it may stand alone in a list."""
        alone = isinstance(x, list | tuple) and len(x) == 1 and getattr(x[0], "shape", None)
        return super()._data(x[0] if alone else x, *given)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output for a shape of the input, None for unknown axes."""
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return name, layers and, where it is known, the input's shape, as plain types."""
        with within(DESCRIBED):
            layers = [serialize(layer) for layer in self._stack]
            return super().get_config() | {"layers": layers, "build_input_shape": self._build_shape}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Return a new model, with fresh weights, from what `get_config` returned.

        Parameters
        ----------
        config : dict
            From `get_config`.
        custom_objects : dict of str to class, optional
            The user's own layers by their class names.
        """
        if not isinstance(config, dict) or "layers" not in config:
            raise ValueError(f"Sequential.from_config takes the dict that get_config returned, received {config!r}.")
        config = dict(config)
        shape = config.pop("build_input_shape", None)
        with custom_object_scope(custom_objects), within(MADE):
            described, parameters = config.pop("layers"), inspect.signature(cls).parameters
            lacking = [p for p in parameters.values() if p.default is p.empty and p.name not in config]
            given = parameters.get("layers")
            if given and given.kind is given.VAR_POSITIONAL:
                model = cls(*map(deserialize, described), **config)
            elif given:
                model = super().from_config(config | {"layers": [deserialize(layer) for layer in described]})
            elif any(p.kind is not p.VAR_KEYWORD for p in lacking):  # of another name, or any number
                model = cls([deserialize(layer) for layer in described], **config)
            else:
                model = super().from_config(config)  # makes layers of its own, on which others may have been put
                pairs = zip(model._stack, described, strict=False)
                other = (k for k, (own, known) in enumerate(pairs) if _bare(serialize(own)) != _bare(known))
                for _ in model._stack[next(other, len(described)) :]:
                    model.pop(rebuild=False)
                for layer, known in zip(model._stack, described, strict=False):
                    kept = {"name": layer.name, "trainable": layer.trainable} | known["config"]
                    layer.name, layer.trainable = kept["name"], kept["trainable"]
                for layer in described[len(model._stack) :]:
                    model.add(deserialize(layer), rebuild=False)
        if shape is not None and not model.built:
            model.build(shape)
        return model

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}, layers={[x.name for x in self.layers]}>"


VARYING = ("name", "trainable", "build_input_shape", "shared")


def _bare(config: Any) -> Any:
    """A configuration without what differs between two of one kind."""
    if isinstance(config, dict):
        return {k: _bare(v) for k, v in config.items() if k not in VARYING}
    return [_bare(v) for v in config] if isinstance(config, list | tuple) else config


def _agree(known: Any, shape: Any) -> bool:
    """Tell whether two shapes have one rank and the same lengths where both know them, the batch axis aside."""
    pairs = zip(known[1:], shape[1:], strict=False)
    return len(known) == len(shape) and all(a == b or a is None or b is None for a, b in pairs)


def _unlisted(*given: Any) -> str:
    """What is said of layers that were passed one by one, as PyTorch takes them."""
    listed = ", ".join(f"{type(x).__name__}(...)" if isinstance(x, Layer) else repr(x) for x in given if x is not None)
    return f"Sequential takes one list of layers, received them one by one: write Sequential([{listed}])."
