"""From a group of primitives to one compiled loop.

The generated function is generic in shape: its text depends on dtypes and on how each operand lies, so the
partial batch at the end of an epoch uses what the full ones compiled. Results that a reduction along the
rows separates are computed in stages, row by row, which is a softmax and its loss in one pass.
"""

import re
from typing import Any

import numpy as np

from arraynet.fusion import Group, reduced
from arraynet_numba.entries import kind_of, kinds_of
from arraynet_numba.expressions import EXPRESSIONS, FLOATING
from arraynet_numba.generated import loaded_loop
from arraynet_numba.microkernel import BLOCK, ROWS

__all__ = ["arguments", "compiled", "coverable", "shareable", "totals"]

PART = 16384  # elements
WIDE = 512  # columns of which `BLOCK` rows are enough to be computed together; of fewer columns, more rows
FLOATS = ("float32", "float64")
FLAGS = '{"contract", "nsz"}'  # not "reassoc", which makes x of (x + c) - c, nor "arcp", which knows no 1 / sqrt(0)


def arguments(group: Group, products: dict[int, Any]) -> list[Any]:
    """Return what the loop of a group is given to read; of a product it is the factors."""
    factors = [v for product in products.values() for v in product.args]
    return [*(v for v in group.inputs if v.index not in products), *factors]


def coverable(group: Group) -> bool:
    """Tell whether there is a loop for a group."""
    values = [*group.inputs, *group.over, *(v for i in group.instructions for v in i.outs)]
    floats = {str(v.dtype) for v in values if v.dtype is not None and v.dtype.kind == "f"}
    plain = all(v.shape is None or np.asarray(v.example).flags.c_contiguous for v in [*group.inputs, *group.over])
    return plain and len(floats) == 1 and floats <= set(FLOATS) and all(map(_covered, group.instructions))


def compiled(group: Group, products: dict[int, Any]) -> tuple[int, Any]:
    """Return the address of a compiled loop, and of which kinds what it is given must be.

    That is the group's inputs but for `products`, for each of them the address of `block_of_rows`, the left factor and
    the panels of the right one, the outs but for `totals`, and for these what each thread adds up.
    """
    dtype = next(str(v.dtype) for i in group.instructions for v in (*i.inputs(), *i.outs) if v.dtype in FLOATS)
    given, lines = _Writer(group, products).source()
    return loaded_loop(dtype, FLAGS, *_renumbered(given, lines)).address, tuple(given.values())


def shareable(group: Group) -> bool:
    """Tell whether threads can share a group's loop: whether each of them writes what none of the others does."""
    added = {v.index for v in totals(group)}
    roles = {group.role(v) for v in group.outs if v.index not in added}
    return roles <= ({"full"} if _flat(group) else {"full", "column"})


def totals(group: Group) -> list[Any]:
    """Return the sums over all rows, which each thread has a share of."""
    reductions = [i for i in group.instructions if i.name not in EXPRESSIONS]
    return [i.outs[0] for i in reductions if reduced(i) in ("rows", "all")]


def _flat(group: Group) -> bool:
    """Whether rows and columns do not matter; of a single column, a sum along either looks like neither."""
    values = [*group.inputs, *(v for i in group.instructions for v in i.outs)]
    plain = all(i.name in EXPRESSIONS or reduced(i) == "all" for i in group.instructions)
    sized = all(v.shape is None or group.role(v) in ("full", "scalar") for v in values)
    return plain and sized and any(v.shape == group.shape != () for v in [*group.inputs, *group.outs])


def _covered(instruction: Any) -> bool:
    """Tell whether an expression means the primitive for these operands; a clip has both bounds."""
    name, args = instruction.name, instruction.args
    floating = name not in FLOATING or instruction.outs[0].dtype.kind == "f"
    return floating and (name != "clip" or (len(args) == 3 and args[1] is not None and args[2] is not None))


def _renumbered(given: dict[str, Any], lines: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Values numbered from 0, so that equal loops of different programs are compiled once."""
    numbers: dict[str, int] = {}

    def renumbered(text: str) -> str:
        return re.sub(r"\b([xyXYsvamt])(\d+)\b", lambda m: f"{m[1]}{numbers.setdefault(m[2], len(numbers))}", text)

    return {renumbered(name): kind for name, kind in given.items()}, [*map(renumbered, lines)]


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
        # what an expression calls a Value, by its index
        self.names: dict[int, str] = {index: f"E{n}[k]" for n, index in enumerate(products)}
        self.stage: dict[int, int] = {v.index: 0 for v in (*group.inputs, *group.over)}
        self.stages: dict[int, _Stage] = {}  # in order: an operand is written before what waits for it
        self.head: list[str] = []
        self.views: list[str] = []
        self.tail: list[str] = []
        self.inputs = [v for v in group.inputs if v.index not in products]
        added = {v.index for v in totals(group)}
        self.stored = [v for v in group.outs if v.index not in added]
        self.outs = {v.index for v in group.outs}
        self.flat = _flat(group)
        self._assign_stages()

    def source(self) -> tuple[dict[str, Any], list[str]]:
        """Return what the loop is given, by name, and its lines."""
        given = {f"x{v.index}": kind_of(v) for v in self.inputs}
        for n, product in enumerate(self.products.values()):
            dtype = product.function.dtype.name
            names = (f"c{n}", f"i{n}", f"k{n}", f"d{n}")
            given |= {f"b{n}": "int64"} | dict(zip(names, kinds_of("block_of_rows", dtype), strict=False))
        given |= {f"y{v.index}": kind_of(v) for v in self.stored}
        given |= {f"s{v.index}": ("float64", 2, "C") for v in totals(self.group)}
        for v in self.inputs:
            self._open(v)
        for v in self.stored:
            if v.shape != ():
                self._view("Y", "y", v)
        for new, old in zip(self.group.outs, self.group.over, strict=False):
            self.names[old.index] = f"Y{new.index}[k]" if new.shape else f"y{new.index}[()]"
        for instruction in self.group.instructions:
            self._write(instruction)
        lines = [line for stage in self.stages.values() for line in stage.lines()]
        loop = self._blocks(lines)
        return given, [*self._extent(), *self.head, *loop, *self.tail]

    def _extent(self) -> list[str]:
        """How long a row is, and how many there are; without rows, how many elements."""
        given = [(f"x{v.index}", v) for v in self.inputs] + [(f"y{v.index}", v) for v in self.stored]
        full = next((name for name, v in given if v.shape == self.group.shape and v.shape), "")
        stride, total = f"{full}.shape[-1]", f"{full}.size"
        if not full:
            stride, total = f"{self.group.columns}", f"{self.group.rows * self.group.columns}"
        if self.products:
            total = f"i0.size * {stride}"
        return [f"stride = columns = {stride}", f"total = {total}{'' if self.flat else ' // stride'}"]

    def _blocks(self, lines: list[str]) -> list[str]:
        """The loop over what is done at a time: some rows of the products, or as much as the nearest cache holds.

        Without products the last comes first: what was made last, and what is read first next time, is at hand. A
        step goes through its weights from the first to the last, and an update of more than a cache holds would
        leave there what is needed last. With products that would fetch each block from memory anew.
        """
        loop = ["base, columns = 0, last - first", *lines]
        if not self.flat:
            loop = ["for i in range(last - first):", "    base = i * stride", *(f"    {line}" for line in lines)]
        if not self.products and not self.flat:
            return ["first, last = total * part // parts, total * (part + 1) // parts", *self.views, *loop]
        if not self.products:
            return [
                f"blocks = -(-total // {PART})",
                "for b in range(blocks * (part + 1) // parts - 1, blocks * part // parts - 1, -1):",
                f"    first, last = b * {PART}, min(b * {PART} + {PART}, total)",
                *(f"    {line}" for line in [*self.views, *loop]),
            ]
        copied = " + ".join(f"k{n}.size" for n in range(len(self.products)))
        self.head.append(f"height = {BLOCK} * (1 if {copied} else -(-{WIDE} // stride))")
        block = []
        for n in range(len(self.products)):
            self.head += [f"e{n} = np.empty((height, stride), T)", f"E{n} = e{n}.reshape(height * stride)"]
            self.head.append(f"r{n} = rows_of((c{n}, i{n}, k{n}, d{n}, e{n}))")
            block += [f"if not call(b{n}, r{n}, row, min(row + height, end)):", "    return 0"]
        each = "stride" if self.flat else "1"
        return [
            "rows = i0.size",
            f"tiles = -(-rows // {ROWS})",
            f"end = min(tiles * (part + 1) // parts * {ROWS}, rows)",
            f"for row in range(tiles * part // parts * {ROWS}, end, height):",
            f"    first, last = row * {each}, min(row + height, end) * {each}",
            *(f"    {line}" for line in [*block, *self.views, *loop]),
        ]

    def _view(self, view: str, name: str, v: Any) -> None:
        """Name the numbers of an array in a block; counted from 0, or LLVM would make no vectors of them."""
        rows = {"full": "[first:last]" if self.flat else "[first * stride : last * stride]", "column": "[first:last]"}
        mine = rows.get(self.group.role(v), "")
        lines = self.views if mine else self.head
        lines.append(f"{view}{v.index} = {name}{v.index}.reshape({name}{v.index}.size){mine}")

    def _assign_stages(self) -> None:
        """A reduction's result is known one stage after its operand; values that cross stages are stored."""
        self.crossing: set[int] = set()
        made = {v.index for i in self.group.instructions for v in i.outs}
        for instruction in self.group.instructions:
            stage = max(self.stage[v.index] for v in instruction.inputs())
            for v in instruction.inputs():
                if v.index in made and self.group.role(v) == "full" and self.stage[v.index] < stage:
                    self.crossing.add(v.index)
            self.stage[instruction.outs[0].index] = stage + (instruction.name not in EXPRESSIONS)

    def _open(self, v: Any) -> None:
        """Name an input: an element of it, or the number that it is."""
        name, role = f"x{v.index}", "number" if v.shape is None else self.group.role(v)
        if role in ("number", "scalar"):
            number = f"T({name})" if role == "number" else f"{name}[()]" if v.shape == () else f"{name}.reshape(1)[0]"
            self.head.append(f"X{v.index} = {number}")
        else:
            self._view("X", "x", v)
        self.names[v.index] = f"X{v.index}" + {"full": "[k]", "row": "[j]", "column": "[i]"}.get(role, "")

    def _write(self, instruction: Any) -> None:
        out = instruction.outs[0]
        number = max(self.stage[v.index] for v in instruction.inputs())
        stage = self.stages.setdefault(number, _Stage())
        if instruction.name not in EXPRESSIONS:
            self._reduce(instruction, out, stage)
            return
        values = [v.dtype for v in instruction.inputs() if v.dtype is not None and v.dtype.kind != "b"]
        literal = _kind(values[0] if values else out.dtype)
        args = [self._text(a, number, literal) for a in instruction.args if not isinstance(a, type | np.dtype)]
        kind, role = _kind(out.dtype), self.group.role(out)
        lines = stage.inner if role == "full" else stage.before
        text = EXPRESSIONS[instruction.name].format(*args)
        if instruction.name == "astype" and not values:
            text = f"T(1) if {text} else T(0)"  # a conversion takes twice the time of a choice
        lines.append(f"v{out.index} = {kind}({text})")
        self.names[out.index] = f"v{out.index}"
        if out.index in self.outs:
            stores = stage.stores if role == "full" else stage.after  # others may still read what it is written over
            at = {"full": "k", "column": "i"}.get(role, "0")
            place = f"y{out.index}[()]" if out.shape == () else f"Y{out.index}[{at}]"
            stores.append(f"{place} = v{out.index}")
        elif out.index in self.crossing:
            self.head.append(f"t{out.index} = np.empty(columns, np.{out.dtype})")
            lines.append(f"t{out.index}[j] = v{out.index}")

    def _text(self, x: Any, stage: int, literal: str = "T") -> str:
        x = x.item() if isinstance(x, np.generic) else x
        if isinstance(x, bool):
            return repr(x)
        if not hasattr(x, "shape"):
            whole = isinstance(x, int) and literal != "np.bool_"
            literal = literal if literal == "T" or whole else "np.float64"  # beside integers
            finite = np.isfinite(x)
            return f"{literal}({x!r})" if finite else f"T({'-' if x < 0 else ''}np.{'inf' if x == x else 'nan'})"
        if x.index in self.crossing and self.stage[x.index] < stage:
            return f"Y{x.index}[k]" if x.index in self.outs else f"t{x.index}[j]"
        return self.names[x.index]

    def _reduce(self, instruction: Any, out: Any, stage: _Stage) -> None:
        """Sums run in float64, whatever the dtype; a maximum keeps NaN, and argmax finds the first."""
        (x,), along, name = instruction.inputs(), reduced(instruction), f"a{out.index}"
        element = self._text(x, self.stage[x.index])
        count = {"columns": "columns", "rows": "total", "all": "total" if self.flat else "(total * stride)"}[along]
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
            self.head += [f"{name} = s{out.index}[part]", "for j in range(columns):", f"    {name}[j] = 0"]
            stage.inner.append(f"{name}[j] += {element}")
            if share:
                self.tail += ["for j in range(stride):", f"    {name}[j] /= total"]
            return
        else:
            (stage.before if along == "columns" else self.head).append(f"{name} = np.float64(0)")
            stage.inner.append(f"{name} = added({name}, {element})")
        if along == "all":
            self.tail.append(f"s{out.index}[part, 0] = {name}{share}")
            return
        stage.after.append(f"v{out.index} = {_kind(out.dtype)}({name}{share})")
        self.names[out.index] = f"v{out.index}"
        if out.index in self.outs:
            stage.after.append(f"Y{out.index}[i] = v{out.index}")


def _kind(dtype: Any) -> str:
    """The type of a result; there is one floating type in a loop, T."""
    return "T" if dtype.kind == "f" else "np.bool_" if dtype.kind == "b" else f"np.{dtype}"
