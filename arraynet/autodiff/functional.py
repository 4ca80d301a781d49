"""Derivatives of functions, with JAX's signatures, through nested lists, tuples and dicts."""

from collections.abc import Callable, Sequence
from typing import Any

from arraynet.autodiff.tape import Tape
from arraynet.operators import OPS
from arraynet.plugins import current, use_backend
from arraynet.tensor import Tensor, Variable, as_tensor
from arraynet.tree import flatten, map_structure, unflatten

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Return ``f(*primals)`` and a function from its output's gradient to those of the primals.

    Parameters
    ----------
    f : callable
        A function in ops.
    primals : Tensor, Variable, array, or nested structure of them
        Its arguments, floating. A Variable is watched in place.

    Returns
    -------
    out : as f returns
        The value.
    pull : callable
        ``pull(g)``, with `g` like `out`, is a tuple of gradients, zeros where unconnected.

    Examples
    --------
    >>> import arraynet
    >>> out, pull = arraynet.vjp(lambda x: x * x, arraynet.ops.array([1.0, 2.0]))
    >>> pull(arraynet.ops.array([1.0, 1.0]))[0]
    Tensor([2., 4.], dtype=float32, backend=numpy)
    """
    backend = next((p.backend for p in flatten(primals) if isinstance(p, Tensor | Variable)), current())
    tape = Tape(watch_variables=False)
    with use_backend(backend):
        args = map_structure(_fresh, primals)
        for leaf in flatten(args):
            tape.watch(leaf)
        out = tape.recorded(f, args)

    def pull(g: Any) -> tuple[Any, ...]:
        with use_backend(backend):
            grads = tape.pull(_floating(out), flatten(g), flatten(args), free=False)
            zeros = [OPS["zeros_like"](a) if v is None else v for v, a in zip(grads, flatten(args), strict=True)]
        return tuple(unflatten(args, zeros))

    return out, pull


def _fresh(x: Any) -> Any:
    """A leaf that is its own source, yet connected to `x` for whoever differentiates from outside."""
    if isinstance(x, Variable):
        return x
    tensor = as_tensor(x)
    if tensor.dtype.kind != "f":
        raise TypeError(f"Gradients need floating inputs, received {tensor.dtype}. Cast it: ops.cast(x, 'float32').")
    return OPS["identity_op"](tensor)


def _floating(out: Any) -> list[Any]:
    leaves = flatten(out)
    for leaf in leaves:
        if not isinstance(leaf, Tensor | Variable):
            raise TypeError(f"A differentiated function returns Tensors, received {type(leaf).__name__}.")
    return leaves


def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that gives ``(f(*args), gradient)``; see `grad`."""

    def evaluated(*args: Any, **kwargs: Any) -> Any:
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        for n in numbers:
            if not -len(args) <= n < len(args):
                raise ValueError(f"argnums={argnums} needs more positional arguments than the {len(args)} given.")
        places = [n % len(args) for n in numbers]
        aux: list[Any] = []

        def target(*chosen: Any) -> Any:
            full = list(args)
            for place, value in zip(places, chosen, strict=True):
                full[place] = value
            out = f(*full, **kwargs)
            if has_aux:
                out, extra = out
                aux.append(extra)
            if not isinstance(out, Tensor | Variable) or out.shape != ():
                shape = out.shape if isinstance(out, Tensor | Variable) else type(out).__name__
                raise TypeError(
                    f"grad() needs a function that returns a scalar, this one returned {shape}. "
                    f"Reduce it (ops.sum, ops.mean), or use jacobian()."
                )
            return out

        out, pull = vjp(target, *(args[p] for p in places))
        grads = pull(OPS["ones_like"](out))
        return (out, *aux) if has_aux else out, grads[0] if isinstance(argnums, int) else grads

    return evaluated


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Return the function that computes the gradient of a scalar function.

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
        The output is no scalar, or an argument is not floating.

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


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Return ``f(*primals)`` and its derivative in the direction of the tangents.

    The pull-back is linear in its cotangent, and its transpose is the derivative wanted: a VJP of a VJP.

    Examples
    --------
    >>> import arraynet
    >>> y, dy = arraynet.jvp(lambda x: x * x, (3.0,), (1.0,))
    >>> float(dy)
    6.0
    """
    leaves, directions = flatten(list(primals)), flatten(list(tangents))
    if len(leaves) != len(directions):
        raise ValueError(f"jvp needs a tangent for each primal: {len(leaves)} primals, {len(directions)} tangents.")
    out, pull = vjp(f, *primals)
    outs = flatten(out)
    with use_backend(outs[0].backend):
        weights = [OPS["zeros_like"](o) for o in outs]
        _, transpose = vjp(lambda *w: flatten(list(pull(unflatten(out, w)))), *weights)
        tangent = transpose([as_tensor(d, outs[0].backend, p.dtype.name if hasattr(p, "dtype") else None)
                             for d, p in zip(directions, leaves, strict=True)])  # fmt: skip
    return out, unflatten(out, tangent)


def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return the function that computes ``d out[i] / d arg[j]``, of shape out.shape + arg.shape.

    Examples
    --------
    >>> import arraynet
    >>> arraynet.jacobian(lambda x: x * x)(arraynet.ops.array([1.0, 2.0])).numpy().tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """

    def full(*args: Any) -> Any:
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)

        def chosen(*values: Any) -> Any:
            everything = list(args)
            for n, value in zip(numbers, values, strict=True):
                everything[n] = value
            return f(*everything)

        out, pull = vjp(chosen, *(args[n] for n in numbers))
        with use_backend(out.backend):
            eye = OPS["reshape"](OPS["eye"](out.size, dtype=out.dtype.name), (out.size, *out.shape))
            rows = [flatten(pull(eye[i])) for i in range(out.size)]
            leaves = [
                OPS["reshape"](OPS["stack"](list(column)), (*out.shape, *column[0].shape))
                for column in zip(*rows, strict=True)
            ]
        result = unflatten(tuple(args[n] for n in numbers), leaves)
        return result[0] if isinstance(argnums, int) else result

    return full


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """Return the function that computes the second derivatives of a scalar function.

    Examples
    --------
    >>> import arraynet
    >>> float(arraynet.hessian(lambda x: x**3)(2.0))
    12.0
    """
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """Return the function ``(x, v) -> H(x) v``, which never forms the Hessian H of the scalar function.

    Examples
    --------
    >>> import arraynet
    >>> x, v = arraynet.ops.array([1.0, 2.0]), arraynet.ops.ones(2)
    >>> arraynet.hvp(lambda x: arraynet.ops.sum(x**3))(x, v)
    Tensor([ 6., 12.], dtype=float32, backend=numpy)
    """

    def product(x: Any, v: Any) -> Any:
        gradient, directions = grad(f), flatten(v)

        def slope(point: Any) -> Any:
            pairs = zip(flatten(gradient(point)), directions, strict=True)
            return sum((OPS["sum"](OPS["multiply"](g, d)) for g, d in pairs), start=0.0)

        return grad(slope)(x)

    return product
