"""Capture: one real run, observed; then its records are lowered to a list of primitives."""

from collections.abc import Callable
from typing import Any

from arraynet import config
from arraynet.backend import Backend
from arraynet.dispatch import promoted
from arraynet.observers import OBSERVERS, Observer, Versioned
from arraynet.operands import HostScalar, part
from arraynet.program.program import Program
from arraynet.program.trace import TracedArray, TracedNamespace, TracedScalar, Tracer, UncapturableError, Value
from arraynet.tensor import Tensor
from arraynet.variable import Variable

__all__ = ["Capture", "Lowering", "fusing"]


class Capture(Observer):
    """The records of one run, the Variables it read and assigned, and why it cannot be replayed, if so."""

    def __init__(self, inputs: list[Tensor], hosts: Any = ()) -> None:
        self.inputs, self.hosts = inputs, hosts  # and the arrays of the caller's that they may lie on
        self.records: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []
        self.reads: dict[int, tuple[Variable, Tensor]] = {}  # by the id of the Tensor that was read
        self.writes: dict[int, tuple[Variable, Tensor]] = {}  # by the id of the Variable
        self.configured: dict[int, Versioned] = {}
        self.reason = ""
        self.makes = False  # Variables, which would outlive the call that they belong to

    def made(self, variable: Variable) -> None:
        self.makes = True

    def record(self, op: Any, inputs: tuple[Any, ...], static: dict[str, Any], outputs: Any) -> None:
        if not self.reason:
            self.records.append((op, inputs, static, outputs))

    def read(self, variable: Variable, value: Tensor) -> None:
        self.configured[id(variable)] = variable
        if id(variable) not in self.writes:
            self.reads[value.id] = variable, value

    def assigned(self, variable: Variable, value: Tensor) -> None:
        self.configured[id(variable)] = variable
        self.writes[id(variable)] = variable, value

    def fetched(self, tensor: Tensor) -> None:
        self.fail("it asks a Tensor for its value")

    def touched(self, configured: Versioned) -> None:
        self.configured[id(configured)] = configured

    def fail(self, reason: str) -> None:
        """Give up: the run goes on to its end, unrecorded."""
        self.part()
        self.reason = reason
        self.records.clear()

    def part(self) -> None:
        """Give the inputs, and what is a view of one, arrays of their own: the function may have kept any of them."""
        made = (t for *_, results in self.records for t in _several(results))
        part([*self.inputs, *made, *(value for _, value in self.writes.values())], self.hosts)

    def program(self, outputs: list[Tensor], backend: Backend) -> Program:
        """Return the run as a program, lowered but not optimised; of the backend given if it computes nothing."""
        found = {result.backend for *_, results in self.records for result in _several(results)}
        found |= {value.backend for _, value in (*self.reads.values(), *self.writes.values())}
        if len(found) > 1:
            raise UncapturableError("it computes on two backends")
        return self.during(Lowering(self, found.pop() if found else backend).program, (outputs,))  # type: ignore[no-any-return]


class Lowering:
    """From records of ops to instructions of primitives."""

    def __init__(self, capture: Capture, backend: Backend) -> None:
        self.capture, self.backend = capture, backend
        self.tracer = Tracer(backend)
        self.xp = TracedNamespace(self.tracer, backend.xp)
        self.known: dict[int, Value] = {}  # by Tensor id
        self.behind = {t.logits[0].id for t in capture.inputs if t.logits}
        self.hosts: dict[int, tuple[Callable[[], Any], dict[str | None, Value]]] = {}
        self.variables: dict[int, tuple[Variable, Value]] = {}

    def program(self, outputs: list[Tensor]) -> Program:
        capture = self.capture
        inputs = [self.known.setdefault(t.id, self.tracer.value(t.array)) for t in capture.inputs]
        for variable, value in capture.reads.values():
            self._read(variable, value)
        with self.backend.guard():
            for op, args, static, results in capture.records:
                self._lower(op, args, static, results)
        return Program(
            backend=self.backend,
            inputs=inputs,
            variables=list(self.variables.values()),
            hosts=list(self.hosts.values()),
            instructions=self.tracer.instructions,
            constants=self.tracer.constants,
            outputs=[self._value(t) for t in outputs],
            updates=[(variable, self._value(value)) for variable, value in capture.writes.values()],
            count=self.tracer.count,
        )

    def _read(self, variable: Variable, value: Tensor) -> None:
        if id(variable) not in self.variables:
            self.variables[id(variable)] = variable, self.tracer.value(value.array)
        self.known[value.id] = self.variables[id(variable)][1]

    def _value(self, tensor: Tensor) -> Value:
        if tensor.id in self.behind:
            raise UncapturableError("it reads the logits that an argument remembers")
        if tensor.id not in self.known:
            self.known[tensor.id] = self.tracer.constant(tensor.array)
        return self.known[tensor.id]

    def _lower(self, op: Any, args: tuple[Any, ...], static: dict[str, Any], results: Any) -> None:
        arrays = [TracedArray(self.tracer, self._value(a)) if isinstance(a, Tensor) else a for a in args]
        arrays = promoted(op, self.xp, arrays)
        static = {k: self._host(v) if isinstance(v, HostScalar) else v for k, v in static.items()}
        out = self._kernel(op, arrays, static)
        if out is NotImplemented:
            out = op.form(self.xp, *arrays, **static)
        for tensor, symbol in zip(_several(results), _several(out), strict=True):
            self.known[tensor.id] = symbol.value if isinstance(symbol, TracedArray) else self.tracer.constant(symbol)

    def _kernel(self, op: Any, arrays: list[Any], static: dict[str, Any]) -> Any:
        kernel = self.backend.kernels.get(op.name) if config.kernels() in ("fused", "native") else None
        if kernel is None or hasattr(kernel, "eager_only"):
            return NotImplemented
        out = self.tracer.emit(f"kernel.{op.name}", kernel, tuple(arrays), static)
        for made in self.tracer.instructions[-1:]:
            made.function = _sure(kernel, op.form, self.backend.xp) if made.function is kernel else made.function
        return out

    def _host(self, scalar: HostScalar) -> TracedScalar:
        _, values = self.hosts.setdefault(id(scalar.source), (scalar.source, {}))
        if scalar.key not in values:
            values[scalar.key] = self.tracer.value(scalar.value, host=True)
        return TracedScalar(self.tracer, values[scalar.key])


def _sure(kernel: Callable[..., Any], form: Callable[..., Any], xp: Any) -> Callable[..., Any]:
    """A kernel that may decline at a replay, where arrays may lie in another order than at the capture."""

    def run(*arrays: Any, **static: Any) -> Any:
        result = kernel(*arrays, **static)
        return form(xp, *arrays, **static) if result is NotImplemented else result

    return run


def fusing() -> bool:
    """Tell whether ops are being captured into a program, or lowered, whose primitives a backend will fuse.

    A kernel of an op that is faster in one loop with its neighbours than alone returns NotImplemented then.
    """
    return config.kernels() == "fused" and any(isinstance(o, Capture) and not o.reason for o in OBSERVERS.get())


def _several(x: Any) -> tuple[Any, ...]:
    return x if isinstance(x, tuple) else (x,)
