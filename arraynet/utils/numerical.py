"""Labels and vectors made ready for training, in NumPy, because that is done once and before it."""

from typing import Any

import numpy as np

from arraynet import ops
from arraynet.checks import positive_int
from arraynet.dtypes import host_array
from arraynet.tensor import Tensor
from arraynet.variable import Variable

__all__ = ["normalize", "to_categorical"]


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Return one-hot rows for integer labels.

    Parameters
    ----------
    x : array or Tensor
        Labels from 0 on; a trailing axis of length 1 is dropped.
    num_classes : int, optional
        The length of a row; one more than the largest label without it.

    Returns
    -------
    numpy.ndarray or Tensor
        For a Tensor a Tensor of floatx, else an array of float64; one axis more than the labels.

    Raises
    ------
    ValueError
        A label is negative, not below `num_classes`, or no whole number.

    Examples
    --------
    >>> from arraynet.utils import to_categorical
    >>> to_categorical([2, 0])
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    tensor = isinstance(x, Tensor | Variable)
    given = host_array(x.numpy() if tensor else x)
    labels = given.astype("int64")
    if not np.array_equal(labels, given):
        raise ValueError(f"to_categorical needs whole numbers as labels, received {given.dtype} values with fractions.")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    classes = _classes(labels, num_classes)
    if tensor:
        return ops.one_hot(ops.reshape(ops.cast(x, "int32"), labels.shape), classes)
    rows = np.zeros((*labels.shape, classes))
    np.put_along_axis(rows, labels[..., None], 1.0, axis=-1)
    return rows


def _classes(labels: np.ndarray, given: int | None) -> int:
    if given is None and not labels.size:
        raise ValueError("to_categorical cannot tell the number of classes from no labels: pass num_classes.")
    classes = int(labels.max()) + 1 if given is None else positive_int("num_classes", given)
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        bound = "they begin with 0" if given is None else f"with {given} classes they must lie in 0 to {given - 1}"
        raise ValueError(f"to_categorical received labels from {labels.min()} to {labels.max()}; {bound}.")
    return classes


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    """Return `x` divided by its norms of an order along an axis; where the norm is 0 it stays 0.

    Parameters
    ----------
    x : array
        Any shape.
    axis : int
        The axis along which vectors lie.
    order : int
        2 is the Euclidean norm, 1 the sum of sizes.

    Returns
    -------
    numpy.ndarray
        Of the shape of `x`.

    Raises
    ------
    ValueError
        `x` is a single number, or has no such axis.

    Examples
    --------
    >>> from arraynet import utils
    >>> utils.normalize([[3.0, 4.0], [0.0, 0.0]])
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    x = host_array(x)
    axes = axis if isinstance(axis, tuple) else () if axis is None else (axis,)
    if not x.ndim or not all(isinstance(a, int | np.integer) and -x.ndim <= a < x.ndim for a in axes):
        raise ValueError(
            f"normalize divides the vectors along an axis of an array: x must have axes, and axis be the number of "
            f"one, received shape {x.shape} and axis={axis!r}."
        )
    norms = np.linalg.norm(x, order, axis, keepdims=True)
    return np.asarray(x / np.where(norms == 0, 1, norms))
