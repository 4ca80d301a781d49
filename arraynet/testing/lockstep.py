"""Backends compared op by op, on the same inputs, to tell which op it is that goes wrong.

The reference computes; every op that it runs is run again on the other backends with the reference's inputs, so
errors do not add up, and the first op that is wrong is the one that is named.
"""

import copy
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from arraynet import ops
from arraynet.autodiff import GradientTape, reverse
from arraynet.backend import Backend
from arraynet.dispatch import Op, execute
from arraynet.layers.context import current_call
from arraynet.models import Model
from arraynet.observers import Observer
from arraynet.operands import described
from arraynet.optimizers import Optimizer
from arraynet.plugins import load, use_backend
from arraynet.program import jit
from arraynet.tensor import Tensor
from arraynet.testing.comparison import Comparison, Difference
from arraynet.testing.differences import ulps, worst
from arraynet.testing.tolerances import tolerance
from arraynet.tree import flatten

__all__ = ["compare", "lockstep"]

STEPS = 3  # of a captured training: the first ones are still being captured


def compare(
    target: Callable[..., Any] | Model,
    *inputs: Any,
    backends: Sequence[str | Backend],
    captured: bool = False,
    limit: int | None = None,
) -> Comparison:
    """Find the first op whose result on another backend differs from the reference's.

    Parameters
    ----------
    target : callable or Model
        A function in ops; `arraynet.grad` of one has a backward phase. Of a model, one training step is compared
        if it is compiled and `inputs` hold labels, else a call and its gradients; the model itself stays as it is.
    *inputs : array
        What the target is called with; for a model, x and perhaps y and weights of samples.
    backends : sequence of str or Backend
        The reference, and those compared with it.
    captured : bool
        Whether captured programs are run instead, loops and all, each backend on its own; then whole results
        are compared, and no op can be named.
    limit : int, optional
        After how many results to stop; captured programs are compared to the end.

    Returns
    -------
    Comparison
        Printed, it names the op with layer, phase, shapes and the worst element, or shows how close all is.

    Examples
    --------
    >>> import arraynet
    >>> from arraynet.testing import compare
    >>> compare(arraynet.ops.tanh, [0.5, 1.0], backends=("numpy", "numpy")).ok
    True
    """
    known = [load(name) for name in backends]
    if len(known) < 2:
        raise ValueError(f"compare needs a reference and at least one other backend, received {tuple(backends)}.")
    if captured:
        return _compared_programs(target, inputs, known)
    if isinstance(target, Model):
        model = copy.deepcopy(target).to(known[0])
        return lockstep(lambda: _model_step(model, *inputs), known, limit)
    return lockstep(lambda: target(*inputs), known, limit)


class _Ended(BaseException):
    """Leaves the code under comparison: no handler of its own for errors shall stop it."""


def lockstep(run: Callable[[], Any], backends: Sequence[Backend], limit: int | None = None) -> Comparison:
    """Call a function on the first backend and compare all ops that it runs with those of the others."""
    observer = _Lockstep(backends, limit)
    with use_backend(backends[0]):
        try:
            observer.during(run, ())
        except _Ended:
            pass
        except SystemExit as stop:  # a script may end so, but not because of an error
            if stop.code not in (None, 0):
                raise
    return observer.comparison


class _Lockstep(Observer):
    """Runs every op of the reference again."""

    def __init__(self, backends: Sequence[Backend], limit: int | None) -> None:
        self.reference, *self.others = backends
        self.limit = limit
        self.comparison = Comparison(tuple(backend.name for backend in backends))
        self.layers: dict[int, str] = {}  # where a Tensor was computed, by its id

    def record(self, op: Op, inputs: tuple[Any, ...], static: dict[str, Any], outputs: Any) -> None:
        results = outputs if isinstance(outputs, tuple) else (outputs,)
        if any(y.backend is not self.reference for y in results):
            return  # the script went elsewhere by itself
        phase, layer = self._place()
        self.layers |= {y.id: layer for y in results}
        for backend in self.others:
            self._check(backend, op, inputs, static, results, (phase, layer))
        if self.limit is not None and self.comparison.ops >= self.limit:
            self.comparison.complete = False
            raise _Ended

    def _place(self) -> tuple[str, str]:
        """Phase and layer of the op that runs, from the stack: telling observers would cost every training."""
        frame = sys._getframe(2)
        while frame is not None:
            if frame.f_code is reverse._pull.__code__:
                return "backward", self.layers.get(frame.f_locals["node"].outputs[0].id, "")
            if frame.f_code is Optimizer._update.__code__:
                return "update", frame.f_locals["variable"].path
            if frame.f_code is Optimizer.apply.__code__:
                return "update", ""
            frame = frame.f_back  # type: ignore[assignment]
        context = current_call()
        return "forward", context.layer.path if context else ""

    def _check(
        self, backend: Backend, op: Op, inputs: tuple[Any, ...], static: Any, results: Any, place: tuple[str, str]
    ) -> None:
        tensors = [x for x in (*inputs, *results) if isinstance(x, Tensor)]
        if any(t.dtype.name not in backend.dtypes for t in tensors):
            self.comparison.skipped[op.name] = self.comparison.skipped.get(op.name, 0) + 1
            return
        given = ", ".join(f"{name}: {described(x)}" for name, x in op.named(inputs))
        about = partial(Difference, backend.name, op.name, self.comparison.ops, *place, given)
        try:
            arrays = [backend.asarray(_host(x), x.dtype.name) if isinstance(x, Tensor) else x for x in inputs]
            with backend.guard():
                again = execute(op, backend, backend.xp, arrays, static)
            found = [np.asarray(backend.to_numpy(y)) for y in (again if isinstance(again, tuple | list) else (again,))]
        except Exception as error:  # whatever a plugin raises is a finding
            self._end(about(f"{type(error).__name__}: {error}"))
            return
        largest = max((x.size for x in inputs if isinstance(x, Tensor)), default=0)
        for a, y in zip(found, results, strict=True):
            e, terms = _host(y), [_host(x) for x in inputs if isinstance(x, Tensor)] if y.size < largest else []
            self.comparison.ops += 1
            self.comparison.count(ulps(a, e))
            difference = _difference(about, a, e, [e, *terms], tolerance(op.name, e.dtype.name))
            if difference:
                self._end(difference)

    def _end(self, difference: Difference) -> None:
        self.comparison.difference = difference
        raise _Ended


def _difference(
    about: Callable[..., Difference], a: np.ndarray, e: np.ndarray, scales: list[np.ndarray], allowed: dict[str, float]
) -> Difference | None:
    """What is wrong with a result; ``atol`` is of the size of the numbers it is made of, that cancel in a sum."""
    kind = f"{e.dtype} of shape {e.shape}"
    if a.shape != e.shape or a.dtype != e.dtype:
        return about(f"{a.dtype} of shape {a.shape}, the reference's is {kind}")
    allowed = allowed | {"atol": allowed["atol"] * max(map(_magnitude, scales))}
    if np.allclose(a, e, equal_nan=True, **allowed):
        return None
    at = worst(a, e)
    apart = ulps(a[at].reshape(1), e[at].reshape(1))
    return about(kind, at, a[at], e[at], float(apart.max(initial=0)), allowed)


def _magnitude(x: np.ndarray) -> float:
    """The largest finite number in an array of floats."""
    if x.dtype.kind != "f":
        return 0.0
    return float(np.max(np.abs(x), initial=0.0, where=np.isfinite(x)))


def _host(x: Tensor) -> np.ndarray:
    return np.array(x.backend.to_numpy(x.array))


def _model_step(model: Model, x: Any, y: Any = None, sample_weight: Any = None) -> None:
    """Train on a batch; without labels, let every output count, and train if the model has an optimizer."""
    if model.compiled and y is not None:
        model.train_on_batch(x, y, sample_weight)
        return
    with GradientTape() as tape:
        outputs = flatten(model(x, training=True))
        total = sum(ops.sum(out * np.linspace(-1, 1, out.size, dtype=out.dtype).reshape(out.shape)) for out in outputs)
    variables = model.trainable_variables
    grads = tape.gradient(total, variables)
    if model.compiled:
        model.optimizer.apply(grads, variables)


def _compared_programs(target: Any, inputs: tuple[Any, ...], backends: Sequence[Backend]) -> Comparison:
    """Compare what captured programs return, and leave in a model's weights and optimizer."""
    comparison = Comparison(tuple(backend.name for backend in backends))
    expected, *others = [_program_results(target, inputs, backend) for backend in backends]
    for backend, found in zip(backends[1:], others, strict=True):
        for (name, e), a in zip(expected.items(), found.values(), strict=True):
            about = partial(Difference, backend.name, name, comparison.ops, "program", "", "the same for all")
            comparison.ops += 1
            comparison.count(ulps(a, e))
            allowed = tolerance(name, e.dtype.name, "training")
            comparison.difference = comparison.difference or _difference(about, a, e, [e], allowed)
    return comparison


def _program_results(target: Any, inputs: tuple[Any, ...], backend: Backend) -> dict[str, np.ndarray]:
    with use_backend(backend):
        if not isinstance(target, Model):
            program = jit(target)
            results = [program(*inputs) for _ in range(2)][-1]  # the first call captures
            return {f"result {k}": np.array(leaf) for k, leaf in enumerate(flatten(results))}
        model = copy.deepcopy(target).to(backend)
        if not model.compiled or len(inputs) < 2:
            return {f"output {k}": leaf for k, leaf in enumerate(flatten(model.predict(inputs[0], verbose=0)))}
        logs = [model.train_on_batch(*inputs) for _ in range(STEPS)]
        held = {w.path: w.numpy() for w in (*model.weights, *model.optimizer.variables)}
        return {"losses and metrics": np.array(logs, "float32"), **held}
