"""`jit`: capture a function once per signature, then replay it without Python's overhead.

Where a function turns out to be uncapturable, the capturing run simply goes on to its end, and the
function runs eagerly from then on, with the same numbers; nothing runs twice.
"""

from collections.abc import Callable, Sequence
from functools import reduce, update_wrapper
from gc import get_referents
from sys import modules
from types import MethodType
from typing import Any

import numpy as np

from arraynet import config
from arraynet.backend import Backend
from arraynet.checks import warn
from arraynet.observers import OBSERVERS, latest_version
from arraynet.plugins import current
from arraynet.program.capture import Capture
from arraynet.program.host import HOST_PASSES, HostProgram
from arraynet.program.passes import optimise
from arraynet.program.program import Program, interpret
from arraynet.program.replay import TAKEN, Entry, replay
from arraynet.program.signature import NESTED, kind_of
from arraynet.program.trace import UncapturableError
from arraynet.rows import Rows, gathered
from arraynet.tensor import Tensor, as_tensor
from arraynet.threads import new_lock
from arraynet.tree import flatten, map_structure, unflatten
from arraynet.turns import Turns, note_writer
from arraynet.variable import Variable

__all__ = ["Jitted", "jit"]

MANY = 8  # captures of one function, after which a changing Python argument is suspected
_EAGER = object()  # in the place of an entry


def jit(f: Callable[..., Any]) -> "Jitted":
    """Return `f`, captured at its first call with each signature and replayed from then on.

    A signature is what the call was given, by shape and dtype, Python values by themselves, sets and dataclasses by
    what they hold, too; the backend; and the settings of every layer, optimizer and loss that took part. Variables
    that `f` reads and assigns are read and assigned at every replay. Under a tape, or within another captured
    function, `f` runs as it stands. Captured or not, it is given Tensors for arrays. All else that Python does in
    `f` is done at the capture and not at a replay: keep what changes in Variables, not in attributes, and draw with
    `arraynet.random`, not with NumPy's. Lists, tuples and dicts that it returns are new in every call; other
    objects, sets and NumPy arrays among them, are those of the capture.

    Parameters
    ----------
    f : callable
        A function in ops of Tensors, arrays, and nested structures of them; a method is captured for each object.

    Returns
    -------
    Jitted
        Called like `f`; its `programs` can be looked at.

    Raises
    ------
    TypeError
        `f` cannot be called.

    Examples
    --------
    >>> import arraynet
    >>> double = arraynet.jit(lambda x: 2 * x)
    >>> double(arraynet.ops.array([1.0, 2.0]))
    Tensor([2., 4.], dtype=float32, backend=numpy)
    >>> double.captures
    1
    """
    if not callable(f):
        raise TypeError(f"jit captures a function, received {f!r}: write jit(f)(x), or @jit above the function.")
    return Jitted(f)


class Jitted:
    """A captured function; see `jit`."""

    def __init__(self, f: Callable[..., Any]) -> None:
        update_wrapper(self, f)
        self.function = f
        self.captures, self.reason, self._lock = 0, "", new_lock()  # held by the thread that writes into Variables
        self.takes_rows = False  # whether some input may be `Rows`
        self._entries: dict[Any, Any] = {}

    def __reduce__(self) -> Any:
        path = getattr(self, "__qualname__", "").split(".")  # a decorated function is found by its name, as any is
        found: Any = reduce(lambda at, name: getattr(at, name, None), path, modules.get(self.__module__))
        return self.__qualname__ if found is self else (Jitted, (self.function,))  # programs stay with this very object

    @property
    def programs(self) -> list[Program]:
        """The programs captured so far."""
        return [e.program for e in self._entries.values() if isinstance(e, Entry)]

    def __repr__(self) -> str:
        eager = f", runs eagerly: {self.reason}" if self.reason else ""
        return f"<jitted {getattr(self, '__name__', 'function')}, captures: {self.captures}{eager}>"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        settings = config.numerics()
        leaves: Sequence[Any] = args
        kinds, form = [*map(kind_of, args)], ""
        if kwargs or NESTED in kinds:
            leaves, form = flatten([args, kwargs]), str(map_structure(lambda leaf: None, [args, kwargs]))
            kinds = [*map(kind_of, leaves)]
        backend = next((leaf.backend for leaf in leaves if isinstance(leaf, (Tensor, Variable))), None) or current()
        key = (backend.name, settings, form, *kinds)
        entry = _EAGER if OBSERVERS.get() or settings[0] == "eager" else self._entries.get(key)
        if isinstance(entry, Entry) and entry.holds():
            return replay(entry, leaves)
        leaves, tensor = [*map(gathered, leaves)], as_tensor if entry is _EAGER else _own
        arrays = tuple({Tensor, np.ndarray, *current().array_types} - {np.generic})
        full = [tensor(x, getattr(x, "backend", backend)) if isinstance(x, arrays) else x for x in leaves]
        args, kwargs = unflatten([args, kwargs], full)
        return self.function(*args, **kwargs) if entry is _EAGER else self._capture(key, backend, args, kwargs, leaves)

    def _capture(self, key: Any, backend: Backend, args: Any, kwargs: Any, leaves: Sequence[Any]) -> Any:
        tensors = {k: t for k, t in enumerate(flatten([args, kwargs])) if isinstance(t, Tensor)}
        capture = Capture([*tensors.values()], leaves)
        try:
            result = capture.during(lambda: self.function(*args, **kwargs), ())
        except BaseException:
            capture.part()  # it may have kept some and then failed
            raise
        if not capture.makes:  # a layer is built or slots are made now, and the next call is captured
            inputs = [(k, t.dtype.name, np.ndarray if t.array is leaves[k] else None) for k, t in tensors.items()]
            entry = self._entries[key] = self._entry(capture, result, backend, inputs)
            self.takes_rows |= entry is not _EAGER and any(own is Rows for *_, own in entry.inputs)
            self._count(leaves)
            if entry is not _EAGER and getattr(entry.run, "rounds", False):
                for variable, value in (r for r in capture.reads.values() if id(r[0]) in capture.writes):
                    variable.put(value)  # others may be another thread's, which has gone on
                result = replay(entry, leaves, [number.example for number in entry.program.host_values()])
        capture.part()
        return result

    def _entry(self, capture: Capture, result: Any, backend: Backend, inputs: list[Any]) -> Any:
        """A replayable entry, or the mark that the function stays eager, with one line in the log."""
        if not capture.reason:
            try:
                return _lowered(capture, result, backend, inputs, self._lock)
            except UncapturableError as error:
                capture.fail(str(error))
        if capture.reason != self.reason:
            from logging import getLogger  # slow to import

            getLogger("arraynet").info("%s runs eagerly: %s.", getattr(self, "__name__", "a function"), capture.reason)
        self.reason = capture.reason
        return _EAGER

    def _count(self, leaves: Sequence[Any]) -> None:
        self.captures += 1
        if self.captures == MANY and not all(isinstance(leaf, Tensor | np.ndarray | None) for leaf in leaves):
            warn(
                f"{getattr(self, '__name__', 'A function')} was captured {MANY} times. A Python number or object among "
                f"its arguments is part of its signature; pass a number that changes as a Tensor, and the same object."
            )


def _own(x: Any, backend: Backend) -> Tensor:
    """A Tensor of this call alone: a caller's own may be given twice, closed over, or a Variable's value."""
    tag = getattr(x, "logits", None)
    return Tensor(as_tensor(x, backend, copy=False).array, backend, tag and (_own(tag[0], backend), tag[1]))


def _lowered(capture: Capture, result: Any, backend: Backend, inputs: list[Any], lock: Any) -> Entry:
    tensors = [leaf for leaf in flatten(result) if isinstance(leaf, Tensor)]
    others = [getattr(leaf, "__dict__", leaf) for leaf in flatten(result) if not isinstance(leaf, Tensor | Variable)]
    if any(isinstance(held, Tensor) for held in get_referents(*others)):
        raise UncapturableError("it returns a Tensor within an object")
    behind = [t.logits for t in tensors]
    hidden = [tag[0] for tag in behind if tag and isinstance(tag[0], Tensor)]
    program = optimise(capture.program([*tensors, *hidden], backend))
    layouts = [getattr(value.example, "strides", None) for _, value in program.variables]  # before they are forgotten
    places = iter(range(len(tensors), len(tensors) + len(hidden)))
    run = _runner(program)
    rows = getattr(run, "row_inputs", ())  # which inputs may be `Rows`, and mostly are
    program.forget()
    variables, targets = ([variable for variable, _ in x] for x in (program.variables, program.updates))
    note_writer(lock, written := targets if hasattr(run, "in_place") else [])
    return Entry(
        program=program,
        run=run,
        result=map_structure(lambda leaf: TAKEN if isinstance(leaf, Tensor) else leaf, result),
        logits=[(next(places), tag[1]) if tag and isinstance(tag[0], Tensor) else None for tag in behind],
        guards=[(configured, configured._version) for configured in capture.configured.values()],
        checked=latest_version(),
        inputs=[(k, name, Rows if own and n in rows else own) for n, (k, name, own) in enumerate(inputs)],
        variables=variables,
        targets=targets,
        in_place=getattr(run, "in_place", [False] * len(program.updates)),
        spares=[None] * len(program.updates),
        layouts=layouts,
        turns=Turns(lock if written else new_lock(), [*variables, *targets]),
    )


def _runner(program: Program) -> Any:
    """What replays a program: the backend's own, else the one for host arrays, else an interpreter."""
    compiled = program.backend.compile_program(program) if config.kernels() == "fused" else NotImplemented
    if compiled is not NotImplemented:
        return compiled
    if np.ndarray not in program.backend.array_types:
        return interpret(program)
    for run in HOST_PASSES:
        run(program)
    return HostProgram(program)
