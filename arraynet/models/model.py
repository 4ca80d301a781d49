"""A layer that is trained as a whole: the base of user-written models."""

from os import PathLike
from typing import Any

from arraynet.layers.layer import Layer
from arraynet.layers.shapes import batch_shape, probed_shape
from arraynet.models.summary import html_summary, print_summary
from arraynet.models.trainer import Trainer
from arraynet.saving import load_weights, save_model, save_weights

__all__ = ["Model"]


class Model(Trainer):
    """A network: layers as attributes, and a `call` that says how they follow each other.

    Parameters
    ----------
    name : str, optional
        Without it, the class in snake case and a number.
    trainable : bool
        Whether its weights are trained.
    dtype : str, optional
        See `arraynet.layers.Layer`.

    Examples
    --------
    >>> import arraynet
    >>> class Classifier(arraynet.Model):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = arraynet.layers.Dense(8, activation="relu")
    ...         self.out = arraynet.layers.Dense(3, activation="softmax")
    ...
    ...     def call(self, inputs):
    ...         return self.out(self.hidden(inputs))
    >>> Classifier()([[1.0, 2.0]]).shape
    (1, 3)
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args or {"inputs", "outputs"} & set(kwargs):
            raise TypeError(
                f"{type(self).__name__}(inputs, outputs) is not how models are made here: stack layers, "
                f"Sequential([...]), or write a class with layers as attributes and call(self, inputs)."
            )
        super().__init__(**kwargs)

    @property
    def layers(self) -> list[Layer]:
        """The layers directly inside, in the order in which they were set as attributes."""
        return list(self._sublayers)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer directly inside.

        Parameters
        ----------
        name : str, optional
            Its name.
        index : int, optional
            Its position in `layers`, from 0, or from -1 at the end; in the place of the name.

        Raises
        ------
        ValueError
            There is no such layer (the message lists those there are), or not exactly one of both is given.
        """
        if (name is None) == (index is None):
            raise ValueError(f"get_layer needs either a name or an index, received name={name!r}, index={index!r}.")
        layers = self.layers
        found = [layer for k, layer in enumerate(layers) if name == layer.name or index in (k, k - len(layers))]
        if not found:
            names = ", ".join(layer.name for layer in layers)
            raise ValueError(f"Model {self.name!r} has no layer {name if index is None else index!r}. Layers: {names}.")
        return found[0]

    def build(self, input_shape: Any) -> None:
        """Build the layers inside by running the model on zeros of a shape with None for unknown axes."""
        self.built = True  # its layers build themselves when they are called
        if input_shape is not None:
            probed_shape(self, input_shape)

    def _build_for_call(self, input_shape: Any, others: dict[str, Any]) -> None:
        default = type(self).build is Model.build
        self.build(None if default else input_shape, **others)  # the call to come builds the layers
        self._build_shape = batch_shape(input_shape)

    summary = print_summary

    def _repr_html_(self) -> str:
        return html_summary(self)

    def save(self, filepath: str | PathLike[str]) -> None:
        """Write all of it to an ``.arraynet`` file, from which training goes on: see `saving.save_model`."""
        save_model(self, filepath)

    def save_weights(self, filepath: str | PathLike[str]) -> None:
        """Write the weights to a ``.safetensors`` or ``.npz`` file: see `saving.save_weights`."""
        save_weights(self, filepath)

    def load_weights(self, filepath: str | PathLike[str]) -> None:
        """Read the weights from a ``.safetensors`` or ``.npz`` file: see `saving.load_weights`."""
        load_weights(self, filepath)

    def _root_key(self) -> str:
        return ""  # weights are keyed by their place inside the model, whatever the model is called
