"""Control flow with Keras' names, and `stop_gradient`.

The functions are Python loops of ops: a tape sees every turn, so all of them are differentiable as often as
the ops in them. What they carry may be nested lists, tuples and dicts of Tensors.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from arraynet.checks import pair
from arraynet.dispatch import op
from arraynet.operands import operands
from arraynet.ops.shape import checked_axis, concatenate, integer, narrow, stack
from arraynet.ops.turning import flip
from arraynet.tensor import Tensor, as_tensor
from arraynet.tree import flatten, map_structure, unflatten
from arraynet.variable import Variable

__all__ = ["associative_scan", "cond", "fori_loop", "map", "scan", "stop_gradient", "switch", "vectorized_map",
           "while_loop"]  # fmt: skip


@op(promote=None, name="stop_gradient")
def _stop_gradient(xp: Any, variable: Any, /) -> Any:
    return variable


def stop_gradient(variable: Any) -> Any:
    """Return a value that derivatives treat as a constant; it remembers its logits, stopped as well.

    Examples
    --------
    >>> import arraynet
    >>> arraynet.grad(lambda x: x * arraynet.stop_gradient(x))(3.0)  # not 2 * x
    Tensor(3., dtype=float32, backend=numpy)
    """
    y = _stop_gradient(variable)
    logits = getattr(variable, "logits", None)
    if logits is not None:
        y.logits = _stop_gradient(logits[0]), logits[1]
    return y


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """Return ``true_fn()`` if `pred`, a scalar, is true, else ``false_fn()``; the other one is not called."""
    return true_fn() if bool(pred) else false_fn()


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """Return ``branches[index](*operands)``; an index out of range takes the first branch or the last."""
    if not branches:
        raise ValueError("switch: branches must hold at least one function, received none.")
    return branches[min(max(int(index), 0), len(branches) - 1)](*_owned(operands))


def _owned(structure: Any) -> Any:
    """A structure with Tensors for host arrays, which the caller may write into; numbers stay numbers."""
    backend = next((x.backend for x in flatten(structure) if isinstance(x, Tensor | Variable)), None)
    return map_structure(lambda x: as_tensor(x, backend) if isinstance(x, np.ndarray) else x, structure)


def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """Repeat ``loop_vars = body(*loop_vars)`` while ``cond(*loop_vars)`` is true.

    Parameters
    ----------
    cond, body : callable
        Functions of the loop's variables; `body` returns as many new ones.
    loop_vars : tuple or list, or a single Tensor
        The first values.
    maximum_iterations : int, optional
        How many turns at most.

    Returns
    -------
    tuple or list, or a single Tensor
        The last values, as `loop_vars`.
    """
    single = not isinstance(loop_vars, tuple | list)
    values, turns = _owned((loop_vars,) if single else tuple(loop_vars)), 0
    most = math.inf if maximum_iterations is None else integer("maximum_iterations", maximum_iterations)
    while turns < most and bool(cond(*values)):
        result = body(*values)
        fresh = tuple(result) if isinstance(result, tuple | list) else (result,)
        if len(fresh) != len(values):
            raise ValueError(f"while_loop: body must return {len(values)} loop variables, received {len(fresh)}.")
        values, turns = fresh, turns + 1
    return values[0] if single else type(loop_vars)(values)


def fori_loop(lower: int, upper: int, body_fun: Callable[[int, Any], Any], init_val: Any) -> Any:
    """Repeat ``value = body_fun(i, value)`` for i from `lower` up to, not including, `upper`."""
    value = _owned(init_val)
    for i in range(integer("lower", lower), integer("upper", upper)):
        value = body_fun(i, value)
    return value


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> tuple[Any, Any]:
    """Run ``carry, y = f(carry, x)`` along the first axis of `xs`, and stack the y.

    Parameters
    ----------
    f : callable
        One step.
    init : Tensor, or nested structure of Tensors
        The first carry.
    xs : Tensor, or nested structure of Tensors, optional
        What the steps take slices of; without it they get None.
    length : int, optional
        The number of steps, needed without `xs`.
    reverse : bool
        Whether to go from the last slice to the first; the y stand where their slices stood.
    unroll : bool or int
        Accepted for compatibility: the loop runs in Python, unrolled always.

    Returns
    -------
    carry, ys
        The last carry, and the stacked y, None where `f` gave None.

    Raises
    ------
    ValueError
        The first axes differ in length, or there is neither `xs` nor `length`.
    """
    slices = _slices(xs, length, "scan")
    carry, ys = _owned(init), []
    for x in reversed(slices) if reverse else slices:
        carry, y = pair("The function of scan", f(carry, x))
        ys.append(y)
    return carry, _stacked(ys[::-1] if reverse else ys)


def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """Return ``f(x)`` of every slice along the first axis of `xs`, stacked; see `scan`."""
    return _stacked([f(x) for x in _slices(xs, None, "map")])


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """Return `function` of every slice along the first axis of `elements`, stacked; a loop, as `map` is."""
    return map(function, elements)


def _slices(xs: Any, length: int | None, name: str) -> list[Any]:
    """The slices along the first axis of all leaves, in the structure of `xs`."""
    leaves = [] if xs is None else operands(*flatten(xs))
    length = length if length is None else integer("length", length)
    lengths = {n for x in leaves for n in (*x.shape, -1)[:1]} | ({length} if length is not None else set())
    if len(lengths) != 1 or -1 in lengths:
        shapes = [x.shape for x in leaves]
        raise ValueError(f"{name}: xs must have first axes of one length, received shapes {shapes}, length={length}.")
    return [unflatten(xs, [x[i] for x in leaves]) if leaves else None for i in range(lengths.pop())]


def _stacked(ys: list[Any]) -> Any:
    """Structures of one kind as a structure of stacks; a leaf None stays None."""
    if not ys:
        raise ValueError("A loop of no steps has no results to stack: the first axis of xs has length 0.")
    columns = zip(*(flatten(y) for y in ys), strict=True)
    return unflatten(ys[0], [None if column[0] is None else stack(list(column)) for column in columns])


def associative_scan(f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """Return all partial results of an associative function along an axis, in about log2(n) calls of it.

    Parameters
    ----------
    f : callable
        ``f(a, b)`` of two structures like `elems`, whose slices along the axis it combines one by one.
    elems : Tensor, or nested structure of Tensors
        The elements.
    reverse : bool
        Whether to begin at the last one.
    axis : int
        The axis to go along.

    Returns
    -------
    like `elems`
        Slice k combines the elements from the first to the k-th.

    Notes
    -----
    By doubling, after Hillis and Steele, Data parallel algorithms, Comm. ACM 29 (1986).
    """
    leaves = operands(*flatten(elems))
    axes = [checked_axis(axis, x.ndim) for x in leaves]
    lengths = {x.shape[a] for x, a in zip(leaves, axes, strict=True)}
    if len(lengths) != 1:
        raise ValueError(f"associative_scan: axis={axis} needs one length, received {[x.shape for x in leaves]}.")
    n, step = lengths.pop(), 1
    sums = [flip(x, a) if reverse else narrow(x, a, 0, n) for x, a in zip(leaves, axes, strict=True)]
    while step < n:
        before, after = (
            unflatten(elems, [narrow(x, a, *part) for x, a in zip(sums, axes, strict=True)])
            for part in ((0, n - step), (step, n))
        )
        combined = flatten(f(before, after))
        kept = [narrow(x, a, 0, step) for x, a in zip(sums, axes, strict=True)]
        sums = [concatenate(pair, axis=a) for *pair, a in zip(kept, combined, axes, strict=True)]
        step *= 2
    return unflatten(elems, [flip(x, a) for x, a in zip(sums, axes, strict=True)] if reverse else sums)
