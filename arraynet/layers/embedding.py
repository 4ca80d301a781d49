"""Vectors for words and other numbered things."""

from typing import Any

from arraynet import initializers, ops, regularizers
from arraynet.checks import flag, positive_int
from arraynet.layers.layer import Layer

__all__ = ["Embedding"]


class Embedding(Layer):
    """Look up a learnt vector for each integer: shape (...) becomes (..., output_dim).

    Parameters
    ----------
    input_dim : int
        How many different integers there are, from 0 on. `ops.take` says what others give; `fit` refuses them as data.
    output_dim : int
        The length of a vector.
    embeddings_initializer : str or callable
        What the vectors, of shape (input_dim, output_dim), start from.
    embeddings_regularizer : str or callable, optional
        A penalty on the vectors, added to the loss.
    mask_zero : bool
        Masks are not supported: True is refused.
    weights : array, optional
        The vectors to start from, such as those of another training, alone or in a list.
    **kwargs
        Those of `Layer`.

    Raises
    ------
    ValueError
        `input_dim` or `output_dim` is no positive int, `mask_zero` is True, or `weights` have another shape.

    Examples
    --------
    >>> from arraynet import layers
    >>> layers.Embedding(1000, 8)([[4, 20, 3]]).shape
    (1, 3, 8)
    """

    autocast = False  # integers that come as floats must not be rounded

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if flag("Embedding: mask_zero", mask_zero):
            raise ValueError("Embedding: mask_zero=True is not supported; leave padded places out of the loss instead.")
        self.input_dim = positive_int("Embedding: input_dim", input_dim)
        self.output_dim, self.mask_zero = positive_int("Embedding: output_dim", output_dim), False
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        if weights is not None:
            self.build(None)
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def build(self, input_shape: Any) -> None:
        self.embeddings = self.add_weight(
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            name="embeddings",
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments but `weights`, which files hold as all others."""
        return super().get_config()

    def call(self, inputs: Any) -> Any:
        indices = inputs if inputs.dtype.kind in "iu" else ops.cast(inputs, "int32")
        return self.cast(ops.take(self.embeddings, indices, axis=0))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape, self.output_dim)
