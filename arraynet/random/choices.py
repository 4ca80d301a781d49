"""Choices made at random: of classes, of what is kept, of an order."""

import operator
from typing import Any

from arraynet import ops
from arraynet.checks import number
from arraynet.dispatch import op
from arraynet.dtypes import promote_float
from arraynet.operands import operands
from arraynet.ops.shape import checked_axis
from arraynet.plugins import use_backend
from arraynet.random.distributions import raw_words, uniform
from arraynet.tensor import Tensor

__all__ = ["categorical", "dropout", "permutation", "shuffle"]


@op(promote=None)
def order_of(xp: Any, words: Any, /) -> Any:
    """Return the stable order of words, in int32."""
    return xp.astype(xp.argsort(words, stable=True), xp.int32)


@op(promote="float", fixed=("words",))
def keep_at_random(xp: Any, x: Any, words: Any, /, threshold: Any, scale: Any) -> Any:
    """Return `x` times `scale` where a 16-bit word reaches the threshold, else 0."""
    return x * (xp.astype(words >= threshold, x.dtype) * scale)


keep_at_random.defvjp(x=lambda g, words, threshold, scale: keep_at_random(g, words, threshold, scale))


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Return classes drawn with probabilities ``softmax(logits)``.

    Parameters
    ----------
    logits : tensor (batch, classes)
        Scores, of any size.
    num_samples : int
        How many are drawn for each row.
    dtype : str
        Of the result.
    seed : int, SeedGenerator or None
        As for `uniform`.

    Returns
    -------
    Tensor (batch, num_samples)
        The classes, as whole numbers.

    Raises
    ------
    ValueError
        `logits` has another rank than 2.

    Examples
    --------
    >>> from arraynet import random
    >>> random.categorical([[0.0, 100.0]], 3)
    Tensor([[1, 1, 1]], dtype=int32, backend=numpy)
    """
    (logits,) = operands(logits)
    if logits.ndim != 2:
        raise ValueError(f"categorical: logits must have shape (batch, classes), received {logits.shape}.")
    reached = ops.cumsum(ops.softmax(logits), axis=-1)
    drawn = uniform((logits.shape[0], num_samples, 1), dtype=reached.dtype.name, seed=seed) * reached[:, None, -1:]
    return ops.cast(ops.sum(drawn >= reached[:, None, :-1], axis=-1), dtype)  # type: ignore[no-any-return]


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Tensor:
    """Return `inputs` with a share of them set to 0 and the others scaled by ``1 / (1 - rate)``.

    Parameters
    ----------
    inputs : array
        Any shape; integers become floatx.
    rate : float
        The share to drop, from 0 to 1; rounded to a multiple of 2**-16, and the scale with it.
    noise_shape : tuple of int or None, optional
        Shape of the mask, broadcast against the inputs: 1 drops along a whole axis, None means that axis' length.
    seed : int, SeedGenerator or None
        As for `uniform`.

    Returns
    -------
    Tensor
        Of the shape and dtype of the inputs.

    Raises
    ------
    ValueError
        `rate` is not a number from 0 to 1, or `noise_shape` does not fit the inputs.

    Examples
    --------
    >>> from arraynet import ops, random
    >>> sorted(set(random.dropout(ops.ones(100), 0.5, seed=1).numpy().tolist()))
    [0.0, 2.0]
    """
    threshold = round(number("dropout: rate", rate, 0, 1) * 2**16)
    (x,) = operands(inputs)
    shape = x.shape if noise_shape is None else _mask_shape(noise_shape, x.shape)
    if threshold == 2**16:
        return ops.zeros_like(x, promote_float(x.dtype))  # type: ignore[no-any-return]
    with use_backend(x.backend):
        words = raw_words(shape, 16, seed)
    return keep_at_random(x, words, threshold=threshold, scale=2**16 / (2**16 - threshold))  # type: ignore[no-any-return]


def _mask_shape(given: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A noise shape with the inputs' own lengths for None; one that would not spread over the inputs is an error."""
    try:
        lengths = tuple(shape[axis] if n is None else operator.index(n) for axis, n in enumerate(given))
    except (TypeError, IndexError):
        lengths = (0,) * (len(shape) + 1)
    last = zip(reversed(lengths), reversed(shape), strict=False)  # as all that is broadcast, from the last axis on
    if len(lengths) > len(shape) or any(n not in (1, own) for n, own in last):
        raise ValueError(
            f"dropout: noise_shape must have None, 1 or the length of the inputs for each of their axes, which have "
            f"shape {shape}, received {given!r}."
        )
    return lengths


def permutation(n: int, seed: Any = None) -> Tensor:
    """Return ``0..n-1`` in random order: the stable order of `n` random words.

    Parameters
    ----------
    n : int
        How many numbers.
    seed : int, SeedGenerator or None
        As for `uniform`.

    Returns
    -------
    Tensor (n,)
        In int32.

    Examples
    --------
    >>> from arraynet import ops, random
    >>> ops.sort(random.permutation(4))
    Tensor([0, 1, 2, 3], dtype=int32, backend=numpy)
    """
    return order_of(raw_words((n,), 64, seed))  # type: ignore[no-any-return]


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Tensor:
    """Return `x` with its slices along an axis in random order.

    Parameters
    ----------
    x : tensor
        Any shape.
    axis : int
        The axis whose slices change places; what is inside a slice stays together.
    seed : int, SeedGenerator or None
        As for `uniform`.

    Returns
    -------
    Tensor
        Of the shape and dtype of `x`.

    Examples
    --------
    >>> from arraynet import ops, random
    >>> ops.sort(random.shuffle([3, 1, 2]))
    Tensor([1, 2, 3], dtype=int32, backend=numpy)
    """
    (x,) = operands(x)
    with use_backend(x.backend):
        place = checked_axis(axis, x.ndim)
        return ops.take(x, permutation(x.shape[place], seed), axis=place)  # type: ignore[no-any-return]
