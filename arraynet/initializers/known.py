"""First values that are known beforehand, and what all initializers have in common."""

from typing import Any

import numpy as np

from arraynet import dtypes, ops
from arraynet.checks import number
from arraynet.ops.shape import new_shape
from arraynet.registry import Configured
from arraynet.tensor import Tensor

__all__ = ["Constant", "Given", "Identity", "Initializer", "Ones", "Zeros"]


class Initializer(Configured):
    """What makes a variable's first value; subclass it and define `__call__`.

    Arguments of its constructor that are kept as attributes of their names are saved with it.

    Examples
    --------
    >>> from arraynet import initializers, ops
    >>> class Ramp(initializers.Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return ops.reshape(ops.arange(shape[-1], dtype=dtype), shape)
    >>> Ramp()((1, 3), "float32")
    Tensor([[0., 1., 2.]], dtype=float32, backend=numpy)
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return a Tensor of a shape, in floatx unless a dtype is named."""
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(self, shape, dtype=None).")

    def __repr__(self) -> str:
        try:
            config = self.get_config()
        except (TypeError, ValueError):  # what cannot be saved can be printed
            config = {}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in config.items())})"


class Zeros(Initializer):
    """Zeros, in any shape: what layers give biases."""

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return ops.zeros(shape, dtype)


class Ones(Initializer):
    """Ones, in any shape: what normalising layers give scales."""

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return ops.ones(shape, dtype)


class Constant(Initializer):
    """One number, or an array that is broadcast to the shape.

    Parameters
    ----------
    value : float or array
        Cast to the dtype of the variable.

    Examples
    --------
    >>> from arraynet import initializers
    >>> initializers.Constant(0.5)((2,))
    Tensor([0.5, 0.5], dtype=float32, backend=numpy)
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        dtype = dtypes.standardize(dtype or "float")
        values = ops.zeros(shape, dtype) + ops.convert_to_tensor(self.value, dtype)
        return ops.cast(values, dtype)  # type: ignore[no-any-return]  # the sum of booleans is int32


class Identity(Initializer):
    """`gain` times the identity matrix; for shapes of two axes.

    Parameters
    ----------
    gain : float
        The factor.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = number("gain", gain)

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        shape = new_shape(shape)
        if len(shape) != 2:
            raise ValueError(f"Identity makes matrices, received shape {shape}. Use Orthogonal for other shapes.")
        values = ops.eye(shape[0], shape[1], dtype=dtype) * self.gain
        return ops.cast(values, dtype or "float")  # type: ignore[no-any-return]


class Given(Initializer):
    """Values given as an array."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values) if isinstance(values, list) else values  # a list where it was saved

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        if new_shape(shape) != tuple(self.values.shape):
            raise ValueError(f"The initial values have shape {self.values.shape}, the variable has {tuple(shape)}.")
        return ops.convert_to_tensor(self.values, dtype)
