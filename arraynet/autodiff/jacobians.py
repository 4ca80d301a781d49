"""Derivatives of more than one number: Jacobians, Hessians, and products with Hessians."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from arraynet.autodiff.functional import Run, alike, chosen, grad, split_aux
from arraynet.autodiff.tape import with_zeros
from arraynet.operators import OPS
from arraynet.plugins import use_backend
from arraynet.tree import flatten, unflatten

__all__ = ["hessian", "hvp", "jacobian"]


def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Return the function that computes ``d out[i] / d arg[j]``, of shape out.shape + arg.shape.

    A nested structure of outputs gives that structure, with the arguments' structure at each leaf.

    Parameters
    ----------
    f : callable
        A function in ops, whose output may have any shape.
    argnums : int or sequence of int
        The positional arguments to differentiate with respect to.
    has_aux : bool
        Whether `f` returns a pair, the output and whatever else; then so does the function made.

    Returns
    -------
    callable
        Called as `f` is; one Tensor for each argument of `argnums`, a tuple of them for a sequence.

    Examples
    --------
    >>> import arraynet
    >>> arraynet.jacobian(lambda x: x * x)(arraynet.ops.array([1.0, 2.0])).numpy().tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """

    def full(*args: Any, **kwargs: Any) -> Any:
        target, primals = chosen(f, argnums, args, kwargs)
        split, aux = split_aux(target, has_aux)
        run = Run(split, primals)

        def block(out: Any) -> Any:
            result = unflatten(run.args, with_zeros(run.tape.jacobian(out, run.leaves), run.leaves, out.shape))
            return result[0] if isinstance(argnums, int | np.integer) else result

        with use_backend(run.backend):
            blocks = unflatten(run.out, [block(out) for out in run.outs])
        return (blocks, *aux) if has_aux else blocks

    return full


def hessian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return the function that computes the second derivatives of a scalar function.

    Parameters
    ----------
    f : callable
        A function in ops that returns a scalar Tensor.
    argnums : int or sequence of int
        The positional arguments to differentiate with respect to.

    Returns
    -------
    callable
        It takes what `f` takes, and returns an array of shape ``arg.shape + arg.shape``.

    Examples
    --------
    >>> import arraynet
    >>> float(arraynet.hessian(lambda x: x**3)(2.0))
    12.0
    """
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """Return the function ``(x, v) -> H(x) v``, which never forms the Hessian H of the scalar function.

    Parameters
    ----------
    f : callable
        A function in ops that returns a scalar Tensor.

    Returns
    -------
    callable
        Its result has the shape and dtype of `x`; so has `v`, the direction.

    Examples
    --------
    >>> import arraynet
    >>> x, v = arraynet.ops.array([1.0, 2.0]), arraynet.ops.ones(2)
    >>> arraynet.hvp(lambda x: arraynet.ops.sum(x**3))(x, v)
    Tensor([ 6., 12.], dtype=float32, backend=numpy)
    """

    def product(x: Any, v: Any) -> Any:
        gradient, directions = grad(f), alike("hvp: v", v, "x", x)

        def slope(point: Any) -> Any:
            pairs = zip(flatten(gradient(point)), directions, strict=True)
            return sum((OPS["sum"](OPS["multiply"](g, d)) for g, d in pairs), start=0.0)

        return grad(slope)(x)

    return product
