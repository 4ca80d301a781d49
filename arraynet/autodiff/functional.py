"""Derivatives of functions, with JAX's signatures, through nested lists, tuples and dicts."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from arraynet.autodiff.tape import Tape, with_zeros
from arraynet.backend import Backend
from arraynet.checks import pair
from arraynet.operators import OPS
from arraynet.plugins import current, use_backend
from arraynet.tensor import Tensor, as_tensor
from arraynet.tree import flatten, map_structure, unflatten
from arraynet.variable import Variable

__all__ = ["Run", "alike", "chosen", "grad", "jvp", "split_aux", "value_and_grad", "vjp"]


class Run:
    """One run of a function with its arguments watched."""

    def __init__(self, f: Callable[..., Any], primals: tuple[Any, ...]) -> None:
        own = (p.backend for p in flatten(primals) if isinstance(p, Tensor | Variable))
        self.backend: Backend = next(own, None) or current()
        self.tape = Tape(watch_variables=False)
        with use_backend(self.backend):
            self.args = map_structure(_fresh, primals)
            for leaf in flatten(self.args):
                self.tape.watch(leaf)
            self.out = self.tape.during(f, self.args)
        self.leaves, self.outs = flatten(self.args), flatten(self.out)
        for leaf in self.outs:
            if not isinstance(leaf, Tensor | Variable):
                raise TypeError(
                    f"A differentiated function returns Tensors, received {type(leaf).__name__}. Compute it in "
                    f"arraynet.ops all the way: np.sum(x), math.exp(x), float(x) and .numpy() leave no trace."
                )

    def pull(self, g: Any) -> tuple[Any, ...]:
        """Return the arguments' gradients for one of the output; zeros where unconnected."""
        seeds = [g] if isinstance(self.out, Tensor | Variable) else flatten(g)
        with use_backend(self.backend):
            grads = self.tape.pull(self.outs, seeds, self.leaves, free=False)
            return tuple(unflatten(self.args, with_zeros(grads, self.leaves)))


def _fresh(x: Any) -> Any:
    """A leaf that is its own source, yet connected to `x` for whoever differentiates from outside."""
    if isinstance(x, Variable):
        return x
    tensor = as_tensor(x)
    if tensor.dtype.kind != "f":
        raise TypeError(f"Gradients need floating inputs, received {tensor.dtype}. Cast it: ops.cast(x, 'float32').")
    return OPS["identity_op"](tensor)


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Return ``f(*primals)`` and a function from its output's gradient to those of the primals.

    Parameters
    ----------
    f : callable
        A function in ops.
    primals : Tensor, Variable, array, or nested structure of them
        Its arguments, floating. A Variable is watched in place.
    has_aux : bool
        Whether `f` returns a pair, the output and whatever else.

    Returns
    -------
    out : as f returns
        The value.
    pull : callable
        ``pull(g)``, with `g` like `out`, is a tuple of gradients, zeros where unconnected.
    aux : object
        The other half of the pair, with `has_aux` only.

    Examples
    --------
    >>> import arraynet
    >>> out, pull = arraynet.vjp(lambda x: x * x, arraynet.ops.array([1.0, 2.0]))
    >>> pull(arraynet.ops.array([1.0, 1.0]))[0]
    Tensor([2., 4.], dtype=float32, backend=numpy)
    """
    split, aux = split_aux(f, has_aux)
    run = Run(split, primals)
    return (run.out, run.pull, *aux)


def split_aux(f: Callable[..., Any], has_aux: bool) -> tuple[Callable[..., Any], list[Any]]:
    """A function without its auxiliary output, and the list where that goes."""
    aux: list[Any] = []

    def first(*args: Any) -> Any:
        out, extra = pair("With has_aux=True the function", f(*args))
        aux.append(extra)
        return out

    return (first if has_aux else f), aux


def chosen(
    f: Callable[..., Any], argnums: int | Sequence[int], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A function of the arguments at `argnums` alone, and those."""
    if not callable(f):
        raise TypeError(f"A gradient is that of a function, received {type(f).__name__}; f and x go as grad(f)(x).")
    numbers, within = np.ravel(argnums).tolist(), f"argnums={argnums} must be positions among {len(args)} arguments"
    if not all(isinstance(n, int) and -len(args) <= n < len(args) for n in numbers):
        raise ValueError(f"{within}; f and x go as grad(f)(x).")
    places = [n % len(args) for n in numbers]
    if len({*places}) < len(places):  # the last of them would have all of the gradient
        raise ValueError(f"{within}, each once.")

    def target(*values: Any) -> Any:
        full = list(args)
        for place, value in zip(places, values, strict=True):
            full[place] = value
        return f(*full, **kwargs)

    return target, tuple(args[p] for p in places)


def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that gives ``(f(*args), gradient)``; see `grad`.

    Parameters
    ----------
    f : callable
        A function in ops that returns a scalar Tensor.
    argnums : int or sequence of int
        The positional arguments to differentiate with respect to.
    has_aux : bool
        Whether `f` returns a pair, the output and whatever else; then so does the function made.

    Returns
    -------
    callable
        Called as `f` is; gradients have the shapes and dtypes of the arguments.

    Examples
    --------
    >>> import arraynet
    >>> value, slope = arraynet.value_and_grad(lambda x: x**3)(2.0)
    >>> float(value), float(slope)
    (8.0, 12.0)
    """

    def evaluated(*args: Any, **kwargs: Any) -> Any:
        target, primals = chosen(f, argnums, args, kwargs)
        out, pull, *aux = vjp(target, *primals, has_aux=has_aux)
        if not isinstance(out, Tensor | Variable) or out.shape != () or out.dtype.kind != "f":
            what = f"{out.dtype} of shape {out.shape}" if isinstance(out, Tensor | Variable) else type(out).__name__
            raise TypeError(
                f"grad() needs a function that returns a floating scalar, this one returned {what}. "
                f"Reduce it (ops.sum, ops.mean), or use jacobian()."
            )
        grads = pull(OPS["ones_like"](out))
        return (out, *aux) if has_aux else out, grads[0] if isinstance(argnums, int | np.integer) else grads

    return evaluated


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Return the function that computes the gradient of a scalar function.

    What leaves the library on the way, as by ``np.exp(x)`` or ``float(x)``, is a constant to it.

    Parameters
    ----------
    f : callable
        A function in ops that returns a scalar Tensor.
    argnums : int or sequence of int
        The positional arguments to differentiate with respect to; each may be a nested structure.
    has_aux : bool
        Whether `f` returns a pair, the scalar and whatever else; then so does the gradient function.

    Returns
    -------
    callable
        It takes what `f` takes, and returns gradients in the structure of the arguments.

    Raises
    ------
    TypeError
        The output is not a scalar, or an argument is not of floating dtype.

    Examples
    --------
    >>> import arraynet
    >>> float(arraynet.grad(lambda x: x**3)(2.0))
    12.0
    """
    evaluated = value_and_grad(f, argnums, has_aux)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        out, grads = evaluated(*args, **kwargs)
        return (grads, out[1]) if has_aux else grads

    return gradient


def jvp(fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """Return ``fun(*primals)`` and its derivative in the direction of the tangents.

    With `has_aux` the function returns a pair, and its second part comes third.

    The pull-back is linear in its cotangent, and its transpose is the derivative wanted: a VJP of a VJP.

    Parameters
    ----------
    fun : callable
        A function in ops.
    primals : sequence
        Its arguments, floating.
    tangents : sequence
        A direction for each, of the same shape.
    has_aux : bool
        Whether `fun` returns a pair.

    Returns
    -------
    tuple
        The output, the derivative in its shape, and whatever else `fun` returned with `has_aux`.

    Examples
    --------
    >>> import arraynet
    >>> y, dy = arraynet.jvp(lambda x: x * x, (3.0,), (1.0,))
    >>> float(dy)
    6.0
    """
    if not all(isinstance(x, Sequence) for x in (primals, tangents)):
        raise TypeError(f"jvp takes sequences: jvp(f, (x,), (dx,)). Received {primals!r} and {tangents!r}.")
    directions = alike("jvp: tangents", list(tangents), "primals", list(primals))
    split, aux = split_aux(fun, has_aux)
    run = Run(split, tuple(primals))
    with use_backend(run.backend):
        weights = [OPS["zeros_like"](o) for o in run.outs]
        smooth = [k for k, w in enumerate(weights) if w.dtype.kind == "f"]

        def pulled(*moving: Any) -> list[Any]:
            seeds = list(weights)
            for k, w in zip(smooth, moving, strict=True):
                seeds[k] = w
            return flatten(run.pull(unflatten(run.out, seeds)))

        transpose = Run(pulled, tuple(weights[k] for k in smooth)).pull
        for k, tangent in zip(smooth, transpose(directions), strict=True):
            weights[k] = tangent
    return run.out, unflatten(run.out, weights), *aux


def alike(what: str, directions: Any, of: str, points: Any) -> list[Any]:
    """Directions as a list, each of the shape of the point that it starts from."""
    given, expected = ([np.shape(leaf) for leaf in flatten(x)] for x in (directions, points))
    if given != expected:
        raise ValueError(f"{what} must have the shapes of {of}, {expected}, received {given}.")
    return flatten(directions)
