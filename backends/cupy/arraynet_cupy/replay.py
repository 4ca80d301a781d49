"""Replay: one generated Python function that queues a program's kernels and lets go of arrays as it goes."""

from collections.abc import Callable
from typing import Any

from arraynet.program import Value

__all__ = ["replay"]


def replay(program: Any) -> Callable[..., Any]:
    """Return a function of inputs, variables and host numbers that runs a program.

    Updates are new arrays, from memory that CuPy's pool has kept.
    """
    return _Writer(program).function()


class _Writer:
    """Writes the function."""

    def __init__(self, program: Any) -> None:
        self.program = program
        self.scope: dict[str, Any] = {}
        givens = {"a": program.inputs, "w": [v for _, v in program.variables], "h": program.host_values()}
        self.names = {v.index: f"{letter}{k}" for letter, values in givens.items() for k, v in enumerate(values)}
        lists = zip(givens.items(), ("inputs", "variables", "hosts"), strict=True)
        self.unpack = [f"{''.join(f'{letter}{k}, ' for k in range(len(values)))} = {source}"
                       for (letter, values), source in lists if values]  # fmt: skip
        for index, array in program.constants.items():
            self.names[index] = self._bound(array)

    def function(self) -> Callable[..., Any]:
        last = self._last_uses()
        lines = list(self.unpack)
        for number, instruction in enumerate(self.program.instructions):
            lines.append(self._call(instruction))
            touched = {v.index for v in (*instruction.inputs(), *instruction.outs)}
            dead = sorted(i for i in touched if last.get(i) == number and self.names[i].startswith("r"))
            if dead:
                lines.append(f"del {', '.join(self.names[i] for i in dead)}")
        outputs, updates = (
            "".join(f"{self.names[v.index]}, " for v in values)
            for values in (self.program.outputs, [v for _, v in self.program.updates])
        )
        body = "".join(f"        {line}\n" for line in [*lines, f"return ({outputs}), ({updates})"])
        source = f"def run(inputs, variables, hosts):\n    with guard():\n{body}"
        self.scope["guard"] = self.program.backend.guard
        exec(compile(source, "<program>", "exec"), self.scope)
        return self.scope["run"]

    def _last_uses(self) -> dict[int, int]:
        """The number of the last instruction that touches each Value; results live on."""
        instructions = self.program.instructions
        last = {v.index: k for k, i in enumerate(instructions) for v in (*i.inputs(), *i.outs)}
        return last | {v.index: len(instructions) for v in self.program.results()}

    def _call(self, instruction: Any) -> str:
        given = [self._text(a) for a in instruction.args]
        given += [f"{k}={self._text(v)}" for k, v in instruction.kwargs.items()]
        self.names |= {v.index: f"r{v.index}" for v in instruction.outs}
        targets = [self.names[v.index] for v in instruction.outs]
        target = f"{', '.join(targets)}," if instruction.several else targets[0]
        return f"{target} = {self._bound(instruction.function)}({', '.join(given)})"

    def _text(self, x: Any) -> str:
        if isinstance(x, Value):
            return self.names[x.index]
        if type(x) is list:
            return f"[{', '.join(map(self._text, x))}]"
        if type(x) is tuple:
            return f"({''.join(f'{self._text(i)}, ' for i in x)})"
        return repr(x) if x is None or type(x) in (bool, int) else self._bound(x)

    def _bound(self, x: Any) -> str:
        name = f"s{len(self.scope)}"
        self.scope[name] = x
        return name
