"""The innermost loop of a matrix product: a tile of the result that stays in registers while its terms are added.

What a processor can multiply and add is limited by what it can fetch. A tile of r rows and c columns takes r + c
numbers for r * c products, so it should be as large as the registers allow. A compiler finds no such tile by
itself; so this is written in LLVM's vectors, which it lays out for the processor at hand.
"""

from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from arraynet_numba.vectorizing import allow_wide_vectors

__all__ = ["ROWS", "VECTOR", "VECTORS", "packing_tile", "tile"]

_FEATURES = binding.get_host_cpu_features()
VECTOR = next((size for name, size in (("avx512f", 64), ("avx", 32)) if _FEATURES.get(name)), 16)  # bytes
ROWS = 4 if VECTOR == 32 else 8  # with VECTORS what fits into 16 registers, or 32
VECTORS = 3  # of columns, at most
NUMBER, ADDRESS, INDEX = ir.IntType(64), ir.IntType(8).as_pointer(), ir.IntType(32)
LEAVE = ("contract", "nsz")  # a product and a sum may be one rounding


def _tile(packing: bool) -> Any:
    """An intrinsic for `ROWS` rows of ``y = x @ w``, or added to y, one vector of columns wide or more.

    Each matrix comes as a tuple with the row and column where to begin. Rows that are missing are the last one again.
    With `packing`, that part of w is copied into a panel on the way.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        matrices = zip(signature.args[:-3], args[:-3], strict=True)
        places = [_place(context, builder, kind, given) for kind, given in matrices]
        x, w, y, panel = places if packing else (*places, places[1])
        (terms, vectors), adding = args[-3:-1], builder.zext(args[-1], NUMBER)
        addresses = [place[0] for place in (x, w, y, panel)]
        given = [*addresses, x[1], x[2], w[1], y[1], panel[1], terms, x[3], y[3], adding]
        item = context.get_value_type(signature.args[0][0].dtype)
        for count in range(1, VECTORS + 1):
            with builder.if_then(builder.icmp_signed("==", vectors, ir.Constant(NUMBER, count))):
                builder.call(_function(builder.module, count, packing, item), given)
        return context.get_dummy_value()

    def tile(context: Any, x: Any, w: Any, y: Any, terms: Any, vectors: Any, adding: Any) -> Any:
        return types.void(x, w, y, types.int64, types.int64, types.boolean), generate

    def packing_tile(context: Any, x: Any, w: Any, y: Any, panel: Any, terms: Any, vectors: Any, adding: Any) -> Any:
        return types.void(x, w, y, panel, types.int64, types.int64, types.boolean), generate

    return intrinsic(packing_tile if packing else tile)


def _place(context: Any, builder: Any, kind: Any, given: Any) -> Any:
    """The address of an element of a matrix, both strides, and how many rows there are from there on."""
    matrix, *start = (builder.extract_value(given, k) for k in range(3))
    start = [context.cast(builder, n, k, types.int64) for n, k in zip(start, kind.types[1:], strict=True)]
    matrix = context.make_array(kind[0])(context, builder, matrix)
    rows, _ = cgutils.unpack_tuple(builder, matrix.shape, 2)
    strides = cgutils.unpack_tuple(builder, matrix.strides, 2)
    offset = builder.add(*(builder.mul(n, stride) for n, stride in zip(start, strides, strict=True)))
    return builder.gep(builder.bitcast(matrix.data, ADDRESS), [offset]), *strides, builder.sub(rows, start[0])


def _function(module: Any, vectors: int, packing: bool, item: Any) -> Any:
    """The function of a module that computes a tile, written when it is first asked for."""
    name = f"arraynet_tile_{vectors}_{'packing' if packing else 'reading'}_{item}"
    if name not in module.globals:
        function = ir.Function(module, ir.FunctionType(ir.VoidType(), [*[ADDRESS] * 4, *[NUMBER] * 9]), name)
        function.linkage = "linkonce_odr"
        function.attributes.add("noinline")
        allow_wide_vectors(function)
        _Writer(function, vectors, item).write(packing)
    return module.globals[name]


class _Writer:
    """Writes a tile's function."""

    def __init__(self, function: Any, vectors: int, item: Any) -> None:
        self.builder = ir.IRBuilder(function.append_basic_block())
        self.x, self.w, self.y, self.panel, *numbers = function.args
        self.x_row, self.x_term, self.w_row, self.y_row, self.panel_row, self.terms, *numbers = numbers
        self.x_rows, self.y_rows, self.adding = numbers
        self.item, self.size = item, 4 if isinstance(item, ir.FloatType) else 8
        self.vector = ir.VectorType(item, VECTOR // self.size)
        self.starts = [ir.Constant(NUMBER, v * VECTOR) for v in range(vectors)]

    def write(self, packing: bool) -> None:
        b = self.builder
        x_rows = [self._row(self.x, self.x_rows, self.x_row, r) for r in range(ROWS)]
        places = [
            self._at(self._row(self.y, self.y_rows, self.y_row, r), start) for r in range(ROWS) for start in self.starts
        ]
        totals = [cgutils.alloca_once_value(b, ir.Constant(self.vector, None)) for _ in places]
        with cgutils.for_range(b, self.terms) as loop:
            row = b.gep(self.w, [b.mul(loop.index, self.w_row)])
            factors = [self._load(self._at(row, start)) for start in self.starts]
            if packing:
                copy = b.gep(self.panel, [b.mul(loop.index, self.panel_row)])
                for factor, start in zip(factors, self.starts, strict=True):
                    self._store(factor, self._at(copy, start))
            offset = b.mul(loop.index, self.x_term)
            numbers = [b.load(b.bitcast(b.gep(x, [offset]), self.item.as_pointer())) for x in x_rows]
            pairs = [(self._repeated(number), factor) for number in numbers for factor in factors]
            for total, (number, factor) in zip(totals, pairs, strict=True):
                product = b.fmul(number, factor, flags=LEAVE)
                b.store(b.fadd(b.load(total), product, flags=LEAVE), total)
        with b.if_then(b.icmp_signed("!=", self.adding, ir.Constant(NUMBER, 0))):
            for total, place in zip(totals, places, strict=True):
                b.store(b.fadd(b.load(total), self._load(place)), total)
        for total, place in zip(totals, places, strict=True):
            self._store(b.load(total), place)
        b.ret_void()

    def _row(self, data: Any, rows: Any, stride: Any, r: int) -> Any:
        """The address of a row, or of the last one."""
        b, last = self.builder, self.builder.sub(rows, ir.Constant(NUMBER, 1))
        number = ir.Constant(NUMBER, r)
        return b.gep(data, [b.mul(b.select(b.icmp_signed("<", number, last), number, last), stride)])

    def _at(self, row: Any, start: Any) -> Any:
        """The address of a vector in a row."""
        return self.builder.bitcast(self.builder.gep(row, [start]), self.vector.as_pointer())

    def _load(self, address: Any) -> Any:
        found = self.builder.load(address)
        found.align = self.size
        return found

    def _store(self, vector: Any, address: Any) -> None:
        self.builder.store(vector, address).align = self.size

    def _repeated(self, number: Any) -> Any:
        """A vector of one number."""
        nothing = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(nothing, number, ir.Constant(INDEX, 0))
        zeros = ir.Constant(ir.VectorType(INDEX, self.vector.count), None)
        return self.builder.shuffle_vector(first, nothing, zeros)


tile, packing_tile = _tile(False), _tile(True)
