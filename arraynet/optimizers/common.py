"""What every optimizer may do around its own step: clipping, weight decay, averages, skipped updates."""

from typing import Any

from arraynet.dispatch import op

__all__ = ["GRAIN", "TINY", "chosen", "clip_by_global_norm", "clip_by_norm", "clip_by_value", "decayed", "flushed",
           "global_norm", "moving_average"]  # fmt: skip

# Means of gradients that stay zero would sink into denormal numbers, which many processors handle a hundred times
# slower. A mean of squares gets this floor, one addition that changes no bit above 1e-22; epsilon hides it.
TINY = 1e-30
GRAIN = 1e-25  # far above: a mean is still multiplied by learning rates, which must not make it denormal either


def flushed(x: Any) -> Any:
    """Return `x` with zeros for what is far smaller than `GRAIN`; what is above 2e-18 keeps every bit.

    A sum rounds small numbers away, and two additions are the cheapest way to ask for that. What remains is zero
    or at least 6e-33, the spacing of float32 numbers below `GRAIN`: products with 1e-5 are no denormal numbers.
    """
    return (x + GRAIN) - GRAIN


@op(promote=None)
def clip_by_norm(xp: Any, g: Any, /, limit: Any) -> Any:
    """Return `g` shortened to the norm `limit` if it is longer."""
    norm = xp.sqrt(xp.sum(g * g))
    return g * (limit / xp.maximum(norm, limit))


@op(promote=None)
def clip_by_value(xp: Any, g: Any, /, limit: Any) -> Any:
    """Return `g` with every element clipped to [-limit, limit]."""
    return xp.clip(g, -limit, limit)


@op(promote=None)
def global_norm(xp: Any, *arrays: Any) -> Any:
    """Return the norm of all arrays together; NaN unless it is finite."""
    norm = xp.sqrt(sum(xp.sum(g * g) for g in arrays))
    return norm + (norm - norm)


@op(promote=None)
def clip_by_global_norm(xp: Any, g: Any, norm: Any, /, limit: Any) -> Any:
    """Return `g` scaled as all gradients are whose common norm is shortened to `limit`."""
    return g * (limit * xp.minimum(1 / norm, 1 / limit))


@op(promote=None)
def decayed(xp: Any, w: Any, /, decay: Any) -> Any:
    """Return the weight made smaller by a share of itself, apart from its gradient: Loshchilov and Hutter (2019)."""
    return w - w * decay


@op(promote=None)
def moving_average(xp: Any, average: Any, w: Any, /, momentum: Any) -> Any:
    """Return the exponential moving average with `w` in it."""
    return average * momentum + w * (1 - momentum)


@op(promote=None)
def chosen(xp: Any, new: Any, old: Any, /, take: Any) -> Any:
    """Return `new` if the number `take` is 1, `old` if it is 0; capturable, since both are computed."""
    return xp.where(xp.zeros_like(new) + take > 0.5, new, old)
