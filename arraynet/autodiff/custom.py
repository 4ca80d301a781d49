"""Derivatives of the user's own, and recomputation instead of memory."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from arraynet.autodiff.tape import Tape, tapes_paused, tell_tapes
from arraynet.observers import OBSERVERS
from arraynet.operators import OPS
from arraynet.tensor import Tensor, Variable, as_tensor
from arraynet.tree import flatten, map_structure, unflatten

__all__ = ["checkpoint", "custom_gradient", "custom_vjp"]


class _Closure:
    """What a tape needs of an op, with one pull-back for all arguments together."""

    name, arrays, variadic = "custom", ("xs",), True
    kept: frozenset[str] = frozenset()

    def __init__(self, pull: Callable[[Any], list[Any]]) -> None:
        self.rules = {"xs": self}
        self._pull = pull
        self._g: Any = None
        self._grads: list[Any] = []

    def rule(self, position: int) -> "_Closure":
        return self

    def __call__(self, g: Any, known: dict[str, Any]) -> Any:
        if g is not self._g:  # the reverse pass asks once per argument
            self._g, self._grads = g, self._pull(g)
        return self._grads[known["index"]]


class custom_vjp:  # noqa: N801 (JAX's name)
    """A function with a derivative of one's own, as in JAX.

    Parameters
    ----------
    f : callable
        The function where nobody differentiates it.

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

    def __init__(self, f: Callable[..., Any]) -> None:
        self._f = f
        self._rules: tuple[Callable[..., Any], Callable[..., Any]] | None = None
        update_wrapper(self, f)

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Define ``fwd(*args) -> (out, residuals)`` and ``bwd(residuals, g) -> gradients, one per argument``."""
        self._rules = fwd, bwd

    def __call__(self, *args: Any) -> Any:
        if self._rules is None:
            raise TypeError(f"{self._f.__name__} has no derivative yet: call its .defvjp(fwd, bwd) first.")
        fwd, bwd = self._rules
        args = tuple(map_structure(_leaf, args))
        with tapes_paused():
            out, residuals = fwd(*args)
        return _joined(out, args, lambda g: bwd(residuals, g))


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function with a gradient of its own: `f` returns its output and the gradient function.

    Parameters
    ----------
    f : callable
        ``f(*args) -> (output, grad)``, where ``grad(*args, upstream=None)``, as in Keras, or
        ``grad(upstream)``, as in TensorFlow, returns a gradient for each argument.

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
        args = tuple(map_structure(_leaf, args))
        with tapes_paused():
            out, gradient = f(*args)
        return _joined(out, args, lambda g: _called(gradient, args, g))

    return update_wrapper(wrapped, f)


def _called(gradient: Callable[..., Any], args: Any, g: Any) -> Any:
    code = getattr(gradient, "__code__", None)
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code else ()
    return gradient(*args, upstream=g) if "upstream" in names else gradient(g)


def _joined(out: Any, args: Any, pull: Callable[[Any], Any]) -> Any:
    """Give the tapes one record from the arguments' leaves to fresh outputs."""
    leaves = flatten(args)
    with tapes_paused():
        outs = [OPS["identity_op"](o) for o in flatten(out)]
    inputs = tuple(leaf.read() if isinstance(leaf, Variable) else leaf for leaf in leaves)

    def pulled(g: Any) -> list[Any]:
        grads = pull(unflatten(out, g if len(outs) > 1 else (g,)))
        given = flatten(grads if isinstance(grads, tuple | list) else (grads,))
        if len(given) != len(leaves):
            raise ValueError(f"A custom gradient gives one per argument: {len(leaves)}, received {len(given)}.")
        return [None if v is None else as_tensor(v, leaf.backend) for v, leaf in zip(given, leaves, strict=True)]

    tell_tapes(_Closure(pulled), inputs, tuple(outs) if len(outs) > 1 else outs[0])
    return unflatten(out, outs)


def _leaf(x: Any) -> Any:
    return x if isinstance(x, Tensor | Variable) else as_tensor(x)


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return `f` with its intermediate results forgotten, and computed again in the reverse pass.

    Memory falls to the arguments and the output; the forward pass of `f` runs twice. Variables that `f`
    reads get their gradients as usual.

    Examples
    --------
    >>> import arraynet
    >>> float(arraynet.grad(arraynet.checkpoint(lambda x: arraynet.ops.sin(x) * 2))(0.0))
    2.0
    """

    def wrapped(*args: Any) -> Any:
        if not any(isinstance(o, Tape) for o in OBSERVERS.get()):
            return f(*args)
        args = tuple(map_structure(_leaf, args))
        watcher = Tape()
        with tapes_paused():
            out = watcher.recorded(f, args)
        variables = [variable for variable, _ in watcher.reads.values()]

        def pull(g: Any) -> list[Any]:
            tape = Tape()
            fresh = [a if isinstance(a, Variable) else OPS["identity_op"](a) for a in flatten(args)]
            for leaf in fresh:
                if leaf.dtype.kind == "f":
                    tape.watch(leaf)
            again = tape.recorded(f, unflatten(args, fresh))
            return tape.pull(flatten(again), flatten(g), [*fresh, *variables], free=True)

        return _joined(out, (*args, *variables), pull)

    return update_wrapper(wrapped, f)
