"""From a group of primitives to kernels: one for everything that no reduction separates.

A group's reductions divide it into stages. Each stage is one `cupy.ElementwiseKernel`, which broadcasts and
takes strides as they come; the reductions between stages are CuPy's own.
"""

import hashlib
import math
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import cupy
import numpy as np

from arraynet_cupy.expressions import ELEMENTWISE, statement, supported
from arraynet_cupy.registry import OPTIONS

__all__ = ["Fused", "Pointwise", "compiled"]


def compiled(group: Any) -> "Fused | Pointwise | None":
    """Return what computes a group's outs of its inputs, or None to leave the group alone."""
    pointwise = [i for i in group.instructions if i.name in ELEMENTWISE]
    if not pointwise or not all(map(supported, pointwise)):
        return None
    fused = Fused(group)
    only = fused.steps[0]
    return only if len(fused.steps) == 1 and isinstance(only, Pointwise) else fused


@cache
def _kernel(inputs: str, outputs: str, text: str) -> Any:
    """A kernel, made once for each text; its name tells equal ones in a profile."""
    name = f"group_{hashlib.sha256((inputs + outputs + text).encode()).hexdigest()[:12]}"
    return cupy.ElementwiseKernel(inputs, outputs, text, name, options=OPTIONS)


class Pointwise:
    """One kernel: primitives over one shape.

    Attributes
    ----------
    inputs, outs : list of Value
        What it reads, in the order of its arguments, and what it makes.
    kinds, targets : list of str
        Dtypes of the arguments, float64 for a number that the host makes, and of the outs.
    text : str
        Its body, in which arguments are called x0, x1, ... and outs y0, y1, ...
    """

    def __init__(self, shape: tuple[int, ...], instructions: list[Any], outs: list[Any]) -> None:
        made = {v.index for i in instructions for v in i.outs}
        given = {v.index: v for i in instructions for v in i.inputs() if v.index not in made}
        self.shape, self.inputs, self.outs = shape, list(given.values()), outs
        self.kinds = [_kind(v) for v in self.inputs]
        self.targets = [str(v.dtype) for v in outs]
        names = {v.index: f"x{k}" for k, v in enumerate(self.inputs)}
        lines = []
        for number, instruction in enumerate(instructions):
            lines.append(statement(instruction, names, f"v{number}"))
            names[instruction.outs[0].index] = f"v{number}"
        lines += [f"y{k} = {names[v.index]};" for k, v in enumerate(outs)]
        self.text = " ".join(lines)
        self._whole = any(v.shape == shape for v in self.inputs)
        self._dtypes = list(map(np.dtype, self.targets))
        given = ", ".join(f"{kind} x{k}" for k, kind in enumerate(self.kinds))
        made = ", ".join(f"{kind} y{k}" for k, kind in enumerate(self.targets))
        self._kernel = _kernel(given, made, self.text)

    def __call__(self, *arrays: Any) -> list[Any]:
        outs = [cupy.ndarray(self.shape, dtype) for dtype in self._dtypes]
        self._kernel(*self._spread(arrays), *outs)
        return outs

    def _spread(self, arrays: tuple[Any, ...]) -> tuple[Any, ...]:
        """Arguments, of which one has the whole shape at least: the others are broadcast against it."""
        if self._whole:
            return arrays
        first = next(k for k, v in enumerate(self.inputs) if v.shape is not None)
        return (*arrays[:first], cupy.broadcast_to(arrays[first], self.shape), *arrays[first + 1 :])


def _kind(value: Any) -> str:
    """Return the dtype that a kernel takes a Value in; a number of the host may be an int now and a float later."""
    return "float64" if value.dtype is None else str(value.dtype)


@dataclass
class _Stage:
    """What lies between two reductions: primitives, and the reductions that follow."""

    pointwise: list[Any] = field(default_factory=list)
    reductions: list[Any] = field(default_factory=list)


class Fused:
    """A group with reductions: kernels and CuPy's reductions in turn."""

    def __init__(self, group: Any) -> None:
        self.inputs, self.outs = group.inputs, group.outs
        self.steps: list[Any] = []
        for stage in _stages(group):
            for shape, instructions in _parts(stage.pointwise, group):
                self.steps.append(Pointwise(shape, instructions, _kept(instructions, group)))
            self.steps += stage.reductions
        self._plan = [_planned(step) for step in self.steps]

    def __call__(self, *arrays: Any) -> list[Any]:
        known = {v.index: x for v, x in zip(self.inputs, arrays, strict=True)}
        for call, given, made in self._plan:
            for index, x in zip(made, call(*[known[index] for index in given]), strict=True):
                known[index] = x
        return [known[v.index] for v in self.outs]


def _planned(step: Any) -> tuple[Any, list[int], list[int]]:
    """A kernel, or a reduction, as a function that returns a list, and the numbers of what it takes and makes."""
    if isinstance(step, Pointwise):
        return step, [v.index for v in step.inputs], [v.index for v in step.outs]
    function, kwargs = step.function, step.kwargs
    return lambda x: [function(x, **kwargs)], [v.index for v in step.inputs()], [step.outs[0].index]


def _stages(group: Any) -> list[_Stage]:
    """A reduction's result is known one stage after its operand."""
    stage: dict[int, int] = {}
    stages: dict[int, _Stage] = {}
    for instruction in group.instructions:
        at = max((stage.get(v.index, 0) for v in instruction.inputs()), default=0)
        pointwise = instruction.name in ELEMENTWISE
        entry = stages.setdefault(at, _Stage())
        (entry.pointwise if pointwise else entry.reductions).append(instruction)
        stage |= {v.index: at if pointwise else at + 1 for v in instruction.outs}
    return [entry for _, entry in sorted(stages.items())]


def _parts(pointwise: list[Any], group: Any) -> list[tuple[tuple[int, ...], list[Any]]]:
    """A stage's primitives by shape, the small ones first; as one, where nobody else reads the small ones."""
    small = [i for i in pointwise if i.outs[0].shape != group.shape]
    if not _kept(small, group, pointwise):
        return [(group.shape, pointwise)] if pointwise else []
    shapes = sorted({i.outs[0].shape for i in pointwise}, key=lambda shape: (math.prod(shape), len(shape)))
    return [(shape, [i for i in pointwise if i.outs[0].shape == shape]) for shape in shapes]


def _kept(instructions: list[Any], group: Any, around: list[Any] | None = None) -> list[Any]:
    """What instructions make that is read outside of them, or outside of others around them."""
    inside = {id(i) for i in around or instructions}
    wanted = {v.index for v in group.outs}
    wanted |= {v.index for i in group.instructions if id(i) not in inside for v in i.inputs()}
    return [v for i in instructions for v in i.outs if v.index in wanted]
