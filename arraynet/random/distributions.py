"""Distributions, each a function of raw words in operations that round alike everywhere."""

import math
from typing import Any

import numpy as np

from arraynet import dtypes, ops
from arraynet.dispatch import REDRAWN, HostScalar, op, operands
from arraynet.observers import notify
from arraynet.ops.shape import new_shape
from arraynet.plugins import use_backend
from arraynet.random.streams import SeedGenerator, checked, default_generator, split
from arraynet.tensor import Tensor
from arraynet.words import BLOCK

__all__ = [
    "categorical",
    "dropout",
    "normal",
    "permutation",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]

FRACTION = {"float16": 11, "float32": 24, "float64": 53}  # bits that each dtype holds exactly
TAIL = 0.022750131948179207  # the normal distribution below minus two


@op(promote=None)
def random_words(xp: Any, /, key: Any, start: Any, n: Any, bits: Any) -> Any:
    """Return `n` words of a stream from lane `start` on, as unsigned integers of 16, 32 or 64 bits."""
    return xp.random_words(key, start, n, bits)


@op(promote=None)
def random_normals(xp: Any, /, key: Any, start: Any, n: Any, low: Any, high: Any) -> Any:
    """Return `n` standard normal float64 numbers between two quantiles, from 64-bit word `start` on."""
    return xp.random_normals(key, start, n, low, high)


@op(promote=None)
def words_to_uniform(xp: Any, words: Any, /, shift: Any, minval: Any, maxval: Any, limit: Any, dtype: Any) -> Any:
    """Return words without their lower `shift` bits as numbers between `minval` and `limit`, just below `maxval`."""
    unit = xp.astype(words >> shift, getattr(xp, dtype)) * 2.0 ** -(FRACTION[dtype])
    return xp.minimum(unit * (maxval - minval) + minval, limit)


@op(promote=None)
def words_to_integers(xp: Any, words: Any, /, minval: Any, maxval: Any, dtype: Any) -> Any:
    """Return 64-bit words as integers in [minval, maxval)."""
    return xp.astype(xp.astype(words % (maxval - minval), xp.int64) + minval, getattr(xp, dtype))


@op(promote=None)
def order_of(xp: Any, words: Any, /) -> Any:
    """Return the stable order of words, in int32."""
    return xp.astype(xp.argsort(words, stable=True), xp.int32)


@op(promote="float", fixed=("words",))
def keep_at_random(xp: Any, x: Any, words: Any, /, threshold: Any, scale: Any) -> Any:
    """Return `x` times `scale` where a 16-bit word reaches the threshold, else 0."""
    return x * (xp.astype(words >= threshold, x.dtype) * scale)


keep_at_random.defvjp(x=lambda g, words, threshold, scale: keep_at_random(g, words, threshold, scale))


def uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Return numbers drawn evenly from [minval, maxval).

    Parameters
    ----------
    shape : int or tuple of int
        Of the result.
    minval, maxval : float
        The bounds; the upper one is never returned.
    dtype : str, optional
        A floating one; floatx without it. float32 takes the upper 24 bits of 32-bit words, float64 the
        upper 53 of 64-bit words.
    seed : int, SeedGenerator or None
        An int gives the same numbers at every call, a `SeedGenerator` the next ones of its stream, None
        the next ones of the global stream.
    """
    name = _floating("uniform", dtype)
    bits = 64 if name == "float64" else 32
    if not minval <= maxval:
        raise ValueError(f"uniform: minval must not be above maxval, received minval={minval!r}, maxval={maxval!r}.")
    limit = np.nextafter(np.asarray(maxval, name), np.asarray(minval, name)).item()
    words = _words(shape, bits, seed)
    return words_to_uniform(  # type: ignore[no-any-return]
        words, shift=bits - FRACTION[name], minval=float(minval), maxval=float(maxval), limit=limit, dtype=name
    )


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Return normally distributed numbers.

    Parameters
    ----------
    shape : int or tuple of int
        Of the result.
    mean, stddev : float
        Of the distribution.
    dtype : str, optional
        A floating one; floatx without it.
    seed : int, SeedGenerator or None
        As for `uniform`.

    Examples
    --------
    >>> from arraynet import random
    >>> random.normal((2, 3), seed=1).shape
    (2, 3)
    """
    return _normal("normal", shape, mean, stddev, dtype, seed, 0.0)


def truncated_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Return normally distributed numbers, none further than two `stddev` from `mean`.

    Parameters
    ----------
    shape : int or tuple of int
        Of the result.
    mean, stddev : float
        Of the distribution before its ends are cut off.
    dtype : str, optional
        A floating one; floatx without it.
    seed : int, SeedGenerator or None
        As for `uniform`.
    """
    return _normal("truncated_normal", shape, mean, stddev, dtype, seed, TAIL)


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Return integers drawn evenly from ``minval`` to ``maxval - 1``.

    Parameters
    ----------
    shape : int or tuple of int
        Of the result.
    minval, maxval : int
        The bounds; the upper one is never drawn.
    dtype : str
        One of integers.
    seed : int, SeedGenerator or None
        As for `uniform`.
    """
    name = dtypes.standardize(dtype)
    if np.dtype(name).kind not in "iu":
        raise ValueError(f"randint: dtype must be an integer dtype, received {dtype!r}. For floats use random.uniform.")
    if not minval < maxval:
        raise ValueError(f"randint: minval must be below maxval, received minval={minval!r}, maxval={maxval!r}.")
    words = _words(shape, 64, seed)
    return words_to_integers(words, minval=int(minval), maxval=int(maxval), dtype=name)  # type: ignore[no-any-return]


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
        The share to drop, from 0 to 1, rounded to a multiple of 2**-16.
    noise_shape : tuple of int or None, optional
        Shape of the mask, broadcast against the inputs: 1 drops along a whole axis, None means that axis' length.
    seed : int, SeedGenerator or None
        As in `uniform`.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"dropout: rate is the share to drop, a number from 0 to 1, received {rate!r}.")
    (x,) = operands(inputs)
    shape = x.shape if noise_shape is None else [x.shape[i] if s is None else s for i, s in enumerate(noise_shape)]
    threshold = round(rate * 2**16)
    if threshold == 2**16:
        return ops.zeros_like(x)  # type: ignore[no-any-return]
    with use_backend(x.backend):
        words = _words(shape, 16, seed)
    return keep_at_random(x, words, threshold=threshold, scale=1 / (1 - rate))  # type: ignore[no-any-return]


def permutation(n: int, seed: Any = None) -> Tensor:
    """Return ``0..n-1`` in random order, in int32: the stable order of `n` random words.

    Parameters
    ----------
    n : int
        How many numbers.
    seed : int, SeedGenerator or None
        As for `uniform`.
    """
    return order_of(_words((n,), 64, seed))  # type: ignore[no-any-return]


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
    """
    (x,) = operands(x)
    with use_backend(x.backend):
        return ops.take(x, permutation(x.shape[axis], seed), axis=axis)  # type: ignore[no-any-return]


def _normal(name: str, shape: Any, mean: float, stddev: float, dtype: Any, seed: Any, tail: float) -> Tensor:
    kind, shape = _floating(name, dtype), new_shape(shape)
    n = math.prod(shape)
    key, start = _position(seed, n, 64)
    standard = random_normals(key=key, start=start, n=n, low=tail, high=1 - tail)
    return ops.cast(ops.reshape(standard * float(stddev) + float(mean), shape), kind)  # type: ignore[no-any-return]


def _words(shape: Any, bits: int, seed: Any) -> Tensor:
    """Raw words of the current backend in a shape."""
    shape = new_shape(shape)
    n = math.prod(shape)
    key, start = _position(seed, n, bits)
    return ops.reshape(random_words(key=key, start=start, n=n, bits=bits), shape)  # type: ignore[no-any-return]


def _position(seed: Any, n: int, bits: int) -> tuple[tuple[int, int], int | HostScalar]:
    """Key and first lane of a draw, which starts at a new counter; a generator moves on now and at every replay."""
    if seed is None:
        seed = default_generator()
    if not isinstance(seed, SeedGenerator):
        return split(checked(seed)), 0
    notify("touched", seed)
    if (redrawn := REDRAWN.get()) is not None:
        return seed.key, next(redrawn)

    def source() -> int:
        return seed.next(-(-n * bits // BLOCK)) * (BLOCK // bits)

    return seed.key, HostScalar(source, source())


def _floating(name: str, dtype: Any) -> str:
    kind = dtypes.standardize(dtype or "float")
    if kind not in FRACTION:
        raise ValueError(
            f"{name}: dtype must be a floating dtype, received {dtype!r}. For integers use random.randint."
        )
    return kind
