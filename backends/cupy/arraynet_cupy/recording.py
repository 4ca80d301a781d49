"""What can be recorded into a CUDA graph, and how that is done.

While a stream is captured nothing may wait for the device, and nothing may read memory of the host, which is read when
the graph is launched and not before.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import cupy

from arraynet_cupy.copies import Numbers
from arraynet_cupy.expressions import ELEMENTWISE
from arraynet_cupy.products import WORKSPACE, UnrecordableError, recorded

__all__ = ["FEW_KERNELS", "UnrecordableError", "kinds", "reason", "record", "where"]

FEW, FEW_KERNELS = 3, "it has few kernels"  # to launch which is no trouble
HOST = frozenset(f"host.{name}" for name in ("add", "subtract", "multiply", "divide", "negative"))  # of its numbers
DRAWING = frozenset(("random_words", "random_normals"))
READING = HOST | DRAWING | {"group", "group.reduce", "group.merged"}  # numbers of the host, also on the device
QUEUEING = READING | ELEMENTWISE | frozenset((
    "matmul", "reshape", "permute_dims", "matrix_transpose", "expand_dims", "squeeze", "broadcast_to", "getitem",
    "moveaxis", "flip", "sum", "prod", "max", "min", "mean", "any", "all", "argmax", "argmin", "take",
    "take_along_axis", "concat", "stack", "tril", "triu", "index_add", "zeros_like", "ones_like", "full_like",
    "kernel.softmax", "kernel.log_softmax", "kernel.softmax_crossentropy", "kernel.sparse_softmax_crossentropy",
    "kernel.layer_normalization", "kernel.batch_normalization",
))  # do nothing but queue kernels  # fmt: skip
JOINING, FEW_TO_JOIN = ("concat", "stack"), 8  # of more arrays CuPy uploads a table
_LOCK = threading.Lock()  # there is one handle of cuBLAS, and one workspace for all graphs of a stream
_WORKSPACES: dict[tuple[int, int], Any] = {}


def reason(program: Any) -> str:
    """Return why a program cannot be recorded, or need not be; empty if it should."""
    unknown = {i.name for i in program.instructions} - QUEUEING
    unknown |= {i.name for i in program.instructions if i.name in JOINING and len(i.inputs()) > FEW_TO_JOIN}
    if unknown:
        return f"{', '.join(sorted(unknown))} may wait for the device, or read memory of the host"
    numbers = {v.index for v in program.host_values()}
    numbers |= {v.index for i in program.instructions if i.name in HOST for v in i.outs}
    others = [i for i in program.instructions if i.name not in READING]
    taking = {i.name for i in others if not numbers.isdisjoint(v.index for v in i.inputs())}
    if taking or len(numbers) > Numbers.LIMIT:
        return f"{', '.join(sorted(taking)) or 'too much'} takes numbers of the host"
    return "" if len(program.instructions) > FEW else FEW_KERNELS


def kinds(program: Any) -> list[str]:
    """Return the dtypes in which kernels read numbers of the host: int64 for places in random streams, else float64."""
    counted: set[int] = set()
    for i in reversed(program.instructions):
        if i.name in DRAWING or (i.name in HOST and not counted.isdisjoint(v.index for v in i.outs)):
            counted |= {v.index for v in i.inputs()}
    return ["int64" if v.index in counted else "float64" for v in program.host_values()]


def record(stream: Any, body: Callable[[], list[Any]]) -> tuple[Callable[[], None], list[Any]]:
    """Run what queues kernels once, so that all are compiled and loaded, and once more into a graph.

    Returns
    -------
    launch : callable
        Runs the kernels again, on the current stream.
    outputs : list of array
        What `body` returned; holds its results after every launch.
    """
    workspace = _workspace(where())
    with _LOCK, stream, recorded(stream, workspace):
        body()
        stream.synchronize()
        stream.begin_capture()
        try:
            outputs = body()
        except BaseException:
            with suppress(RuntimeError):  # of a recording that is invalid
                stream.end_capture()
            raise
        graph = stream.end_capture()
    return graph.launch, outputs


def where() -> tuple[int, int]:
    """Return the current device and stream."""
    return cupy.cuda.runtime.getDevice(), cupy.cuda.get_current_stream().ptr


def _workspace(at: tuple[int, int]) -> Any:
    """Scratch memory for the products of all graphs that are launched on one stream."""
    if at not in _WORKSPACES:
        with cupy.cuda.using_allocator():  # of nobody's pool
            _WORKSPACES[at] = cupy.empty(WORKSPACE, "uint8")
    return _WORKSPACES[at]
