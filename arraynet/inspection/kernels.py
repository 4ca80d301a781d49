"""What computes an op: the backend's own kernel, the generic form, or a generated loop with its neighbours.

The last is known only of a whole program, so the records are lowered and given to the backend to compile; the
instructions that it replaces are those that it fuses.
"""

from collections.abc import Sequence
from typing import Any

from arraynet import config
from arraynet.backend import Backend
from arraynet.dispatch import promoted
from arraynet.program.capture import Capture, Lowering
from arraynet.program.passes import optimise
from arraynet.program.trace import Instruction, UncapturableError
from arraynet.tensor import Tensor
from arraynet.tree import flatten

__all__ = ["kernels_of", "single_kernel"]


def single_kernel(op: Any, arrays: list[Any], static: dict[str, Any], backend: Backend) -> str:
    """Return "native" if the backend has a form of its own that takes a call by itself, else "generic"."""
    kernel = backend.kernels.get(op.name) if config.kernels() in ("fused", "native") else None
    if kernel is None or kernel(*promoted(op, backend.xp, arrays), **static) is NotImplemented:
        return "generic"
    return "native"


def kernels_of(
    capture: Capture, alone: Sequence[str], backends: Sequence[Backend], result: Any = None, cut: bool = False
) -> list[str]:
    """Return what computes each record once all are one program; `alone` says what does when they are not.

    Without Tensors in `result`, or Variables that were assigned, all that no record uses is wanted; likewise where more
    ran than was recorded, which `cut` says.
    """
    if config.kernels() == "eager" or capture.reason or len(set(backends)) != 1:
        return list(alone)
    backend = backends[0]
    capture.inputs = _outside(capture)
    lowering = _Noting(capture, backend)
    try:
        wanted = [leaf for leaf in flatten(result) if isinstance(leaf, Tensor)]
        known = (wanted or capture.writes) and not cut
        program = capture.during(lowering.program, (wanted if known else _last(capture),))
    except UncapturableError:
        return list(alone)
    optimise(program)
    before = set(map(id, program.instructions))
    if config.kernels() == "fused":
        backend.compile_program(program)
    after = set(map(id, program.instructions))
    return [_kernel(made, k, before, after) for made, k in zip(lowering.made, alone, strict=True)]


def _kernel(made: list[Instruction], alone: str, before: set[int], after: set[int]) -> str:
    kept = [id(instruction) for instruction in made if id(instruction) in before]
    if not kept:
        return "folded"
    return "fused" if any(instruction not in after for instruction in kept) else alone


class _Noting(Lowering):
    """A lowering that remembers which instructions each record became."""

    def __init__(self, capture: Capture, backend: Backend) -> None:
        super().__init__(capture, backend)
        self.made: list[list[Instruction]] = []

    def _lower(self, op: Any, args: tuple[Any, ...], static: dict[str, Any], results: Any) -> None:
        start = len(self.tracer.instructions)
        super()._lower(op, args, static, results)
        self.made.append(self.tracer.instructions[start:])


def _results(capture: Capture) -> list[Tensor]:
    return [y for *_, outs in capture.records for y in (outs if isinstance(outs, tuple) else (outs,))]


def _outside(capture: Capture) -> list[Tensor]:
    """The Tensors that come from neither a record nor a Variable."""
    known = {y.id for y in _results(capture)} | set(capture.reads)
    used = {x.id: x for _, inputs, _, _ in capture.records for x in inputs if isinstance(x, Tensor)}
    return [x for x in used.values() if x.id not in known]


def _last(capture: Capture) -> list[Tensor]:
    """The Tensors that no record uses."""
    used = {x.id for _, inputs, _, _ in capture.records for x in inputs if isinstance(x, Tensor)}
    return [y for y in _results(capture) if y.id not in used]
