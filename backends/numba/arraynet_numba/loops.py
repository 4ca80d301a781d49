"""From a group of primitives to one compiled loop.

The generated function is generic in shape: its text depends on dtypes and on how each operand lies, so the
partial batch at the end of an epoch uses what the full ones compiled. Results that a reduction along the
rows separates are computed in stages, row by row, which is a softmax and its loss in one pass.
"""

import re
from typing import Any

import numpy as np

from arraynet.fusion import Group, reduced
from arraynet_numba.expressions import EXPRESSIONS, FLOATING
from arraynet_numba.generated import loaded_loop
from arraynet_numba.products import FEW

__all__ = ["arguments", "compiled", "coverable", "flat"]

PART = 16384  # elements
PARTS = str.maketrans("XY", "PQ")  # what a part of an array is called
FLOATS = ("float32", "float64")
FLAGS = '{"contract", "arcp", "nsz"}'  # without "reassoc", which would make x of (x + c) - c


def arguments(group: Group, products: dict[int, Any]) -> list[Any]:
    """Return what the loop of a group is given to read."""
    factors = [f for p in products.values() for f in p.args]
    return list({v.index: v for v in [*group.inputs, *factors] if v.index not in products}.values())


def coverable(group: Group) -> bool:
    """Tell whether there is a loop for a group."""
    values = [*group.inputs, *group.over, *(v for i in group.instructions for v in i.outs)]
    floats = {str(v.dtype) for v in values if v.dtype is not None and v.dtype.kind == "f"}
    plain = all(v.shape is None or np.asarray(v.example).flags.c_contiguous for v in [*group.inputs, *group.over])
    return plain and len(floats) == 1 and floats <= set(FLOATS) and all(map(_covered, group.instructions))


def compiled(group: Group, products: dict[int, Any]) -> Any:
    """Return a compiled function of a group's inputs and outs; inputs that are `products` come as their factors."""
    dtype = next(str(v.dtype) for i in group.instructions for v in (*i.inputs(), *i.outs) if v.dtype in FLOATS)
    return loaded_loop(dtype, FLAGS, _renumbered(_Writer(group, products).source()))


def flat(group: Group, products: dict[int, Any]) -> bool:
    """Tell whether a group's loop needs no rows, so that each may begin with its row of the products."""
    return _Writer(group, products).flat


def _covered(instruction: Any) -> bool:
    """Tell whether an expression means the primitive for these operands; a clip has both bounds."""
    name, args = instruction.name, instruction.args
    floating = name not in FLOATING or instruction.outs[0].dtype.kind == "f"
    return floating and (name != "clip" or (len(args) == 3 and args[1] is not None and args[2] is not None))


def _renumbered(source: str) -> str:
    """The text with values numbered from 0, so that equal loops of different programs are compiled once."""
    numbers: dict[str, int] = {}
    return re.sub(r"\b([xyXYPQvamt])(\d+)\b", lambda m: f"{m[1]}{numbers.setdefault(m[2], len(numbers))}", source)


class _Stage:
    """What happens in one pass over a row: before it, at every element, and after it."""

    def __init__(self) -> None:
        self.before: list[str] = []
        self.inner: list[str] = []
        self.stores: list[str] = []  # at the end, since a result may be written over an operand
        self.after: list[str] = []

    def lines(self) -> list[str]:
        inner = [*self.inner, *self.stores]
        loop = ["for j in range(columns):", "    k = base + j", *(f"    {line}" for line in inner)]
        return [*self.before, *(loop if inner else []), *self.after]


class _Writer:
    """Writes the loop of one group."""

    def __init__(self, group: Group, products: dict[int, Any]) -> None:
        self.group, self.products = group, products
        self.names: dict[int, str] = {}  # what an expression calls a Value, by its index
        self.stage: dict[int, int] = {v.index: 0 for v in (*group.inputs, *group.over)}
        self.stages: dict[int, _Stage] = {}
        self.head: list[str] = []
        self.tail: list[str] = []
        self.outs = {v.index for v in group.outs}
        self.flat = self._is_flat()
        self._assign_stages()

    def source(self) -> str:
        given = [f"x{v.index}" for v in arguments(self.group, self.products)] + [f"y{v.index}" for v in self.group.outs]
        for v in self.group.inputs:
            if v.index in self.products:
                self._open_product(v)
            else:
                self._open(v)
        for v in self.group.outs:
            if v.shape != ():
                self.head.append(f"Y{v.index} = y{v.index}.reshape(y{v.index}.size)")
        for new, old in zip(self.group.outs, self.group.over, strict=False):
            self.names[old.index] = f"Y{new.index}[k]" if new.shape else f"y{new.index}[()]"
        for instruction in self.group.instructions:
            self._write(instruction)
        lines = [line for _, stage in sorted(self.stages.items()) for line in stage.lines()]
        loop = self._parts(lines) if self.flat else self._rows(lines)
        body = ["wide_vectors()", *self.head, *loop, *self.tail]
        return f"def loop({', '.join(given)}):\n" + "".join(f"    {line}\n" for line in body)

    def _rows(self, lines: list[str]) -> list[str]:
        """The loop over rows, whose number and length are those of an operand that has them."""
        full = self._full()
        extent = [f"columns = {full}.shape[-1]", f"rows = {full}.size // columns"]
        if not full:
            extent = [f"columns = {self.group.columns}", f"rows = {self.group.rows}"]
        self.head = [*extent, *self.head]
        return ["for i in range(rows):", "    base = i * columns", *(f"    {line}" for line in lines)]

    def _parts(self, lines: list[str]) -> list[str]:
        """The loop without rows, last part first: what was made last, and what is read first next time, is at hand.

        A step goes through its weights from the first to the last, and an update of more than a cache holds would
        leave there what is needed last.
        """
        used = "\n".join(lines)
        arrays = list(dict.fromkeys(re.findall(r"\b[XY]\d+(?=\[k\])", used)))
        views = [f"    {name.translate(PARTS)} = {name}[start:stop]" for name in arrays]
        named = [re.sub(r"\b[XY]\d+(?=\[k\])", lambda found: found[0].translate(PARTS), line) for line in lines]
        full = self._full()
        part, turns = str(PART), f"range(({full}.size - 1) // {PART}, -1, -1)"
        if self.products:  # one row after the other: backwards, each would be fetched from memory anew
            self.head.append(f"columns = {full}.shape[-1]")
            part, turns = "columns", f"range({full}.shape[0])"
        return [
            f"for i in {turns}:",
            f"    start, stop = i * {part}, min(i * {part} + {part}, {full}.size)",
            "    base, columns = 0, stop - start",
            *views,
            *(f"    {line}" for line in named),
        ]

    def _full(self) -> str:
        """The name of an argument that has the whole shape, if there is one."""
        inputs = [v for v in self.group.inputs if v.index not in self.products]
        given = [(f"x{v.index}", v) for v in inputs] + [(f"y{v.index}", v) for v in self.group.outs]
        return next((name for name, v in given if v.shape == self.group.shape and v.shape), "")

    def _is_flat(self) -> bool:
        """Whether rows and columns do not matter; of a single column, a sum along either looks like neither."""
        values = [*self.group.inputs, *(v for i in self.group.instructions for v in i.outs)]
        plain = all(i.name in EXPRESSIONS or reduced(i) == "all" for i in self.group.instructions)
        sized = all(v.shape is None or self.group.role(v) in ("full", "scalar") for v in values)
        return plain and sized and bool(self._full())

    def _assign_stages(self) -> None:
        """A reduction's result is known one stage after its operand; values that cross stages are stored."""
        self.crossing: set[int] = set()
        for instruction in self.group.instructions:
            stage = max((self.stage[v.index] for v in instruction.inputs()), default=0)
            made = {v.index for i in self.group.instructions for v in i.outs}
            for v in instruction.inputs():
                if v.index in made and self.group.role(v) == "full" and self.stage[v.index] < stage:
                    self.crossing.add(v.index)
            self.stage[instruction.outs[0].index] = stage + (instruction.name not in EXPRESSIONS)

    def _open(self, v: Any) -> None:
        """Name an input: an element of it, or the number that it is."""
        name, role = f"x{v.index}", "number" if v.shape is None else self.group.role(v)
        self.head.append({
            "number": f"X{v.index} = T({name})",
            "scalar": f"X{v.index} = {name}[()]" if v.shape == () else f"X{v.index} = {name}.reshape(1)[0]",
        }.get(role, f"X{v.index} = {name}.reshape({name}.size)"))  # fmt: skip
        self.names[v.index] = f"X{v.index}" + {"full": "[k]", "row": "[j]", "column": "[i]"}.get(role, "")

    def _open_product(self, v: Any) -> None:
        """Name an element of a product of few terms, which is computed where it is read."""
        name, factors = f"{list(self.products).index(v.index)}", self.products[v.index].args
        self.head.append(f"c{name}, d{name} = few_terms({', '.join(f'x{f.index}' for f in factors)})")
        self.head += [f"d{name}_{t} = d{name}[{t}]" for t in range(FEW)]
        stage = self.stages.setdefault(0, _Stage())
        stage.before += [f"c{name}_{t} = c{name}[i, {t}]" for t in range(FEW)]
        stage.inner.append(f"v{v.index} = {' + '.join(f'c{name}_{t} * d{name}_{t}[j]' for t in range(FEW))}")
        self.names[v.index] = f"v{v.index}"

    def _write(self, instruction: Any) -> None:
        out = instruction.outs[0]
        number = max((self.stage[v.index] for v in instruction.inputs()), default=0)
        stage = self.stages.setdefault(number, _Stage())
        if instruction.name not in EXPRESSIONS:
            self._reduce(instruction, out, stage)
            return
        values = [v.dtype for v in instruction.inputs() if v.dtype is not None and v.dtype.kind != "b"]
        literal = _kind(values[0] if values else out.dtype)
        args = [self._text(a, number, literal) for a in instruction.args if not isinstance(a, type | np.dtype)]
        kind, role = _kind(out.dtype), self.group.role(out)
        lines = stage.inner if role in ("full", "row") else stage.before
        text = EXPRESSIONS[instruction.name].format(*args)
        if kind == "T" and instruction.name == "astype" and not values:
            text = f"T(1) if {text} else T(0)"  # a conversion takes twice the time of a choice
        lines.append(f"v{out.index} = {kind}({text})")
        self.names[out.index] = f"v{out.index}"
        if out.index in self.outs:
            single = stage.after if out.shape == () else stage.before  # others may still read what it is written over
            stores = stage.stores if lines is stage.inner else single
            at = {"full": "k", "row": "j", "column": "i"}.get(role, "0")
            place = f"y{out.index}[()]" if out.shape == () else f"Y{out.index}[{at}]"
            stores.append(f"{place} = v{out.index}")
        elif out.index in self.crossing:
            self.head.append(f"t{out.index} = np.empty(columns, np.{out.dtype})")
            lines.append(f"t{out.index}[j] = v{out.index}")

    def _text(self, x: Any, stage: int, literal: str = "T") -> str:
        if isinstance(x, bool):
            return repr(x)
        if isinstance(x, np.generic):
            x = x.item()
        if not hasattr(x, "shape"):
            finite = np.isfinite(x)
            return f"{literal}({x!r})" if finite else f"T({'-' if x < 0 else ''}np.{'inf' if x == x else 'nan'})"
        if x.index in self.crossing and self.stage[x.index] < stage:
            return f"Y{x.index}[k]" if x.index in self.outs else f"t{x.index}[j]"
        return self.names[x.index]

    def _reduce(self, instruction: Any, out: Any, stage: _Stage) -> None:
        """Sums run in float64, whatever the dtype; a maximum keeps NaN, and argmax finds the first."""
        (x,), along, name = instruction.inputs(), reduced(instruction), f"a{out.index}"
        element = self._text(x, self.stage[x.index])
        count = {
            "columns": "columns",
            "rows": "rows",
            "all": f"{self._full()}.size" if self.flat else "(rows * columns)",
        }[along]
        share = f" / {count}" if instruction.name == "mean" else ""
        if instruction.name == "argmax":
            stage.before += [f"m{out.index} = T(-np.inf)", f"{name} = 0"]
            stage.inner += [
                f"if {element} > m{out.index} or ({element} != {element} and m{out.index} == m{out.index}):",
                f"    m{out.index}, {name} = {element}, j",
            ]
        elif instruction.name in ("max", "min"):
            compare = ">" if instruction.name == "max" else "<"
            stage.before.append(f"{name} = T({'-' if compare == '>' else ''}np.inf)")
            stage.inner.append(
                f"{name} = {element} if {element} {compare} {name} or {element} != {element} else {name}"
            )
        elif along == "rows":
            self.head.append(f"{name} = np.zeros(columns, np.float64)")
            stage.inner.append(f"{name}[j] += {element}")
            self.tail += ["for j in range(columns):", f"    Y{out.index}[j] = T({name}[j]{share})"]
            return
        else:
            (stage.before if along == "columns" else self.head).append(f"{name} = np.float64(0)")
            stage.inner.append(f"{name} = added({name}, {element})")
        if along == "all":
            self.tail.append(f"{f'y{out.index}[()]' if out.shape == () else f'Y{out.index}[0]'} = T({name}{share})")
            return
        stage.after.append(f"v{out.index} = {_kind(out.dtype)}({name}{share})")
        self.names[out.index] = f"v{out.index}"
        if out.index in self.outs:
            stage.after.append(f"Y{out.index}[i] = v{out.index}")


def _kind(dtype: Any) -> str:
    """The type of a result; there is one floating type in a loop, T."""
    return "T" if dtype.kind == "f" else "np.bool_" if dtype.kind == "b" else f"np.{dtype}"
