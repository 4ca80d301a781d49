"""The shape that a Sequential model starts from."""

from typing import Any

from arraynet.checks import optional_count, plain_int
from arraynet.layers.layer import Layer

__all__ = ["Input", "InputLayer"]


class InputLayer(Layer):
    """Tell a Sequential model the shape of its input, so that it is built before it sees data.

    Parameters
    ----------
    shape, batch_size
        As for `Input`, which makes it.
    **kwargs
        Those of `Layer`.
    """

    def __init__(self, shape: Any, batch_size: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        lengths = tuple(map(plain_int, shape)) if isinstance(shape, tuple | list) else None
        if lengths is None or any(
            isinstance(n, bool) or not (n is None or (isinstance(n, int) and n > 0)) for n in lengths
        ):
            raise ValueError(
                f"Input: shape must be a tuple of positive ints and None, such as (784,), received {shape!r}."
            )
        self.shape, self.batch_size = lengths, optional_count("Input: batch_size", batch_size)

    @property
    def batch_shape(self) -> tuple[int | None, ...]:
        """The shape with the batch axis."""
        return (self.batch_size, *self.shape)

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


def Input(  # noqa: N802 (Keras' name)
    shape: Any, batch_size: int | None = None, dtype: Any = None, name: str | None = None
) -> InputLayer:
    """Return what a Sequential model takes as its first entry to know the shape of its input.

    Parameters
    ----------
    shape : tuple of int or None
        The shape of one sample, without the batch axis.
    batch_size : int, optional
        The length of the batch axis; None is any.
    dtype : str, optional
        Of the input; floatx without it.
    name : str, optional
        Of the layer.

    Returns
    -------
    InputLayer
        The entry.

    Raises
    ------
    ValueError
        `shape` is no tuple of positive ints and None, such as a bare int.

    Examples
    --------
    >>> import arraynet
    >>> model = arraynet.Sequential([arraynet.Input((784,)), arraynet.layers.Dense(10)])
    >>> model.output_shape
    (None, 10)
    """
    return InputLayer(shape, batch_size, dtype=dtype, name=name)
