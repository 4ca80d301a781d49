"""Normalisation of each sample on its own."""

from typing import Any

from arraynet import ops
from arraynet.checks import ints, number
from arraynet.layers.affine import Affine
from arraynet.ops.shape import checked_axes

__all__ = ["LayerNormalization"]


class LayerNormalization(Affine):
    """Give each sample's features mean 0 and variance 1, then a learnt scale and offset.

    ``gamma * (inputs - mean) / sqrt(variance + epsilon) + beta``, in the shape of the inputs. J. L. Ba, J. R. Kiros
    and G. E. Hinton, Layer normalization, arXiv 1607.06450, 2016.

    Parameters
    ----------
    axis : int or sequence of int
        The axes that are normalised together.
    epsilon : float
        Added to the variance.
    center, scale : bool
        Whether there is an offset, `beta`, and a scale, `gamma`, in the shape of the normalised axes.
    beta_initializer, gamma_initializer : str or callable
        What they start from.
    beta_regularizer, gamma_regularizer : str or callable, optional
        Penalties on them, added to the loss.
    **kwargs
        Those of `Layer`.

    Raises
    ------
    ValueError
        `epsilon` is negative; or, when built, the input lacks an axis.

    Examples
    --------
    >>> from arraynet import layers
    >>> layers.LayerNormalization(epsilon=0.0)([[1.0, 3.0]])
    Tensor([[-1.,  1.]], dtype=float32, backend=numpy)
    """

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = ints("LayerNormalization: axis", axis)
        self.epsilon = number("LayerNormalization: epsilon", epsilon, 0)
        self.set_affine(center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer)

    def build(self, input_shape: Any) -> None:
        self.add_affine(tuple(input_shape[axis] for axis in sorted(checked_axes(self.axis, len(input_shape)))))

    def call(self, inputs: Any) -> Any:
        return self.cast(ops.layer_normalization(inputs, self.gamma, self.beta, axis=self.axis, epsilon=self.epsilon))
