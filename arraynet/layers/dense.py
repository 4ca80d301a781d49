"""The densely connected layer."""

from typing import Any

from arraynet import activations, initializers, ops, regularizers
from arraynet.checks import flag, positive_int
from arraynet.layers.input_spec import InputSpec
from arraynet.layers.layer import Layer

__all__ = ["Dense"]


class Dense(Layer):
    """``activation(inputs @ kernel + bias)``.

    Parameters
    ----------
    units : int
        The length of the output's last axis.
    activation : str or callable, optional
        None is the identity.
    use_bias : bool
        Whether there is a bias.
    kernel_initializer, bias_initializer : str or callable
        What the weights start from: kernel of shape (inputs, units), bias of shape (units,).
    kernel_regularizer, bias_regularizer : str or callable, optional
        Penalties on the weights, added to the loss.
    **kwargs
        Those of `Layer`: name, trainable, dtype, activity_regularizer.

    Raises
    ------
    ValueError
        `units` is no positive int; or, when called, the input's rank is below 2 or its last axis is not as
        long as it was at first.

    Examples
    --------
    >>> import arraynet
    >>> arraynet.layers.Dense(3)([[1.0, 2.0]]).shape
    (1, 3)
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units, self.use_bias = positive_int("Dense: units", units), flag("Dense: use_bias", use_bias)
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        if input_shape[-1] is None:
            raise ValueError(f"Layer {self.name!r} (Dense) needs the length of its input's last axis, received "
                             f"shape {input_shape}.")  # fmt: skip
        self.kernel = self.add_weight(
            (input_shape[-1], self.units), self.kernel_initializer, regularizer=self.kernel_regularizer, name="kernel"
        )
        self.bias = (
            self.add_weight((self.units,), self.bias_initializer, regularizer=self.bias_regularizer, name="bias")
            if self.use_bias
            else None
        )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: input_shape[-1]})

    def call(self, inputs: Any) -> Any:
        outputs = ops.matmul(inputs, self.cast(self.kernel))
        if self.bias is not None:
            outputs = ops.add(outputs, self.cast(self.bias))
        return outputs if self.activation is None else self.activation(outputs)  # some take it off later, for scores

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.units)
