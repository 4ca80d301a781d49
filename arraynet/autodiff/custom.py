"""Derivatives of the user's own, and recomputation instead of memory."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import update_wrapper
from typing import Any

from arraynet.autodiff.tape import Tape, tapes_paused, tell_tapes
from arraynet.checks import pair
from arraynet.observers import OBSERVERS, Observer
from arraynet.operands import REDRAWN, HostScalar
from arraynet.operators import OPS
from arraynet.tensor import Tensor, as_tensor
from arraynet.tree import flatten, map_structure, unflatten
from arraynet.variable import Variable

__all__ = ["checkpoint", "custom_gradient", "custom_vjp"]


class _Closure:
    """What a tape needs of an op, with one pull-back for all arguments together."""

    name, arrays, variadic = "custom", ("xs",), True
    kept: frozenset[str] = frozenset()
    keeps = (False,)
    rules = ("xs",)

    def __init__(self, pull: Callable[[Any, list[int]], list[Any]]) -> None:
        self._pull = pull

    def gradients(self, wanted: list[int], g: Any, known: dict[str, Any]) -> Iterable[Any]:
        given = self._pull(g, wanted)
        return (given[position] for position in wanted)


class custom_vjp:  # noqa: N801 (JAX's name)
    """A function with a derivative of one's own, as in JAX.

    Parameters
    ----------
    f : callable
        The function where nobody differentiates it.
    nondiff_argnums : sequence of int
        Positions of arguments that are no arrays; `bwd` gets them first.

    Examples
    --------
    >>> import arraynet
    >>> @arraynet.custom_vjp
    ... def clipped(x):
    ...     return x
    >>> clipped.defvjp(lambda x: (x, None), lambda residual, g: (arraynet.ops.clip(g, -1.0, 1.0),))
    >>> float(arraynet.grad(lambda x: 5 * clipped(x))(2.0))
    1.0
    """

    def __init__(self, f: Callable[..., Any], nondiff_argnums: Sequence[int] = ()) -> None:
        self._f, self._nondiff = f, tuple(nondiff_argnums)
        self._rules: tuple[Callable[..., Any], Callable[..., Any]] | None = None
        update_wrapper(self, f)

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Define ``fwd(*args) -> (out, residuals)`` and ``bwd(residuals, g) -> gradients, one per argument``."""
        self._rules = fwd, bwd

    def __call__(self, *args: Any) -> Any:
        if self._rules is None:
            raise TypeError(f"{self._f.__name__} has no derivative yet: call its .defvjp(fwd, bwd) first.")
        if not _taped():
            return self._f(*args)
        fwd, bwd = self._rules
        still = [args[k] for k in self._nondiff]
        moving = tuple(a for k, a in enumerate(args) if k not in self._nondiff)
        out, residuals = pair(f"The fwd of {self._f.__name__}", fwd(*args))
        return _joined(out, moving, lambda g, _: bwd(*still, residuals, g))


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function with a gradient of its own: `f` returns its output and the gradient function.

    Parameters
    ----------
    f : callable
        ``f(*args) -> (output, grad)``, where ``grad(*args, upstream=None)``, as in Keras, or
        ``grad(upstream)`` (one per output), as in TensorFlow, returns a gradient for each argument.

    Examples
    --------
    >>> import arraynet
    >>> @arraynet.ops.custom_gradient
    ... def log1pexp(x):
    ...     e = arraynet.ops.exp(x)
    ...     def grad(*args, upstream=None):
    ...         return upstream * (1 - 1 / (1 + e))
    ...     return arraynet.ops.log(1 + e), grad
    >>> round(float(arraynet.grad(log1pexp)(100.0)), 3)
    1.0
    """

    def wrapped(*args: Any) -> Any:
        out, gradient = pair("A custom_gradient's function", f(*args))
        if not _taped():
            return map_structure(as_tensor, out)
        return _joined(out, args, lambda g, _: _called(gradient, args, g))

    return update_wrapper(wrapped, f)


def _called(gradient: Callable[..., Any], args: Any, g: Any) -> Any:
    try:
        inspect.signature(gradient).bind(*args, upstream=g)
    except TypeError:  # it does not take the arguments again: TensorFlow's form
        return gradient(*flatten(g))
    return gradient(*args, upstream=g)


def _taped() -> bool:
    return any(isinstance(o, Tape) for o in OBSERVERS.get())


def _joined(out: Any, args: tuple[Any, ...], pull: Callable[[Any, list[int]], Any]) -> Any:
    """Give the tapes one record from the arguments' leaves, those of the host left as they are, to fresh outputs.

    What made `out` may be on the tapes as well: first derivatives never meet it, since the outputs are
    fresh, and second ones need it where `pull` uses values computed on the way.
    """
    leaves = flatten(args)
    with tapes_paused():
        outs = [OPS["identity_op"](o) for o in flatten(out)]
    inputs = tuple(leaf.read() if isinstance(leaf, Variable) else leaf for leaf in leaves)

    def pulled(g: Any, wanted: list[int]) -> list[Any]:
        given = _per_leaf(pull(unflatten(out, g if len(outs) > 1 else (g,)), wanted), args)
        return [_checked(v, leaf) for v, leaf in zip(given, leaves, strict=True)]

    tell_tapes(_Closure(pulled), inputs, tuple(outs) if len(outs) > 1 else outs[0])
    return unflatten(out, outs)


def _per_leaf(grads: Any, args: tuple[Any, ...]) -> list[Any]:
    """A custom rule's gradients, one per leaf of the arguments; None for a whole argument is zero."""
    grads = grads if isinstance(grads, tuple | list) else (grads,)
    if len(grads) == len(args):
        grads = [[None] * len(flatten(a)) if g is None else g for g, a in zip(grads, args, strict=True)]
    given, expected = flatten(grads), len(flatten(args))
    if len(given) != expected:
        raise ValueError(f"A custom gradient gives one gradient per argument: {expected}, received {len(given)}.")
    return given


def _checked(g: Any, leaf: Any) -> Tensor | None:
    if g is None or not isinstance(leaf, Tensor | Variable):
        return None
    gradient = as_tensor(g, leaf.backend)
    if gradient.shape != leaf.shape:
        raise ValueError(f"A custom gradient has the shape of its argument, {leaf.shape}; received {gradient.shape}.")
    return gradient


class _Sources(Observer):
    """What a function used beside its arguments: the Variables it read and the random numbers it drew."""

    def __init__(self) -> None:
        self.variables: dict[int, Variable] = {}
        self.draws: dict[int, HostScalar] = {}

    def read(self, variable: Variable, value: Tensor) -> None:
        self.variables[id(variable)] = variable

    def record(self, op: Any, inputs: tuple[Any, ...], static: dict[str, Any], outputs: Any) -> None:
        self.draws |= {id(value): value for value in static.values() if isinstance(value, HostScalar)}


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return `f` with its intermediate results forgotten, and computed again in the reverse pass.

    Memory falls to the arguments and the output; the forward pass of `f` runs twice. Variables that `f`
    reads get their gradients as usual; they must still have their values when the gradient is taken.
    Random numbers are drawn once: the second run meets the same dropout.

    Parameters
    ----------
    f : callable
        A function in ops.

    Returns
    -------
    callable
        Called as `f` is, with the same results and gradients.

    Examples
    --------
    >>> import arraynet
    >>> float(arraynet.grad(arraynet.checkpoint(lambda x: arraynet.ops.sin(x) * 2))(0.0))
    2.0
    """

    def run(args: Any, kwargs: Any) -> Any:
        return f(*args, **kwargs)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if not _taped():
            return f(*args, **kwargs)
        given, used = (args, kwargs), _Sources()
        with tapes_paused():
            out = used.during(run, given)
        sources = [a for a in flatten(given) if isinstance(a, Tensor | Variable)]
        known = {id(a) for a in sources}
        sources += [v for key, v in used.variables.items() if key not in known]

        def pull(g: Any, wanted: list[int]) -> list[Any]:
            tape = Tape(watch_variables=False)
            fresh = [a if isinstance(a, Variable) else OPS["identity_op"](a) for a in sources]
            for position in wanted:
                tape.watch(fresh[position])
            rest, token = iter(fresh), REDRAWN.set(iter(used.draws.values()))
            try:
                filled = map_structure(lambda a: next(rest) if isinstance(a, Tensor | Variable) else a, given)
                again = tape.during(run, filled)
            finally:
                REDRAWN.reset(token)
            return tape.pull(flatten(again), flatten(g), fresh, free=True)

        return _joined(out, tuple(sources), pull)

    return update_wrapper(wrapped, f)
