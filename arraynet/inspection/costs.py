"""What an op costs, counted on the primitives of its generic form, so that a new op needs no entry here.

A floating-point operation is one addition, multiplication, comparison or value of a function such as exp; a
multiply-add is two. Backends that compute an op by a kernel of their own are charged the same.
"""

import math
from dataclasses import dataclass
from typing import Any

from arraynet.backend import Backend
from arraynet.dispatch import promoted
from arraynet.program import layout
from arraynet.program.trace import Instruction, TracedArray, TracedNamespace, Tracer, UncapturableError, Value
from arraynet.tensor import Tensor

__all__ = ["Cost", "cost_of"]

VIEWS = layout.VIEWS | {"unstack", "broadcast_arrays"}  # another look at the same numbers
MOVES = {"take", "take_along_axis", "concat", "stack", "flip", "roll", "tile", "repeat", "astype", "asarray", "copy"}
MOVES |= {"tril", "triu", "meshgrid", "random_words", "arange", "linspace", "eye", "searchsorted"}
MOVES |= {f"{name}{like}" for name in ("zeros", "ones", "full", "empty") for like in ("", "_like")}
REDUCTIONS = dict.fromkeys(("sum", "prod", "mean", "max", "min", "any", "all", "argmax", "argmin"), 1)  # per element
REDUCTIONS |= {"cumulative_sum": 1, "cumulative_prod": 1, "count_nonzero": 1, "nonzero": 1, "var": 4, "std": 4}
REDUCTIONS |= {"vector_norm": 2, "matrix_norm": 2}
SORTS = {"sort", "argsort", "unique_values", "unique_counts", "unique_inverse", "unique_all"}
PRODUCTS = {"matmul", "tensordot", "vecdot"}
CUBIC = {"cholesky": 1 / 3, "solve": 2 / 3, "det": 2 / 3, "slogdet": 2 / 3, "inv": 2, "qr": 4 / 3, "eigh": 9}
CUBIC |= {"eigvalsh": 4 / 3, "svd": 22, "svdvals": 8 / 3, "pinv": 24, "matrix_rank": 8 / 3}  # times n**3: LAPACK's


@dataclass(frozen=True)
class Cost:
    """What one call of an op costs.

    Attributes
    ----------
    flops : int or None
        Floating-point operations; None where the form looks at values, so that they cannot be counted.
    moves : bool
        Whether numbers are read and written; a reshape does neither.
    broadcast : dict of int to tuple of int
        For an argument, by position, the axes of the output along which it is repeated.
    """

    flops: int | None
    moves: bool
    broadcast: dict[int, tuple[int, ...]]


def cost_of(op: Any, inputs: tuple[Any, ...], static: dict[str, Any], backend: Backend) -> Cost:
    """Return the cost of a call, by running the op's generic form once more on symbols."""
    tracer = Tracer(backend)
    try:
        with backend.guard():
            arrays = promoted(op, backend.xp, [i.array if isinstance(i, Tensor) else i for i in inputs])
            symbols = [
                TracedArray(tracer, tracer.value(a)) if isinstance(i, Tensor) else a
                for i, a in zip(inputs, arrays, strict=True)
            ]
            op.form(TracedNamespace(tracer, backend.xp), *symbols, **static)
    except UncapturableError:
        return Cost(None, True, {})
    made = tracer.instructions
    places = {s.value.index: k for k, s in enumerate(symbols) if isinstance(s, TracedArray)}
    repeated = {places[v.index]: axes for i in made for v, axes in _repeated(i) if v.index in places}
    return Cost(round(sum(map(_flops, made))), not places or any(i.name not in VIEWS for i in made), repeated)


def _size(value: Value) -> int:
    return math.prod(value.shape or ())


def _flops(made: Instruction) -> float:
    name = made.name.rsplit(".", 1)[-1]
    if name in VIEWS | MOVES or made.name.startswith("host."):
        return 0
    inputs, out = made.inputs(), sum(map(_size, made.outs))
    first = _size(inputs[0])
    if name in PRODUCTS:
        return _product(name, inputs[0], inputs[-1], out)
    if name in CUBIC:
        return CUBIC[name] * first * int((inputs[0].shape or (1,))[-1])
    if name in SORTS:
        return first * math.log2(max(first, 2))
    if name == "index_add":
        return _size(inputs[-1])
    return REDUCTIONS[name] * first if name in REDUCTIONS else out


def _product(name: str, left: Value, right: Value, out: int) -> float:
    if name == "vecdot":
        return 2 * max(_size(left), _size(right))
    if name == "matmul":
        return 2 * out * int((left.shape or (1,))[-1])
    return 2 * math.sqrt(_size(left) * _size(right) * out)  # each axis stands in two of the three


def _repeated(made: Instruction) -> list[tuple[Value, tuple[int, ...]]]:
    """The arrays that an elementwise primitive repeats, each with the axes of the output along which it does."""
    known = (VIEWS - {"broadcast_to"}) | MOVES | SORTS | PRODUCTS | CUBIC.keys() | REDUCTIONS.keys() | {"index_add"}
    if made.name.rsplit(".", 1)[-1] in known or len(made.outs) != 1 or made.outs[0].shape is None:
        return []
    shape = made.outs[0].shape
    found = []
    for value in made.inputs():
        padded = (1,) * (len(shape) - len(value.shape or ())) + (value.shape or ())
        axes = tuple(k for k, (n, length) in enumerate(zip(padded, shape, strict=False)) if n == 1 != length)
        if axes and value.shape is not None:
            found.append((value, axes))
    return found
