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

__all__ = ["BLOCK", "ROWS", "VECTOR", "VECTORS", "fetching_tile", "packing_tile", "take_block", "tile"]

_FEATURES = binding.get_host_cpu_features()
VECTOR = next((size for name, size in (("avx512f", 64), ("avx", 32)) if _FEATURES.get(name)), 16)  # bytes
ROWS = 4 if VECTOR == 32 else 8  # with VECTORS what fits into 16 registers, or 32
VECTORS = 3  # of columns, at most
BLOCK = 2 * ROWS  # rows that are computed with a panel while it is at hand: a line of float32 if vectors are long
NUMBER, ADDRESS, INDEX = ir.IntType(64), ir.IntType(8).as_pointer(), ir.IntType(32)
KINDS = [ADDRESS, NUMBER.as_pointer(), *[NUMBER] * 3, *[ADDRESS] * 3, *[NUMBER] * 6]  # what a tile is given
READ, NEAR, OF_DATA = 0, 3, 1  # how a line is fetched
LEAVE = ("contract", "nsz")  # a product and a sum may be one rounding


def _tile(packing: bool, fetching: bool) -> Any:
    """An intrinsic for `ROWS` rows of ``y = x @ w``, or added to y, one vector of columns wide or more.

    Each matrix comes as a tuple with the row and column where to begin; x has between them an index, which says where
    its rows are in the matrix. Rows that are missing are the last one again. With `packing`, that part of w is copied
    into a panel on the way; with `fetching`, the next rows of x are brought from memory.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x = _indexed(context, builder, signature.args[0], args[0])
        matrices = zip(signature.args[1:-3], args[1:-3], strict=True)
        places = [_place(context, builder, kind, given) for kind, given in matrices]
        w, y, panel = places if packing else (*places, places[0])
        (terms, vectors), adding = args[-3:-1], builder.zext(args[-1], NUMBER)
        addresses = [place[0] for place in (w, y, panel)]
        given = [*x, *addresses, w[1], y[1], panel[1], y[3], terms, adding]
        item = context.get_value_type(signature.args[0][0].dtype)
        for count in range(1, VECTORS + 1):
            with builder.if_then(builder.icmp_signed("==", vectors, ir.Constant(NUMBER, count))):
                builder.call(_function(builder.module, count, packing, fetching, item), given)
        return context.get_dummy_value()

    def tile(context: Any, x: Any, w: Any, y: Any, terms: Any, vectors: Any, adding: Any) -> Any:
        return types.void(x, w, y, types.int64, types.int64, types.boolean), generate

    def packing_tile(context: Any, x: Any, w: Any, y: Any, panel: Any, terms: Any, vectors: Any, adding: Any) -> Any:
        return types.void(x, w, y, panel, types.int64, types.int64, types.boolean), generate

    return intrinsic(packing_tile if packing else tile)


def _indexed(context: Any, builder: Any, kind: Any, given: Any) -> list[Any]:
    """The address of a matrix from a column on, of its index from a row on, its strides, how many rows are left."""
    matrix, index = (context.make_array(kind[k])(context, builder, builder.extract_value(given, k)) for k in range(2))
    row, column = (context.cast(builder, builder.extract_value(given, k), kind[k], types.int64) for k in (2, 3))
    strides = cgutils.unpack_tuple(builder, matrix.strides, 2)
    data = builder.gep(builder.bitcast(matrix.data, ADDRESS), [builder.mul(column, strides[1])])
    return [data, builder.gep(index.data, [row]), *strides, builder.sub(index.nitems, row)]


def _place(context: Any, builder: Any, kind: Any, given: Any) -> Any:
    """The address of an element of a matrix, both strides, and how many rows there are from there on."""
    matrix, *start = (builder.extract_value(given, k) for k in range(3))
    start = [context.cast(builder, n, k, types.int64) for n, k in zip(start, kind.types[1:], strict=True)]
    matrix = context.make_array(kind[0])(context, builder, matrix)
    rows, _ = cgutils.unpack_tuple(builder, matrix.shape, 2)
    strides = cgutils.unpack_tuple(builder, matrix.strides, 2)
    offset = builder.add(*(builder.mul(n, stride) for n, stride in zip(start, strides, strict=True)))
    return builder.gep(builder.bitcast(matrix.data, ADDRESS), [offset]), *strides, builder.sub(rows, start[0])


def _function(module: Any, vectors: int, packing: bool, fetching: bool, item: Any) -> Any:
    """The function of a module that computes a tile, written when it is first asked for."""
    name = f"arraynet_tile_{vectors}_{'packing' if packing else 'fetching' if fetching else 'reading'}_{item}"
    if name not in module.globals:
        function = ir.Function(module, ir.FunctionType(ir.VoidType(), KINDS), name)
        function.linkage = "linkonce_odr"
        function.attributes.add("noinline")
        allow_wide_vectors(function)
        _Writer(function, vectors, item).write(packing, fetching)
    return module.globals[name]


@intrinsic
def take_block(context: Any, x: Any, first: Any, terms: Any, block: Any) -> Any:
    """Copy `BLOCK` rows of x, which lie side by side, to `block`, a row for each of the terms."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        x, terms, block = (context.make_array(signature.args[k])(context, b, args[k]) for k in (0, 2, 3))
        item = context.get_value_type(signature.args[0].dtype)
        rows = ir.VectorType(item, BLOCK).as_pointer()
        (_, stride), size = cgutils.unpack_tuple(b, x.strides, 2), x.itemsize
        start = b.gep(b.bitcast(x.data, ADDRESS), [b.mul(args[1], size)])
        with cgutils.for_range(b, terms.nitems) as loop:
            offset = b.mul(b.load(b.gep(terms.data, [loop.index])), stride)
            found = b.load(b.bitcast(b.gep(start, [offset]), rows))
            place = b.gep(block.data, [b.mul(loop.index, ir.Constant(NUMBER, BLOCK))])
            found.align = b.store(found, b.bitcast(place, rows)).align = item.get_abi_size(context.target_data)
        return context.get_dummy_value()

    return types.void(x, types.int64, terms, block), generate


class _Writer:
    """Writes a tile's function."""

    def __init__(self, function: Any, vectors: int, item: Any) -> None:
        self.builder = ir.IRBuilder(function.append_basic_block())
        self.x, self.x_rows, self.x_row, self.x_term, self.rows, *given = function.args
        self.w, self.y, self.panel, self.w_row, self.y_row, self.panel_row, self.y_rows, *given = given
        self.terms, self.adding = given
        self.item, self.size = item, 4 if isinstance(item, ir.FloatType) else 8
        self.vector = ir.VectorType(item, VECTOR // self.size)
        self.starts = [ir.Constant(NUMBER, v * VECTOR) for v in range(vectors)]

    def write(self, packing: bool, fetching: bool) -> None:
        b = self.builder
        x_rows = [self._indexed(r) for r in range(ROWS)]
        ahead = cgutils.alloca_once(b, ADDRESS, ROWS)
        for r in range(ROWS) if fetching else ():
            b.store(self._indexed(ROWS + r), b.gep(ahead, [ir.Constant(NUMBER, r)]))
        y_rows = [b.gep(self.y, [b.mul(self._number(r, self.y_rows), self.y_row)]) for r in range(ROWS)]
        places = [self._at(row, start) for row in y_rows for start in self.starts]
        totals = [cgutils.alloca_once_value(b, ir.Constant(self.vector, None)) for _ in places]
        with cgutils.for_range(b, self.terms) as loop:
            row = b.gep(self.w, [b.mul(loop.index, self.w_row)])
            factors = [self._load(self._at(row, start)) for start in self.starts]
            if packing:
                copy = b.gep(self.panel, [b.mul(loop.index, self.panel_row)])
                for factor, start in zip(factors, self.starts, strict=True):
                    self._store(factor, self._at(copy, start))
            offset = b.mul(loop.index, self.x_term)
            if fetching:  # of one row after the other what has the place of this term, and thus of all in its line
                row = b.load(b.gep(ahead, [b.and_(loop.index, ir.Constant(NUMBER, ROWS - 1))]))
                self._fetch(b.gep(row, [offset]))
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

    def _indexed(self, r: int) -> Any:
        """The address of a row of x, which is where the index says."""
        b = self.builder
        return b.gep(self.x, [b.mul(b.load(b.gep(self.x_rows, [self._number(r, self.rows)])), self.x_row)])

    def _fetch(self, address: Any) -> None:
        """Have a line brought from memory, as if it was read, without waiting for it."""
        kind = ir.FunctionType(ir.VoidType(), [ADDRESS, *[INDEX] * 3])
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0i8")
        self.builder.call(function, [address, *(ir.Constant(INDEX, n) for n in (READ, NEAR, OF_DATA))])

    def _number(self, r: int, rows: Any) -> Any:
        """The number of a row, or of the last one."""
        b, number = self.builder, ir.Constant(NUMBER, r)
        last = b.sub(rows, ir.Constant(NUMBER, 1))
        return b.select(b.icmp_signed("<", number, last), number, last)

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


tile, fetching_tile, packing_tile = _tile(False, False), _tile(False, True), _tile(True, True)
