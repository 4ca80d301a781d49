"""What threads agree by: numbers that are read, written and changed at once, and a lock to sleep on.

Each is one instruction of LLVM; the locks are those that Python's own threads sleep on, which need no GIL.
"""

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["acquire", "add", "call", "lowest", "peek", "poke", "release", "rest", "stored", "swap", "swap_if",
           "unpacked"]  # fmt: skip

NUMBER, ADDRESS = ir.IntType(64), ir.IntType(8).as_pointer()
TASK = ir.FunctionType(NUMBER, [NUMBER] * 3)  # of an address of data, a part and the number of parts
ORDER = "seq_cst"


def _place(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """The address of an element of an array, the first two arguments."""
    return builder.gep(context.make_array(signature.args[0])(context, builder, args[0]).data, [args[1]])


@intrinsic
def peek(context: Any, x: Any, i: Any) -> Any:
    """Read a number that others write."""

    def generate(*given: Any) -> Any:
        return given[1].load_atomic(_place(*given), ORDER, 8)

    return types.int64(x, types.intp), generate


@intrinsic
def poke(context: Any, x: Any, i: Any, value: Any) -> Any:
    """Write a number that others read; all that was written before is there by then."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[2], _place(context, builder, signature, args), ORDER, 8)
        return context.get_dummy_value()

    return types.void(x, types.intp, types.int64), generate


def _changing(operation: str) -> Any:
    """Change a number and return what it was."""

    def generate(*given: Any) -> Any:
        return given[1].atomic_rmw(operation, _place(*given), given[3][2], ORDER)

    return intrinsic(lambda context, x, i, value: (types.int64(x, types.intp, types.int64), generate))


add, swap = _changing("add"), _changing("xchg")


@intrinsic
def swap_if(context: Any, x: Any, i: Any, expected: Any, value: Any) -> Any:
    """Write a number if it is still the expected one, and tell whether it was."""

    def generate(*given: Any) -> Any:
        done = given[1].cmpxchg(_place(*given), *given[3][2:], ORDER, ORDER)
        return given[1].extract_value(done, 1)

    return types.boolean(x, types.intp, types.int64, types.int64), generate


@intrinsic
def lowest(context: Any, bits: Any) -> Any:
    """The place of the lowest bit that is set."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


@intrinsic
def rest(context: Any) -> Any:
    """Let the core do less for a moment: what waits in a loop would take from whom it waits for."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if platform.machine().lower() in ("x86_64", "amd64"):
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.void(), generate


def _lock(symbol: str, kind: Any, *more: Any) -> Any:
    """A function of Python's C interface on the lock at an address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, [ADDRESS, *(m.type for m in more)]), symbol
        )
        builder.call(function, [builder.inttoptr(args[0], ADDRESS), *more])
        return context.get_dummy_value()

    return intrinsic(lambda context, lock: (types.void(types.int64), generate))


acquire = _lock("PyThread_acquire_lock", ir.IntType(32), ir.Constant(ir.IntType(32), 1))
release = _lock("PyThread_release_lock", ir.VoidType())


@intrinsic
def call(context: Any, function: Any, data: Any, part: Any, parts: Any) -> Any:
    """Compute one part of a task; tell whether that went well."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.call(builder.inttoptr(args[0], TASK.as_pointer()), args[1:])

    return types.int64(types.int64, types.int64, types.int64, types.int64), generate


def stored(kinds: Any) -> Any:
    """Return a function of a tuple, for compiled code: the address of a copy, good until the caller returns.

    What the tuple holds must be of these kinds, since whoever reads it will not ask.
    """
    expected = _types(kinds)

    @intrinsic
    def store(context: Any, given: Any) -> Any:
        fitting = len(given) == len(expected) and all(map(_fits, given, expected))
        if not fitting:
            raise TypeError(f"A loop was compiled for {expected} and is given {given}.")

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.ptrtoint(cgutils.alloca_once_value(builder, args[0]), NUMBER)

        return types.int64(given), generate

    return store


def unpacked(kinds: Any) -> Any:
    """Return a function of an address, for compiled code: the tuple that was stored there."""
    expected = _types(kinds)

    @intrinsic
    def load(context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            values = builder.load(builder.inttoptr(args[0], context.get_value_type(expected).as_pointer()))
            return context.make_tuple(builder, expected, _borrowed(builder, values, len(expected)))

        return expected(types.int64), generate

    return load


def _types(kinds: Any) -> Any:
    """The type of a tuple of numbers, given by their dtypes, and of arrays: dtype, dimensions, layout."""
    names = {"bool": "boolean"}
    made = [(kind, ()) if isinstance(kind, str) else (kind[0], kind[1:]) for kind in kinds]
    made = [(getattr(types, names.get(dtype, dtype)), rest) for dtype, rest in made]
    return types.Tuple([types.Array(dtype, *rest) if rest else dtype for dtype, rest in made])


def _fits(given: Any, expected: Any) -> bool:
    if not isinstance(expected, types.Array):
        return bool(given == expected)
    alike = isinstance(given, types.Array) and (given.dtype, given.ndim) == (expected.dtype, expected.ndim)
    return alike and expected.layout in ("A", given.layout)


def _borrowed(builder: Any, values: Any, count: int) -> list[Any]:
    """The elements of a tuple; arrays without their counts of references, which threads would pass to and fro."""
    elements = [builder.extract_value(values, k) for k in range(count)]
    return [
        builder.insert_value(x, ir.Constant(x.type.elements[0], None), 0)
        if isinstance(x.type, ir.LiteralStructType)
        else x
        for x in elements
    ]
