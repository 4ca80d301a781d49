"""Normalisation by mean and variance: of batches, of layers, of vectors.

`batch_normalization` and `layer_normalization` are ops with rules of their own, because backends have
kernels for them. Half precision is computed in float32, where sums of squares do not overflow.
"""

from collections.abc import Sequence
from typing import Any

from arraynet import config
from arraynet.dispatch import op
from arraynet.operands import operands
from arraynet.ops.bounds import maximum
from arraynet.ops.elementwise import absolute, power, sqrt, square
from arraynet.ops.reduction import mean
from arraynet.ops.reduction import sum as reduce_sum
from arraynet.ops.shape import cast, checked_axes, checked_axis, reshape, squeeze
from arraynet.tensor import Tensor

__all__ = ["batch_normalization", "layer_normalization", "moments", "normalize", "rms_normalization"]


def floating(x: Any) -> Any:
    """Return `x` as a floating Tensor."""
    (x,) = operands(x)
    return x if x.dtype.kind == "f" else cast(x, "float")


def widened(x: Tensor) -> Any:
    """Return `x` in float32 at least; what it meets is promoted with it."""
    return cast(x, "float32") if x.dtype.itemsize < 4 else x


def or_default(epsilon: float | None) -> float:
    """Return epsilon, `config.epsilon` without it."""
    return config.epsilon() if epsilon is None else epsilon


@op(promote="float", name="batch_normalization")
def _batch_normalization(
    xp: Any, x: Any, mean: Any, variance: Any, offset: Any = None, scale: Any = None, /, epsilon: float = 1e-3
) -> Any:
    inverse = 1 / xp.sqrt(variance + epsilon)
    y = (x - mean) * (inverse if scale is None else inverse * scale)
    return y if offset is None else y + offset


def factor(variance: Any, scale: Any, epsilon: float) -> Any:
    """Return the derivative of a batch normalisation's output with respect to its input."""
    inverse = 1 / sqrt(variance + epsilon)
    return inverse if scale is None else inverse * scale


_batch_normalization.defvjp(
    x=lambda g, variance, scale, epsilon: g * factor(variance, scale, epsilon),
    mean=lambda g, variance, scale, epsilon: -g * factor(variance, scale, epsilon),
    variance=lambda g, x, mean, variance, scale, epsilon: (
        g * (x - mean) * (factor(variance, scale, epsilon) / (-2 * (variance + epsilon)))
    ),
    offset=lambda g: g,
    scale=lambda g, x, mean, variance, epsilon: g * (x - mean) * factor(variance, None, epsilon),
)


def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Any:
    """Return ``(x - mean) / sqrt(variance + epsilon) * scale + offset`` (Ioffe and Szegedy 2015).

    Parameters
    ----------
    x : Tensor, floating
        What to normalise.
    mean, variance : Tensor
        One number for each index of `axis`.
    axis : int
        The axis of the channels.
    offset, scale : Tensor, optional
        Shapes as `mean`.
    epsilon : float
        Added to the variance.

    Raises
    ------
    ValueError
        One of them has another shape than (x.shape[axis],).
    """
    x = floating(x)
    axis = checked_axis(axis, x.ndim)
    given = {"mean": mean, "variance": variance, "offset": offset, "scale": scale}
    columns = [None if v is None else _column(name, v, x, axis) for name, v in given.items()]
    return cast(_batch_normalization(widened(x), *columns, epsilon=epsilon), x.dtype)


def _column(name: str, v: Any, x: Tensor, axis: int) -> Any:
    """A number for each channel, with as many axes of length 1 behind as make it broadcast against `x`."""
    _, v = operands(x, v)
    if v.shape != (x.shape[axis],):
        raise ValueError(
            f"batch_normalization: {name} needs the shape {(x.shape[axis],)}, that of axis {axis} of x "
            f"{x.shape}, received {v.shape}."
        )
    behind = x.ndim - 1 - axis
    return reshape(v, (*v.shape, *(1,) * behind)) if behind else v


@op(promote="float", name="layer_normalization")
def _layer_normalization(
    xp: Any, x: Any, gamma: Any = None, beta: Any = None, /, axis: Any = -1, epsilon: float = 1e-7
) -> Any:
    centred = x - xp.mean(x, axis=axis, keepdims=True)
    y = centred / xp.sqrt(xp.mean(centred * centred, axis=axis, keepdims=True) + epsilon)
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


def standardized(x: Tensor, axis: Any, epsilon: float) -> Any:
    """Return `x` with mean 0 and variance 1 along axes, and the factor that did it."""
    centred = x - mean(x, axis=axis, keepdims=True)
    inverse = 1 / sqrt(mean(square(centred), axis=axis, keepdims=True) + epsilon)
    return centred * inverse, inverse


def grad_layer_normalization(g: Any, x: Any, gamma: Any, axis: Any, epsilon: float) -> Any:
    normal, inverse = standardized(x, axis, epsilon)
    g = g if gamma is None else g * gamma
    along = mean(g * normal, axis=axis, keepdims=True)
    return inverse * (g - mean(g, axis=axis, keepdims=True) - normal * along)


_layer_normalization.defvjp(
    x=grad_layer_normalization,
    gamma=lambda g, x, axis, epsilon: g * standardized(x, axis, epsilon)[0],
    beta=lambda g: g,
)


def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: int | Sequence[int] = -1, epsilon: float | None = None
) -> Any:
    """Return `x` with mean 0 and variance 1 along axes, times `gamma`, plus `beta` (Ba et al. 2016).

    Parameters
    ----------
    x : Tensor, floating
        What to normalise.
    gamma, beta : Tensor, optional
        In the shape of the normalised axes, or with as many axes as `x`.
    axis : int or sequence of int
        The axes that are normalised together.
    epsilon : float, optional
        Added to the variance, `config.epsilon` without it.
    """
    x = floating(x)
    axes = checked_axes(axis, x.ndim)
    gamma, beta = (None if v is None else _spread(v, x, axes) for v in (gamma, beta))
    return cast(_layer_normalization(widened(x), gamma, beta, axis=axes, epsilon=or_default(epsilon)), x.dtype)


def _spread(v: Any, x: Tensor, axes: tuple[int, ...]) -> Any:
    """Numbers for the normalised axes, with axes of length 1 in the place of the others."""
    _, v = operands(x, v)
    if v.ndim == x.ndim or axes == (x.ndim - 1,):
        return v
    return reshape(v, tuple(n if k in axes else 1 for k, n in enumerate(x.shape)))


def rms_normalization(x: Any, scale: Any = None, axis: int | Sequence[int] = -1, epsilon: float | None = None) -> Any:
    """Return `x` divided by its root mean square along axes, times `scale` (Zhang and Sennrich 2019).

    `epsilon`, `config.epsilon` without it, is added to the mean square.
    """
    x = floating(x)
    wide = widened(x)
    y = wide / sqrt(mean(square(wide), axis=checked_axes(axis, x.ndim), keepdims=True) + or_default(epsilon))
    return cast(y if scale is None else y * scale, x.dtype)


def moments(x: Any, axes: int | Sequence[int], keepdims: bool = False, synchronized: bool = False) -> Any:
    """Return mean and biased variance along axes.

    Parameters
    ----------
    x : Tensor, floating
        The data.
    axes : int or sequence of int
        What to reduce.
    keepdims : bool
        Whether the reduced axes stay, with length 1.
    synchronized : bool
        Whether to reduce across processes too, which is not supported.
    """
    if synchronized:
        raise ValueError("moments: synchronized=True needs several processes, which are not supported.")
    x = floating(x)
    wide, axes = widened(x), checked_axes(axes, x.ndim)
    middle = mean(wide, axis=axes, keepdims=True)
    variance = mean(square(wide - middle), axis=axes, keepdims=keepdims)
    return cast(middle if keepdims else squeeze(middle, axis=axes), x.dtype), cast(variance, x.dtype)


def normalize(x: Any, axis: int | Sequence[int] | None = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """Return `x` divided by its norm along axes, all with None, or by `epsilon` where that is larger.

    `order` p is that of the norm, the p-th root of the sum of ``|x|**p``; a positive integer.
    Without `epsilon` it is `config.epsilon`.
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ValueError(f"normalize: order must be a positive integer, received {order!r}.")
    x, smallest = floating(x), or_default(epsilon)
    powers = square(x) if order == 2 else power(absolute(x), order)
    total = reduce_sum(powers, axis=axis, keepdims=True)
    return x / power(maximum(total, smallest**order), 1 / order)  # a finite gradient at zero
