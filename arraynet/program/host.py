"""Replay on host arrays: one generated Python function that calls ufuncs with ``out=`` into planned buffers.

It computes what eager mode computes, bit for bit: the same ufuncs on operands of the same layout. What
is gained is Python's overhead per op and every allocation.
"""

import math
from collections.abc import Callable, Set
from functools import partial
from typing import Any

import numpy as np

from arraynet.program.layout import VIEWS, Pool, last_uses, overwrites, roots, strides
from arraynet.program.program import Program
from arraynet.program.trace import Instruction, Value, substitute

__all__ = ["HOST_PASSES", "HostProgram"]

HOST_PASSES: list[Callable[[Program], None]] = []  # what else is done to programs on host arrays; filled from above

_NAMES = """
add subtract multiply divide floor_divide remainder pow maximum minimum hypot atan2 copysign nextafter logaddexp
bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift bitwise_invert less less_equal greater
greater_equal equal not_equal logical_and logical_or logical_xor logical_not negative positive abs sign exp expm1
log log1p log2 log10 sqrt square reciprocal floor ceil trunc sin cos tan asin acos atan sinh cosh tanh asinh acosh
atanh isnan isinf isfinite signbit matmul
"""
UFUNCS: dict[str, Any] = {name: getattr(np, name) for name in _NAMES.split()}
ELEMENTWISE = frozenset(UFUNCS) - {"matmul"}
REDUCTIONS = {"sum": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum,
              "any": np.logical_or, "all": np.logical_and}  # fmt: skip


class HostProgram:
    """A program compiled for host arrays.

    Attributes
    ----------
    source : str
        The generated function.
    allocations : int
        How many instructions make a new array at every replay.
    calls : int
        How many calls a replay makes.
    buffer_bytes : int
        What the planned buffers take.
    in_place : list of bool
        For each update, whether its Variable's own array may be written into.
    row_inputs : set of int
        The numbers of inputs that may be `Rows`.
    rounds : bool
        Whether its numbers differ from the ops' in the last bit, so that the first call, too, has to be a replay.
    """

    rounds = False

    def __init__(self, program: Program, row_inputs: Set[int] = frozenset()) -> None:
        self.program, self.row_inputs = program, row_inputs
        self.root = roots(program)
        self.last = last_uses(program, self.root)
        self.pool = Pool()
        self.fixed: dict[int, np.ndarray] = {}  # arrays that stay where they are, by Value index
        self.names: dict[int, str] = {}
        self.scope: dict[str, Any] = {"copyto": np.copyto, "array": np.array}
        self.lines: list[str] = []
        self.allocations = 0
        self._blocks: dict[int, np.ndarray] = {}
        self._placed: dict[int, int] = {}  # into which update's array a Value is computed
        self._before = {id(variable): v for variable, v in program.variables}  # what Variables hold when it starts
        self._olds: dict[int, int] = {}  # which update takes the place of a Variable's old value
        self._makers = {v.index: n for n, i in enumerate(program.instructions) for v in i.outs}
        self.in_place = [False] * len(program.updates)
        fallible = [n for n, i in enumerate(program.instructions) if _may_fail(i)]
        self._behind = max(fallible, default=-1)  # what may fail must find all Variables as they were
        self._name_givens()
        for number, instruction in enumerate(program.instructions):
            self._plan(number, instruction)
            self._release(number, instruction)
        self.calls = sum(not line.startswith("if ") for line in self.lines)
        self.source = self._function(self._finish())
        self.buffer_bytes = self.pool.bytes
        exec(compile(self.source, "<program>", "exec"), self.scope)
        self._run = self.scope["run"]

    def __call__(self, inputs: Any, variables: Any, hosts: Any, outs: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Replay, one thread at a time; updates are written into the arrays `outs`. Return outputs and updates."""
        with self.program.backend.guard():
            try:
                return self._run(inputs, variables, hosts, outs)  # type: ignore[no-any-return]
            except Exception as error:
                line = error.__traceback__.tb_next.tb_lineno  # type: ignore[union-attr]
                error.add_note(
                    f"In a captured program: {self.source.splitlines()[line - 1].strip()}. "
                    f"ARRAYNET_KERNELS=eager names the operation and all that it was given."
                )
                raise

    def _name_givens(self) -> None:
        program = self.program
        self.names |= {v.index: f"a{i}" for i, v in enumerate(program.inputs)}
        self.names |= {v.index: f"w{i}" for i, (_, v) in enumerate(program.variables)}
        self.names |= {v.index: f"h{i}" for i, v in enumerate(program.host_values())}
        for index, array in program.constants.items():
            self._fix(index, np.asarray(array))
        for k, (variable, v) in enumerate(program.updates):
            owned = v.index not in self.names and self.root[v.index] == v.index
            if owned and v.index not in self._placed and (v.shape, v.dtype) == (variable.shape, variable.dtype):
                self._placed[v.index] = k
                if old := self._before.get(id(variable)):
                    self._olds[old.index] = k

    def _fix(self, index: int, array: np.ndarray) -> None:
        self.fixed[index] = array
        self.names[index] = f"b{index}"
        self.scope[f"b{index}"] = array

    def _text(self, x: Any) -> str:
        """An argument as source; what has no short literal is bound to a name."""
        if isinstance(x, Value):
            return self.names[x.index]
        if type(x) in (list, tuple) and any(isinstance(i, Value) for i in x):
            return f"({', '.join(map(self._text, x))},)"
        if x is None or type(x) in (bool, int):
            return repr(x)
        name = f"s{len(self.scope)}"
        self.scope[name] = x
        return name

    def _call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
        given = [self._text(a) for a in args] + [f"{k}={self._text(v)}" for k, v in kwargs.items()]
        name = f"f_{getattr(function, '__name__', 'call')}_{id(function):x}"
        self.scope[name] = function
        return f"{name}({', '.join(given)})"

    def _plan(self, number: int, instruction: Instruction) -> None:
        if instruction.name in VIEWS and self._view(instruction):
            return
        if instruction.name.startswith("group"):
            self._group(number, instruction)
        elif calls := _into(instruction):
            self._reuse(number, instruction)
            self._out(number, instruction)
            self.lines += [self._call(call.func, *call.args, **call.keywords) for call in calls]
        else:
            self._general(instruction)

    def _group(self, number: int, instruction: Instruction) -> None:
        """Call a generated loop; where it writes over old values, those must be there."""
        for value in instruction.outs:
            self._out(number, instruction, value)
        for value in (v for v in instruction.inputs() if v.shape == () and v.index not in self.fixed):
            self.lines.append(f"{self.names[value.index]} = {self._call(np.asarray, value)}")  # NumPy's are no arrays
        for new, old in zip(instruction.outs, instruction.kwargs.get("over", ()), strict=False):
            self.lines.append(f"if {(y := self._text(new))} is not {(x := self._text(old))}: copyto({y}, {x})")
        function, given = instruction.function, [*instruction.args, *instruction.outs]
        if bind := getattr(function, "bind", None):  # what stays where it is need not be looked at again
            function = bind([self.fixed.get(v.index) for v in given])
            given = [v for v in given if v.index not in self.fixed]
        self.lines.append(self._call(function, *given))

    def _view(self, instruction: Instruction) -> bool:
        """Make a view of a fixed array now; one of an array that comes with the call must wait."""
        source = instruction.inputs()[0]
        if source.index not in self.fixed or len(instruction.inputs()) > 1:
            return False
        args, kwargs = substitute((instruction.args, instruction.kwargs), lambda v: self.fixed[v.index])
        view = np.asarray(instruction.function(*args, **kwargs))
        if view.size and not np.shares_memory(view, self.fixed[source.index]):
            return False
        self._fix(instruction.outs[0].index, view)
        return True

    def _reuse(self, number: int, instruction: Instruction) -> None:
        """Let an elementwise result take the place of an argument that dies here."""
        out = instruction.outs[0]
        if out.index in self._placed or instruction.name not in ELEMENTWISE:
            return
        for value in instruction.inputs():
            if self.last[self.root[value.index]] == number and overwrites(instruction, value, out, self.root):
                k = self._placed.get(value.index, self._olds.get(value.index))
                if k is not None and self._leads(number, out, k):
                    self._placed[out.index] = k
                    return
                if value.index in self._blocks:
                    self._blocks[out.index] = self._blocks.pop(value.index)
                    self._fix(out.index, self.fixed[value.index])
                    return

    def _leads(self, number: int, out: Value, k: int) -> bool:
        """Tell whether a result may lie in an update's array until that is computed: nothing may fail on the way."""
        maker = self._makers[self.program.updates[k][1].index]
        way = self.program.instructions[number : maker + 1]
        return number > self._behind and self.last[out.index] <= maker and all(i.name in ELEMENTWISE for i in way)

    def _out(self, number: int, instruction: Instruction, out: Value | None = None) -> Value:
        """Give an instruction's result a place: an update's array, or a buffer."""
        out = out or instruction.outs[0]
        if out.index in self._placed:
            self._place(number, instruction, out, self._placed[out.index])
        elif out.index not in self.fixed:
            array, self._blocks[out.index] = self.pool.take(out)
            self._fix(out.index, array)
        return out

    def _place(self, number: int, instruction: Instruction, out: Value, k: int) -> None:
        self.names[out.index] = f"o{k}"
        old = self._before.get(id(self.program.updates[k][0]))
        if old is None:
            self.in_place[k] = number > self._behind
            return
        last = self.last.get(old.index, -1)
        told = old in instruction.kwargs.get("over", ())
        over = overwrites(instruction, old, out, self.root) if instruction.name in ELEMENTWISE else told
        free = last < number or (last == number and over)
        # Where eager mode's new value lies in another memory order, sums over it add in that.
        self.in_place[k] = free and number > self._behind and strides(old) == strides(out)

    def _general(self, instruction: Instruction) -> None:
        """Call a primitive as eager mode does; only this makes arrays while replaying."""
        if not instruction.name.startswith("host.") and instruction.name not in VIEWS:
            self.allocations += 1
        for v in instruction.outs:
            self.names[v.index] = f"r{v.index}"
            self._placed.pop(v.index, None)
        target = ", ".join(self.names[v.index] for v in instruction.outs) + "," * instruction.several
        call = self._call(instruction.function, *instruction.args, **instruction.kwargs)
        if instruction.name == "permute_dims" and instruction.args[1:] == ((1, 0),):
            call = f"{self._text(instruction.args[0])}.T"  # a tenth of the time
        self.lines.append(f"{target} = {call}")

    def _release(self, number: int, instruction: Instruction) -> None:
        for value in (*instruction.inputs(), *instruction.outs):
            root = self.root[value.index]
            if self.last[root] == number and root in self._blocks:
                self.pool.give([self._blocks.pop(root)])

    def _finish(self) -> str:
        """The return statement: copies of whatever lives in a buffer or belongs to somebody."""
        outputs = [self._copied(v) for v in self.program.outputs]
        updates = [f"o{k}" if v.index in self._placed and self._placed[v.index] == k else self._copied(v)
                   for k, (_, v) in enumerate(self.program.updates)]  # fmt: skip
        return f"return ({''.join(o + ', ' for o in outputs)}), ({''.join(u + ', ' for u in updates)})"

    def _copied(self, value: Value) -> str:
        name = self.names[value.index]
        fresh = name.startswith("r") and self.root[value.index] == value.index
        if fresh and sum(v is value for v in self.program.results()) == 1:
            return name
        return f"array({name})"

    def _function(self, ending: str) -> str:
        program = self.program
        given: list[tuple[str, str, Any]] = [("a", "inputs", program.inputs), ("w", "variables", program.variables)]
        given += [("h", "hosts", program.host_values()), ("o", "outs", program.updates)]
        unpack = [f"{''.join(f'{a}{i}, ' for i in range(len(x)))} = {name}" for a, name, x in given if x]
        body = [*unpack, *self.lines, ending]
        return "def run(inputs, variables, hosts, outs):\n" + "".join(f"    {line}\n" for line in body)


def _into(i: Instruction) -> list[partial[Any]]:
    """The calls that compute an instruction into its result's array; none where that cannot be said beforehand."""
    out: Any = i.outs[0]
    args = i.args
    if i.name in UFUNCS and not i.kwargs:
        return [partial(UFUNCS[i.name], *args, out=out)]
    if i.name == "astype":
        return [partial(np.copyto, out, args[0], "unsafe")]
    if i.name == "where" and len(args) == 3:
        return [partial(np.copyto, out, args[2]), partial(np.copyto, out, args[1], where=args[0])]
    if i.name in REDUCTIONS or (i.name == "mean" and out.dtype in (np.float32, np.float64)):
        get = (dict(zip(("axis",), args[1:], strict=False)) | i.kwargs).get
        how = get("axis"), get("dtype"), out, bool(get("keepdims"))
        total = partial(REDUCTIONS.get(i.name, np.add).reduce, args[0], *how)
        count = math.prod(args[0].shape) // max(math.prod(out.shape or ()), 1)
        share = partial(np.true_divide, out, count if count <= 2**24 else np.int64(count), out)  # float32 has gaps
        return [total, share] if i.name == "mean" else [total]
    if i.name in ("argmax", "argmin") and not args[1:]:
        return [partial(getattr(np.ndarray, i.name), args[0], **i.kwargs, out=out)]
    return [partial(np.concatenate, args[0], i.kwargs.get("axis", 0), out)] if i.name == "concat" else []


def _may_fail(i: Instruction) -> bool:
    """Tell whether an instruction refuses some numbers: singular matrices, negative powers of integers."""
    return i.name.startswith("linalg.") or (i.name == "pow" and np.dtype(i.outs[0].dtype).kind in "iu")
