"""Distributions, each a function of raw words in operations that round alike everywhere."""

import math
from typing import Any

import numpy as np

from arraynet import dtypes, ops
from arraynet.checks import number
from arraynet.dispatch import op
from arraynet.observers import notify
from arraynet.operands import REDRAWN, HostScalar
from arraynet.ops.shape import new_shape
from arraynet.random.streams import SeedGenerator, checked, default_generator, split
from arraynet.tensor import Tensor
from arraynet.words import BLOCK

__all__ = ["normal", "randint", "truncated_normal", "uniform"]

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

    Returns
    -------
    Tensor
        Of that shape and dtype.

    Raises
    ------
    ValueError
        `minval` is above `maxval`, or the dtype is not a floating one.

    Examples
    --------
    >>> from arraynet import random
    >>> random.uniform((2,), seed=1) == random.uniform((2,), seed=1)
    Tensor([ True,  True], dtype=bool, backend=numpy)
    """
    name = _floating("uniform", dtype)
    bits = 64 if name == "float64" else 32
    minval, maxval = number("uniform: minval", minval), number("uniform: maxval", maxval)  # Tensors lose derivatives
    if not minval <= maxval:
        raise ValueError(f"uniform: minval must not be above maxval, received minval={minval!r}, maxval={maxval!r}.")
    limit = np.nextafter(np.asarray(maxval, name), np.asarray(minval, name)).item()
    words = raw_words(shape, bits, seed)
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

    Returns
    -------
    Tensor
        Of that shape and dtype.

    Raises
    ------
    ValueError
        The dtype is not a floating one.

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
    mean, stddev : float
        Of the distribution before its ends are cut off.
    shape, dtype, seed
        As for `normal`, and so are what is returned and raised.
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

    Returns
    -------
    Tensor
        Of that shape and dtype.

    Raises
    ------
    ValueError
        A bound is no whole number, `minval` is not below `maxval`, the dtype does not hold all that lies between them,
        or it is not one of integers.

    Examples
    --------
    >>> from arraynet import ops, random
    >>> bool(ops.all(random.randint((100,), 1, 7, seed=1) < 7))
    True
    """
    name = dtypes.standardize(dtype)
    if np.dtype(name).kind not in "iu":
        raise ValueError(f"randint: dtype must be an integer dtype, received {dtype!r}. For floats use random.uniform.")
    held, low, high = np.iinfo(name), int(minval), int(maxval)
    if (low, high) != (minval, maxval) or not held.min <= low < high <= held.max + 1:
        raise ValueError(
            f"randint: minval must be below maxval, both whole numbers, and all between them within {name}, {held.min} "
            f"to {held.max}; received minval={minval!r}, maxval={maxval!r}."
        )
    words = raw_words(shape, 64, seed)
    return words_to_integers(words, minval=low, maxval=high, dtype=name)  # type: ignore[no-any-return]


def _normal(name: str, shape: Any, mean: float, stddev: float, dtype: Any, seed: Any, tail: float) -> Tensor:
    kind, shape = _floating(name, dtype), new_shape(shape)
    mean, stddev = number(f"{name}: mean", mean), number(f"{name}: stddev", stddev)
    n = math.prod(shape)
    key, start = _position(seed, n, 64)
    standard = random_normals(key=key, start=start, n=n, low=tail, high=1 - tail)
    return ops.cast(ops.reshape(standard * float(stddev) + float(mean), shape), kind)  # type: ignore[no-any-return]


def raw_words(shape: Any, bits: int, seed: Any) -> Tensor:
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
