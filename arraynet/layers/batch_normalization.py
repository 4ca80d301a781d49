"""Normalisation by the statistics of a batch."""

from typing import Any

from arraynet import initializers, ops
from arraynet.checks import number, plain_int
from arraynet.layers.affine import Affine
from arraynet.layers.input_spec import InputSpec

__all__ = ["BatchNormalization"]


class BatchNormalization(Affine):
    """Give each feature mean 0 and variance 1, then a learnt scale and offset.

    ``gamma * (inputs - mean) / sqrt(variance + epsilon) + beta``, in the shape of the inputs. S. Ioffe and C. Szegedy,
    Batch normalization, ICML 2015.

    In training the mean and the biased variance are the batch's own, and moving averages follow them:
    ``moving = moving * momentum + batch * (1 - momentum)``. Otherwise, and while the layer is frozen, the moving
    averages are used.

    Parameters
    ----------
    axis : int
        The axis of the features.
    momentum : float
        How slowly the moving averages follow.
    epsilon : float
        Added to the variance.
    center, scale : bool
        Whether there is an offset, `beta`, and a scale, `gamma`.
    beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer : str or callable
        What the weights, one number a feature each, start from.
    beta_regularizer, gamma_regularizer : str or callable, optional
        Penalties, added to the loss.
    **kwargs
        Those of `Layer`.

    Raises
    ------
    ValueError
        `axis` is no int, `momentum` not from 0 to 1, or `epsilon` negative.

    Examples
    --------
    >>> from arraynet import layers
    >>> norm = layers.BatchNormalization(epsilon=0.0)
    >>> norm([[1.0], [3.0]], training=True)
    Tensor([[-1.],
            [ 1.]], dtype=float32, backend=numpy)
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        axis = plain_int(axis)
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ValueError(f"BatchNormalization: axis must be one int, received {axis!r}.")
        self.axis, self.momentum = axis, number("BatchNormalization: momentum", momentum, 0, 1)
        self.epsilon = number("BatchNormalization: epsilon", epsilon, 0)
        self.set_affine(center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)

    def build(self, input_shape: Any) -> None:
        known = -len(input_shape) <= self.axis < len(input_shape)
        features = input_shape[self.axis] if known else None
        if features is None:
            raise ValueError(
                f"Layer {self.name!r} (BatchNormalization) needs the length of axis {self.axis}, received shape "
                f"{input_shape}."
            )
        shape = (features,)
        self.add_affine(shape)
        self.moving_mean = self.add_weight(shape, self.moving_mean_initializer, trainable=False, name="moving_mean")
        self.moving_variance = self.add_weight(
            shape, self.moving_variance_initializer, trainable=False, name="moving_variance"
        )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: features})

    def call(self, inputs: Any, training: bool = False) -> Any:
        if training and self.trainable:
            mean, variance = self._batch_moments(inputs)
        else:
            mean, variance = self.moving_mean.value, self.moving_variance.value
        y = ops.batch_normalization(inputs, mean, variance, self.axis, self.beta, self.gamma, self.epsilon)
        return self.cast(y)

    def _batch_moments(self, inputs: Any) -> tuple[Any, Any]:
        """The batch's mean and variance; the moving averages follow them."""
        axes = [k for k in range(inputs.ndim) if k != self.axis % inputs.ndim]
        mean, variance = ops.moments(ops.cast(inputs, self.variable_dtype), axes=axes)
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + ops.stop_gradient(new) * (1 - self.momentum))
        return mean, variance
