"""Derivatives against differences: the check that no hand-written rule escapes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from arraynet import ops
from arraynet.autodiff import vjp
from arraynet.tensor import Tensor
from arraynet.tree import flatten, unflatten

__all__ = ["check_gradients"]


def check_gradients(
    f: Callable[..., Any], *inputs: Any, order: int = 2, step: float = 1e-6, rtol: float = 1e-5
) -> None:
    """Compare the derivative of `f` along a random direction with a central difference, in float64.

    Parameters
    ----------
    f : callable
        A function in ops of Tensors (or lists of them), returning a Tensor or a structure of them.
    inputs : array or list of arrays
        Where to differentiate; floating ones are varied.
    order : int
        How many times to differentiate: the check applies itself to the gradient.
    step, rtol : float
        The difference's step, and the relative error allowed.

    Raises
    ------
    AssertionError
        The two disagree; the message shows both.
    """
    leaves = flatten(inputs)
    moving = [k for k, x in enumerate(leaves) if isinstance(x, np.ndarray) and x.dtype.kind == "f"]
    rng = np.random.default_rng(7)

    def restored(*values: Any) -> Any:
        full = [ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x for x in leaves]
        for k, value in zip(moving, values, strict=True):
            full[k] = value
        return f(*unflatten(inputs, full))

    points = [leaves[k].astype("float64") for k in moving]
    directions = [rng.normal(size=p.shape) for p in points]
    weights = [rng.normal(size=o.shape) for o in floating(restored(*map(ops.array, points)))]

    def weighted(way: float) -> float:
        moved = [ops.array(p + way * d) for p, d in zip(points, directions, strict=True)]
        outs = [np.asarray(o.numpy(), "float64") for o in floating(restored(*moved))]
        return float(sum((w * o).sum() for w, o in zip(weights, outs, strict=True)))

    expected = (weighted(step) - weighted(-step)) / (2 * step)

    def gradients(*values: Any) -> list[Any]:
        _, pull = vjp(lambda *v: floating(restored(*v)), *values)
        return list(pull([ops.array(w) for w in weights]))

    grads = gradients(*map(ops.array, points))
    for g, p in zip(grads, points, strict=True):
        assert g.shape == p.shape, f"gradient of shape {g.shape} for an input of shape {p.shape}"
        assert g.dtype == p.dtype, f"gradient of dtype {g.dtype} for an input of dtype {p.dtype}"
    found = float(sum((g.numpy() * d).sum() for g, d in zip(grads, directions, strict=True)))
    assert np.isclose(found, expected, rtol=rtol, atol=rtol), f"derivative {found}, difference {expected}"
    if order > 1:
        check_gradients(gradients, *points, order=order - 1, step=step, rtol=rtol)


def floating(out: Any) -> list[Tensor]:
    """Return the floating leaves of a result."""
    return [leaf for leaf in flatten(out) if isinstance(leaf, Tensor) and leaf.dtype.kind == "f"]
