"""One launch for equal work on different arrays: the optimizer's steps of all parameters, mostly.

A launch costs as much as a kernel over some ten thousand numbers, and a network has more small parameters
than large ones. Groups with the same text are put into one kernel, whose threads find out by their number
which arrays they belong to.
"""

import hashlib
from functools import cache, cached_property
from typing import Any

import cupy
import numpy as np

from arraynet.program import Instruction
from arraynet_cupy.expressions import CTYPES
from arraynet_cupy.groups import Pointwise
from arraynet_cupy.registry import OPTIONS

__all__ = ["Merged", "merge"]

THREADS = 256
ARGUMENTS = 400  # a kernel takes 4096 bytes of them


def merge(program: Any) -> None:
    """Replace groups that differ in their arrays only by one instruction, in place."""
    alike: dict[Any, list[int]] = {}
    for at, instruction in enumerate(program.instructions):
        key = _key(instruction)
        if key is not None:
            alike.setdefault(key, []).append(at)
    gone: dict[int, Instruction | None] = {}
    for places in alike.values():
        for chosen in _chunks(_movable(program.instructions, places), program.instructions):
            gone |= dict.fromkeys(chosen)
            gone[chosen[-1]] = _joint([program.instructions[at] for at in chosen])
    kept = [gone.get(at, instruction) for at, instruction in enumerate(program.instructions)]
    program.instructions = [instruction for instruction in kept if instruction is not None]


def _key(instruction: Any) -> Any:
    """What groups must have in common; None where there is nothing to merge."""
    work = instruction.function
    if not isinstance(work, Pointwise) or "float16" in (*work.kinds, *work.targets):
        return None
    roles = tuple(_role(v, work.shape) for v in work.inputs)
    return None if "" in roles else (work.text, tuple(work.kinds), tuple(work.targets), roles)


def _role(value: Any, shape: tuple[int, ...]) -> str:
    if value.shape is None:
        return "number"
    return "full" if value.shape == shape else "scalar" if value.shape == () else ""


def _movable(instructions: list[Any], places: list[int]) -> list[int]:
    """The places whose instructions may wait for the last of them: nobody reads their results before."""
    last = places[-1]
    chosen = [last]
    for at in reversed(places[:-1]):
        made = {v.index for v in instructions[at].outs}
        readers = (v.index for i in instructions[at + 1 : last + 1] for v in i.inputs())
        if made.isdisjoint(readers):
            chosen.insert(0, at)
    return chosen


def _chunks(places: list[int], instructions: list[Any]) -> list[list[int]]:
    """Places in portions that one kernel has arguments for; single ones are left alone."""
    work = instructions[places[0]].function
    size = max(2, ARGUMENTS // (1 + len(work.inputs) + len(work.outs)))
    portions = [places[k : k + size] for k in range(0, len(places), size)]
    return [portion for portion in portions if len(portion) > 1]


def _joint(instructions: list[Any]) -> Instruction:
    args = tuple(v for i in instructions for v in i.args)
    outs = tuple(v for i in instructions for v in i.outs)
    merged = Merged([i.function for i in instructions])
    return Instruction("group.merged", merged, args, {}, outs, several=True)


class Merged:
    """Several equal `Pointwise` in one launch.

    Attributes
    ----------
    source : str
        The kernel's text, where numbers of the host are passed by value.
    """

    def __init__(self, parts: list[Pointwise]) -> None:
        self.parts, first = parts, parts[0]
        self.roles = [_role(v, first.shape) for v in first.inputs]
        self.sizes = [int(np.prod(p.shape)) for p in parts]
        self.source = _source(first, self.roles, len(parts))
        self._blocks = -(-sum(self.sizes) // THREADS)

    def __call__(self, *arrays: Any) -> list[Any]:
        width, given, outs = len(self.roles), [], []
        for k, (part, size) in enumerate(zip(self.parts, self.sizes, strict=True)):
            mine = arrays[k * width : (k + 1) * width]
            made = [cupy.ndarray(part.shape, kind) for kind in part.targets]
            given += [np.int64(size), *map(_argument, mine, part.kinds), *made]
            outs += made
        if self._blocks:
            _kernel(self._text(arrays))((self._blocks,), (THREADS,), tuple(given))
        return outs

    def _text(self, arrays: tuple[Any, ...]) -> str:
        """The kernel's text; where a program is recorded, its numbers are read from the device's memory."""
        numbers = (x for x, role in zip(arrays, self.roles, strict=False) if role == "number")
        return self._reading if isinstance(next(numbers, None), cupy.ndarray) else self.source

    @cached_property
    def _reading(self) -> str:
        roles = ["scalar" if role == "number" else role for role in self.roles]
        return _source(self.parts[0], roles, len(self.parts))


def _argument(x: Any, kind: str) -> Any:
    """A host number in the type that the kernel reads, an array in the order that it counts in."""
    return cupy.ascontiguousarray(x) if isinstance(x, cupy.ndarray) else np.dtype(kind).type(x)


@cache
def _kernel(source: str) -> Any:
    return cupy.RawKernel(source, _name(source), options=OPTIONS)


def _name(source: str) -> str:
    return source[source.index("merged_") :].partition("(")[0]


def _source(part: Pointwise, roles: list[str], count: int) -> str:
    """The text of a kernel over `count` sets of arrays."""
    kinds, targets = [CTYPES[k] for k in part.kinds], [CTYPES[k] for k in part.targets]
    types = [kind if role == "number" else f"const {kind}*" for kind, role in zip(kinds, roles, strict=True)]
    types += [f"{kind}*" for kind in targets]
    loads = {"full": "a{0}[i]", "scalar": "*a{0}", "number": "a{0}"}
    body = [
        f"const {kind} x{k} = {loads[role].format(k)};" for k, (kind, role) in enumerate(zip(kinds, roles, strict=True))
    ]
    body += [f"{kind} y{k};" for k, kind in enumerate(targets)]
    stores = [f"a{len(roles) + k}[i] = y{k};" for k in range(len(targets))]
    each = ", ".join(f"{t} a{k}" for k, t in enumerate(types))
    function = f"__device__ void one(long long i, {each}) {{ {' '.join([*body, part.text, *stores])} }}\n"
    given = ", ".join(
        f"long long n_{s}, " + ", ".join(f"{t} a{k}_{s}" for k, t in enumerate(types)) for s in range(count)
    )
    calls = "".join(
        f"  if (i < n_{s}) {{ one(i, {', '.join(f'a{k}_{s}' for k in range(len(types)))}); return; }}\n  i -= n_{s};\n"
        for s in range(count)
    )
    name = f"merged_{hashlib.sha256((function + str(count)).encode()).hexdigest()[:12]}"
    return (
        f'{function}extern "C" __global__ void {name}({given}) {{\n'
        f"  long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;\n{calls}}}\n"
    )
