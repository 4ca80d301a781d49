"""Replays: a captured program runs on the arrays of another call, and its Variables take what it gives.

Where nobody else holds a Variable's array, a replay writes into it; otherwise into another one, which it then holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from arraynet.backend import Backend
from arraynet.observers import Versioned, latest_touch, latest_version
from arraynet.program.layout import aligned_like, is_aligned
from arraynet.program.program import Program
from arraynet.rows import gathered
from arraynet.tensor import Tensor
from arraynet.tree import map_structure
from arraynet.turns import Turns
from arraynet.variable import Variable

__all__ = ["TAKEN", "Entry", "replay"]

NEVER: tuple[int, list[Any], list[Any]] = (-1, [], [])
TAKEN = object()  # where a Tensor was in a result


@dataclass
class Entry:
    """One captured signature."""

    program: Program
    run: Any
    result: Any  # the structure that `f` returned, with the Tensors taken out
    logits: list[tuple[int, Any] | None]
    guards: list[tuple[Versioned, int]]
    checked: int  # the latest version of anything when the guards last held
    inputs: list[tuple[int, str, Any]]  # which leaves are arrays, their dtypes, and the type that is taken as it is
    variables: list[Variable]
    targets: list[Variable]
    in_place: list[bool]  # which targets' own arrays may be written into
    spares: list[Any]
    layouts: list[Any]  # of the variables' arrays
    turns: Turns  # of the threads that replay, whose buffers and targets these are in turn
    steady: tuple[int, list[Any], list[Any]] = NEVER  # arrays of variables and targets while nobody touches them

    def holds(self) -> bool:
        """Tell whether no object that took part has changed."""
        latest = latest_version()
        if latest != self.checked and any(configured._version != version for configured, version in self.guards):
            return False
        self.checked = latest
        layouts = (getattr(v._value.array, "strides", None) for v in self.variables)
        return self.steady[0] == latest_touch() or self.layouts == [*layouts]


def replay(entry: Entry, leaves: Sequence[Any], numbers: list[Any] | None = None) -> Any:
    """Run a program on the leaves of a call, with numbers in the place of those of the host if they are given."""
    backend, sources = entry.program.backend, entry.program.hosts
    inputs = [x if type(x := leaves[k]) is own else _array(x, backend, name) for k, name, own in entry.inputs]
    hosts = numbers or [x if k is None else x[k] for source, keys in sources for x in (source(),) for k in keys]
    return _returned(entry, backend, entry.turns.run(_run, entry, backend, inputs, hosts))


def _run(entry: Entry, backend: Backend, inputs: list[Any], hosts: list[Any]) -> Any:
    if entry.steady[0] != latest_touch():
        return _assigning(entry, backend, inputs, hosts)
    return entry.run(inputs, entry.steady[1], hosts, entry.steady[2])[0]


def _array(x: Any, backend: Backend, dtype: str) -> Any:
    return x.array if type(x) is Tensor else backend.asarray(gathered(x), dtype)


def _assigning(entry: Entry, backend: Backend, inputs: list[Any], hosts: list[Any]) -> Any:
    """Replay, and give the Variables their new arrays, which are mostly the old ones, written over."""
    touched, entry.steady = latest_touch(), NEVER  # it would hold arrays that nobody else does
    variables = [variable._value.array for variable in entry.variables]
    outs = [_target(entry, k, variable) for k, variable in enumerate(entry.targets)]
    outputs, updates = entry.run(inputs, variables, hosts, outs)
    entry.steady = touched, variables, outs
    for k, (variable, new, out) in enumerate(zip(entry.targets, updates, outs, strict=True)):
        old = variable._value.array
        if not new is old is out:
            entry.steady = NEVER
        if new is not old:
            if not variable._seen and is_aligned(old):
                entry.spares[k] = old
            variable.put(Tensor(new, backend), seen=False)
    return outputs


def _target(entry: Entry, k: int, variable: Variable) -> Any:
    """The array to write an update into: the Variable's own if nobody else holds it, else a spare one."""
    array, example = variable._value.array, entry.program.updates[k][1].example
    if not isinstance(array, np.ndarray | np.generic):  # of a device: its runner knows what it may do with it
        return array if entry.in_place[k] and not variable._seen else None
    if entry.in_place[k] and not variable._seen and is_aligned(array) and array.strides == example.strides:
        return array
    spare, entry.spares[k] = entry.spares[k], None
    fits = spare is not None and spare is not array and spare.strides == example.strides
    return spare if fits else aligned_like(np.asarray(example))  # lies as eager mode's, and as loops were compiled for


def _returned(entry: Entry, backend: Backend, outputs: Any) -> Any:
    if entry.result is None:
        return None
    made = [Tensor(array, backend) for array in outputs]
    for tensor, tag in zip(made, entry.logits, strict=False):
        if tag is not None:
            tensor.logits = made[tag[0]], tag[1]
    fresh = iter(made)
    return map_structure(lambda leaf: next(fresh) if leaf is TAKEN else leaf, entry.result)
