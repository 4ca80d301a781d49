"""`explain`: run a function once, watched, and tell what each op did and cost.

Rows are made of the same records that tapes and captures get, so what is shown is what ran.
"""

import time
from collections.abc import Callable
from typing import Any

from arraynet.backend import Backend
from arraynet.dispatch import execute
from arraynet.inspection.costs import cost_of
from arraynet.inspection.explanation import Explanation, Row
from arraynet.inspection.kernels import kernels_of, single_kernel
from arraynet.layers.context import current_call
from arraynet.layers.layer import Layer
from arraynet.operands import HostScalar
from arraynet.program.capture import Capture
from arraynet.tensor import Tensor

__all__ = ["Watched", "explain"]

RUNS = 3
LIMIT = 2000  # ops that are explained; what comes after them is only counted


def explain(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Explanation:
    """Return what every op of a call costs and where it ran.

    A row for each op tells the layer that called it, dtypes and shapes in and out, which arguments are broadcast along
    which axes, the floating-point operations (a multiply-add is two), the bytes that it must read and write at least,
    the backend with the kind of kernel, and the time of the op alone, the shortest of three runs. Kernels are
    *native* (the backend's own), *generic* (array-API primitives), *fused* (part of a generated loop, once captured) or
    *folded* (no part of the captured program: its result is known then, computed already, or not needed).

    Parameters
    ----------
    fn : callable
        A function, a layer or a model; it is called once (a model that is not built, twice).
    *args, **kwargs
        What it is called with.

    Returns
    -------
    Explanation
        A table where it is shown, in terminals and notebooks; its `rows` hold the numbers, and `flops`, `bytes` and
        `seconds` their sums.

    Raises
    ------
    TypeError
        `fn` cannot be called.

    Examples
    --------
    >>> import arraynet
    >>> found = arraynet.explain(lambda x: x @ x + 1, arraynet.ops.ones((2, 2)))
    >>> [(row.op, row.flops, row.bytes) for row in found]
    [('matmul', 16, 48), ('add', 4, 32)]
    """
    if not callable(fn):
        raise TypeError(f"explain needs a function, layer or model and its arguments, received {fn!r}.")
    if isinstance(fn, Layer) and not fn.built:
        fn(*args, **kwargs)  # the ops that make weights are no part of the layer
    watched = Watched()
    result = watched.during(lambda: fn(*args, **kwargs), ())
    return watched.explanation(str(getattr(fn, "name", getattr(fn, "__name__", type(fn).__name__))), result)


class Watched(Capture):
    """A capture that also notes for every op its layer, its cost and its time."""

    def __init__(self) -> None:
        super().__init__([])
        self.facts: list[dict[str, Any]] = []
        self.backends: list[Backend] = []
        self.more = 0

    def fetched(self, tensor: Tensor) -> None:
        """Let it be: what is asked for at the end of a step changes nothing about its ops."""

    def record(self, op: Any, inputs: tuple[Any, ...], static: dict[str, Any], outputs: Any) -> None:
        if len(self.facts) == LIMIT:
            self.more += 1
            return
        super().record(op, inputs, static, outputs)
        outs = outputs if isinstance(outputs, tuple) else (outputs,)
        backend, call = outs[0].backend, current_call()
        arrays = [i.array if isinstance(i, Tensor) else i for i in inputs]
        static = {k: v.value if isinstance(v, HostScalar) else v for k, v in static.items()}
        cost = cost_of(op, inputs, static, backend)
        names = [name for name, _ in op.named(inputs)]
        tensors = [x for x in (*inputs, *outs) if isinstance(x, Tensor)]
        self.backends.append(backend)
        self.facts.append({
            "op": op.name,
            "layer": call.layer.path if call else "",
            "inputs": tuple(map(_described, inputs)),
            "outputs": tuple(map(_described, outs)),
            "broadcast": ", ".join(f"{names[k]}: {_axes(axes)}" for k, axes in cost.broadcast.items()),
            "flops": cost.flops,
            "bytes": sum(x.size * x.dtype.itemsize for x in tensors) if cost.moves else 0,
            "backend": backend.name,
            "kernel": single_kernel(op, arrays, static, backend),
            "seconds": _timed(op, arrays, static, backend),
        })  # fmt: skip

    def explanation(self, title: str, result: Any = None) -> Explanation:
        """Return the rows, once the function has ended with a result."""
        kernels = kernels_of(self, [facts["kernel"] for facts in self.facts], self.backends, result, self.more > 0)
        rows = [Row(**facts | {"kernel": kernel}) for facts, kernel in zip(self.facts, kernels, strict=True)]
        return Explanation(rows, f"{title}: the first {LIMIT} ops, {self.more} more ran" if self.more else title)


def _described(x: Any) -> str:
    return f"{x.dtype} {x.shape}" if isinstance(x, Tensor) else repr(getattr(x, "value", x))


def _axes(axes: tuple[int, ...]) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


def _timed(op: Any, arrays: list[Any], static: dict[str, Any], backend: Backend) -> float:
    """The shortest time that the op alone takes, after the run that has just warmed it."""
    times = []
    with backend.guard():
        for _ in range(RUNS):
            backend.synchronize()
            start = time.perf_counter()
            execute(op, backend, backend.xp, arrays, static)
            backend.synchronize()
            times.append(time.perf_counter() - start)
    return min(times)
