"""One timing for every line of the table of op cases, forward, captured, and with its gradient."""

from collections.abc import Callable
from typing import Any

import numpy as np

import arraynet
from arraynet import ops
from arraynet.testing.cases import CASES
from arraynet.tree import flatten, map_structure
from benchmarks.base import BACKENDS, Benchmark

BY_ID = {case.id: case for case in CASES}


def entered(case: Any, backend: Any) -> Any:
    """Return the case's inputs as Tensors, or say that the backend has not their dtypes."""
    if not case.dtypes_of("float32") <= backend.dtypes:
        raise NotImplementedError(f"{backend.name} lacks a dtype of {case.id}")
    return map_structure(lambda x: ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x, case.arrays("float32"))


class Forward(Benchmark):
    """The op as it stands."""

    params = [BACKENDS, list(BY_ID)]
    param_names = ["backend", "case"]

    def make(self, name: str) -> Callable[[], Any]:
        case = BY_ID[name]
        function, inputs = case.function(), entered(case, self.backend)
        return lambda: function(*inputs)


class Captured(Benchmark):
    """The op, captured and replayed."""

    params = [BACKENDS, [case.id for case in CASES if case.jit]]
    param_names = ["backend", "case"]

    def make(self, name: str) -> Callable[[], Any]:
        case = BY_ID[name]
        function, inputs = arraynet.jit(case.function()), entered(case, self.backend)
        return lambda: function(*inputs)


class Gradient(Benchmark):
    """The op on a tape, and the way back."""

    params = [BACKENDS, [case.id for case in CASES if case.grad]]
    param_names = ["backend", "case"]

    def make(self, name: str) -> Callable[[], Any]:
        case = BY_ID[name]
        function, inputs = case.function(), entered(case, self.backend)
        sources = [x for x in flatten(inputs) if isinstance(x, arraynet.Tensor) and x.dtype.kind == "f"]

        def both() -> Any:
            with arraynet.GradientTape() as tape:
                for source in sources:
                    tape.watch(source)
                targets = [y for y in flatten(function(*inputs)) if y.dtype.kind == "f"]
            return tape.gradient(targets, sources)

        return both
