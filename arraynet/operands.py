"""What an op is given, made ready for it: Tensors of one backend, weak scalars, and numbers of the host.

Where a host array comes in without a copy, no result may share its memory: its caller may write into it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from arraynet import dtypes
from arraynet.backend import Backend, share
from arraynet.dtypes import host_array
from arraynet.observers import OBSERVERS
from arraynet.plugins import current
from arraynet.tensor import Tensor, as_tensor, mixed, stacked
from arraynet.variable import Variable

__all__ = ["OWN", "REDRAWN", "WEAK", "Borrowed", "HostScalar", "backend_of", "described", "entered", "operands", "part",
           "placed"]  # fmt: skip

OWN = (Tensor, Variable)
WEAK = (bool, int, float)  # what decides no dtype's width


class HostScalar:
    """A number that the host makes anew at every replay: a learning rate, a random stream's counter.

    Parameters
    ----------
    source : callable
        Called with no arguments before each replay; it returns the number, or a dict that holds it.
    value : int or float
        Its present value.
    key : str, optional
        Where the number is in the source's dict.
    """

    __slots__ = ("key", "source", "value")

    def __init__(self, source: Callable[[], Any], value: Any, key: str | None = None) -> None:
        self.source, self.value, self.key = source, value, key


# Draws that a second run of the same computation makes again, in their order, instead of new ones.
REDRAWN: ContextVar[Iterator[HostScalar] | None] = ContextVar("arraynet_redrawn", default=None)


class Borrowed(Tensor):
    """A Tensor on a host array that the caller may write into: no result shares its memory, no observer keeps it."""

    __slots__ = ()


def operands(*args: Any) -> tuple[Tensor, ...]:
    """Return arguments as Tensors of one backend, that of the first that has one.

    Floats of the host take the dtype of the first floating Tensor, as they do in an op; without one, lists and
    numbers take that of the floating arrays beside them.
    """
    args = tuple(map(stacked, args))
    backend = backend_of(args)
    if all(type(a) is Tensor for a in args):
        return args
    inputs = [host_array(a) if (i := entered(a, backend)) is None or type(i) in WEAK else i for a in args]
    return placed(inputs, args, backend)


def backend_of(args: Sequence[Any]) -> Backend:
    """Return the backend of the Tensors and Variables, else the current one."""
    found = [a.backend for a in args if isinstance(a, OWN)]
    for other in found:
        if other is not found[0]:
            raise ValueError(mixed(found[0], other))
    return found[0] if found else current()


def entered(a: Any, backend: Backend) -> Any:
    """Return one argument as a Tensor, a Python scalar, None, or a host array."""
    if isinstance(a, Variable):
        return a.read()
    if a is None or type(a) is Tensor or type(a) in WEAK or isinstance(a, Tensor | HostScalar):
        return a
    if isinstance(a, np.generic):
        return host_array(a).item()
    if not isinstance(a, np.ndarray) and isinstance(a, backend.array_types):
        return as_tensor(a, backend, copy=False)
    return host_array(a)


def placed(inputs: list[Any], args: Sequence[Any], backend: Backend) -> tuple[Any, ...]:
    """Return inputs with Tensors for host arrays; `args` tell which had dtypes, and which were lists or numbers."""
    made = Tensor if OBSERVERS.get() else Borrowed
    floating = next((i.dtype for i in inputs if type(i) is Tensor and i.dtype.kind == "f"), None)
    for k, (i, a) in enumerate(zip(inputs, args, strict=True)):
        if isinstance(i, np.ndarray):
            kind = floating if floating and i.dtype.kind == "f" else dtypes.resolve(a, i, args)
            inputs[k] = made(as_tensor(i, backend, kind.name, copy=made is Tensor and "K").array, backend)
    return tuple(inputs)


def part(tensors: Iterable[Any], hosts: Iterable[Any]) -> None:
    """Copy what Tensors, and the logits that they remember, share with host arrays that the caller may write into."""
    for t in [t for made in tensors if isinstance(made, Tensor) for t in (made, *(made.logits or ())[:1])]:
        if isinstance(t, Tensor) and any(share(t.array, x) for x in hosts):
            t.array, t.__class__ = np.array(t.array), Tensor


def described(x: Any) -> str:
    """Return what an op was given, for messages: dtype and shape of a Tensor, all else as it is."""
    return f"{x.dtype} of shape {x.shape}" if isinstance(x, Tensor) else repr(x)
