"""What threads agree by: numbers that are read, written and changed at once, and a lock to sleep on.

Each is one instruction of LLVM; the locks are those that Python's own threads sleep on, which need no GIL.
"""

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["acquire", "add", "call", "lowest", "peek", "poke", "release", "rest", "swap", "swap_if", "task"]

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
    """Compute one part of a task; tell whether that failed."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.call(builder.inttoptr(args[0], TASK.as_pointer()), args[1:])

    return types.int64(types.int64, types.int64, types.int64, types.int64), generate


def task(loop: Any) -> Any:
    """Return a function of a tuple, for compiled code: the addresses of what `call` calls, and of the tuple.

    The first computes ``loop(part, parts, *given)``; the second is good until the caller returns.
    """

    @intrinsic
    def prepared(context: Any, given: Any) -> Any:
        inner = loop_type.get_call_type(context, (types.intp, types.intp, *given.types), {})

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            compiled = loop.get_compile_result(inner)
            context.active_code_library.add_linking_library(compiled.library)
            data = cgutils.alloca_once_value(builder, args[0])
            name = f"task_{compiled.fndesc.mangled_name}"
            function = builder.module.globals.get(name)
            if function is None:
                function = ir.Function(builder.module, TASK, name)
                function.linkage = "internal"
                _call_loop(context, function, compiled.fndesc, inner, args[0].type)
            addresses = [builder.ptrtoint(x, NUMBER) for x in (function, data)]
            return context.make_tuple(builder, signature.return_type, addresses)

        return types.UniTuple(types.int64, 2)(given), generate

    loop_type = types.Dispatcher(loop)
    return prepared


def _call_loop(context: Any, function: Any, description: Any, inner: Any, given: Any) -> None:
    """The body of a task: take out what the loop is given, and call it."""
    builder = ir.IRBuilder(function.append_basic_block())
    data, part, parts = function.args
    values = builder.load(builder.inttoptr(data, given.as_pointer()))
    unpacked = [_borrowed(builder, builder.extract_value(values, k)) for k in range(len(given.elements))]
    loop = context.declare_function(builder.module, description)
    status, _ = context.call_conv.call_function(builder, loop, inner.return_type, inner.args, [part, parts, *unpacked])
    builder.ret(builder.zext(status.is_error, NUMBER))


def _borrowed(builder: Any, value: Any) -> Any:
    """An array without its count of references, which threads would pass to and fro at every slice."""
    if not isinstance(value.type, ir.LiteralStructType):
        return value
    return builder.insert_value(value, ir.Constant(value.type.elements[0], None), 0)
