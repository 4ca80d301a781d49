"""A program: what one captured run computes, as a list of primitives that any backend can replay."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from arraynet.backend import Backend
from arraynet.observers import touch
from arraynet.program.trace import Instruction, Value, substitute

__all__ = ["Program", "Runner", "interpret"]

Runner = Callable[[list[Any], list[Any], list[Any], list[Any]], tuple[list[Any], list[Any]]]


@dataclass
class Program:
    """What a captured function computes.

    Attributes
    ----------
    backend : Backend
        Where it runs.
    inputs : list of Value
        Arrays that come with the call.
    variables : list of (Variable, Value)
        Variables whose values it reads when it is replayed.
    hosts : list of (callable, dict of key to Value)
        Sources of host numbers, called once before each replay, in this order.
    instructions : list of Instruction
        What is computed, in order.
    constants : dict of int to array
        Arrays that never change, by Value index.
    outputs : list of Value
        What the call returns.
    updates : list of (Variable, Value)
        What the Variables hold afterwards.
    count : int
        The number of Values.
    """

    backend: Backend
    inputs: list[Value]
    variables: list[tuple[Any, Value]]
    hosts: list[tuple[Callable[[], Any], dict[str | None, Value]]]
    instructions: list[Instruction]
    constants: dict[int, Any]
    outputs: list[Value]
    updates: list[tuple[Any, Value]]
    count: int

    def results(self) -> list[Value]:
        """Return the Values that must exist at the end."""
        return [*self.outputs, *(value for _, value in self.updates)]

    def host_values(self) -> list[Value]:
        """Return the Values of host numbers, in the order in which they are given."""
        return [v for _, values in self.hosts for v in values.values()]

    def forget(self) -> None:
        """Let go of the capturing run's arrays, but for how they lay in memory."""
        made = {v for i in self.instructions for v in (*i.inputs(), *i.outs)}
        for value in made.union(self.inputs, self.results(), (v for _, v in self.variables)):
            if isinstance(x := value.example, np.ndarray):
                value.example = as_strided(np.empty(1, x.dtype), x.shape, x.strides, writeable=False)
            elif not isinstance(x, np.generic | float | int):  # numbers of the host
                value.example = None

    def primitives(self) -> Counter[str]:
        """Return how often each primitive occurs."""
        return Counter(instruction.name for instruction in self.instructions)

    def pretty(self) -> str:
        """Return the program as text, a line per instruction, and below a group those that it computes."""
        inputs = [repr(v) for v in self.inputs]
        inputs += [f"{variable.path}={v!r}" for variable, v in self.variables]
        inputs += [f"{key or 'host'}=%{v.index}" for _, values in self.hosts for key, v in values.items()]
        lines = [f"program on {self.backend.name} ({', '.join(inputs)})"]
        lines += [f"  %{i}:{c.dtype}{[*c.shape]} = {'array' if c.ndim else str(c)}" for i, c in self.constants.items()]
        for instruction in self.instructions:
            lines += [f"  {instruction!r}", *(f"    {text}" for text in instruction.inside)]
        lines += [f"  {variable.path} <- %{v.index}" for variable, v in self.updates]
        return "\n".join([*lines, f"  return {', '.join(f'%{v.index}' for v in self.outputs)}"])


def interpret(program: Program) -> Runner:
    """Return a runner that calls the primitives one by one: right on every backend, and never fast."""

    def run(inputs: list[Any], variables: list[Any], hosts: list[Any], outs: list[Any]) -> tuple[list[Any], list[Any]]:
        known: dict[int, Any] = dict(program.constants)
        known |= {v.index: a for v, a in zip(program.inputs, inputs, strict=True)}
        known |= {v.index: a for (_, v), a in zip(program.variables, variables, strict=True)}
        for variable, _ in program.variables:
            variable._seen = True  # what is returned may be its array
        touch()
        known |= dict(zip((v.index for v in program.host_values()), hosts, strict=True))
        with program.backend.guard():
            for instruction in program.instructions:
                args, kwargs = substitute((instruction.args, instruction.kwargs), lambda v: known[v.index])  # noqa: B023
                result = instruction.function(*args, **kwargs)
                results = result if instruction.several else (result,)
                known |= {v.index: r for v, r in zip(instruction.outs, results, strict=True)}
        return [known[v.index] for v in program.outputs], [known[v.index] for _, v in program.updates]

    return run
