"""GradientTape, with TensorFlow's behaviour; every other derivative here is a tape underneath."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from typing import Any

from arraynet.autodiff.reverse import Node, backward
from arraynet.checks import choice
from arraynet.observers import OBSERVERS, Observer
from arraynet.operators import OPS
from arraynet.plugins import use_backend
from arraynet.tensor import Tensor, as_tensor
from arraynet.tree import flatten, unflatten
from arraynet.variable import Variable

__all__ = ["GradientTape", "Tape", "tapes_paused", "tell_tapes", "with_zeros"]


class Tape(Observer):
    """A list of nodes that depend on something watched."""

    def __init__(self, watch_variables: bool = True) -> None:
        self.nodes: list[Node] = []
        self.reached: set[int] = set()
        self.reads: dict[int, tuple[Variable, list[int]]] = {}
        self._watch_variables = watch_variables

    def watch(self, x: Any) -> None:
        """Record what is computed from a floating Tensor or Variable."""
        if not isinstance(x, Tensor | Variable):
            raise TypeError(f"A tape watches Tensors and Variables, received {type(x).__name__}: ops.array(x).")
        if x.dtype.kind != "f":
            raise TypeError(f"Only floating values have gradients, received dtype {x.dtype}. Cast it first.")
        if isinstance(x, Variable):
            self._add_read(x, x._value)
        else:
            self.reached.add(x.id)

    def _add_read(self, variable: Variable, value: Tensor) -> None:
        ids = self.reads.setdefault(id(variable), (variable, []))[1]
        if value.id not in ids:
            ids.append(value.id)
            self.reached.add(value.id)

    def read(self, variable: Variable, value: Tensor) -> None:
        automatic = self._watch_variables and variable.trainable and value.dtype.kind == "f"
        if automatic or id(variable) in self.reads:
            self._add_read(variable, value)

    def record(self, op: Any, inputs: tuple[Any, ...], static: dict[str, Any], outputs: Any) -> None:
        if not op.rules:
            return
        for i in inputs:
            if type(i) is Tensor and i.id in self.reached:
                break
        else:
            return
        self.nodes.append(Node(op, inputs, static, outputs))
        for y in outputs if type(outputs) is tuple else (outputs,):
            if y.dtype.kind == "f":
                self.reached.add(y.id)

    def ids(self, source: Any) -> list[int]:
        """Return the Tensor ids that stand for a source: all values that a Variable had when it was read."""
        if isinstance(source, Variable):
            return self.reads[id(source)][1] if id(source) in self.reads else []
        return [source.id] if source.id in self.reached else []

    def pull(self, targets: list[Any], seeds: list[Any], sources: list[Any], free: bool) -> list[Tensor | None]:
        """Return the gradients of targets, weighted by seeds (None: ones), for each source."""
        if len(seeds) != len(targets):
            raise ValueError(f"{len(targets)} outputs need as many output gradients, received {len(seeds)}.")
        grads: dict[int, Tensor] = {}
        for target, seed in zip(targets, seeds, strict=True):
            g = _seed(target, seed)
            for key in self.ids(target)[-1:]:
                grads[key] = OPS["add"](grads[key], g) if key in grads else g
        ids = [self.ids(source) for source in sources]
        backward(self.nodes, grads, {i for group in ids for i in group}, free)
        found = [[grads[i] for i in group if i in grads] for group in ids]
        return [reduce(OPS["add"], group) if group else None for group in found]

    def jacobian(self, target: Any, sources: list[Any]) -> list[Tensor | None]:
        """Return the derivatives of each element of one target, of shape target.shape + source.shape."""
        size, shape = target.size, target.shape
        eye = OPS["reshape"](OPS["eye"](size, dtype=target.dtype.name), (size, *shape))
        rows = [self.pull([target], [eye[i]], sources, free=False) for i in range(size)]
        columns = zip(*rows, strict=True) if rows else [()] * len(sources)
        return [_stacked(column, shape, source) for column, source in zip(columns, sources, strict=True)]


def _seed(target: Any, seed: Any) -> Tensor:
    g: Tensor = OPS["ones_like"](target) if seed is None else as_tensor(seed, target.backend, target.dtype.name)
    if g.shape != target.shape:
        raise ValueError(f"An output gradient has shape {g.shape}, its output {target.shape}; they must agree.")
    return g


def _stacked(column: Sequence[Any], shape: tuple[int, ...], source: Any) -> Tensor | None:
    if all(g is None for g in column):
        return None
    rows = [OPS["zeros_like"](source) if g is None else g for g in column]
    return OPS["reshape"](OPS["stack"](rows), (*shape, *source.shape))  # type: ignore[no-any-return]


class GradientTape:
    """Record operations for automatic differentiation.

    Trainable Variables that are read inside the context are watched by themselves; Tensors only after
    `watch`. Tapes nest, which gives higher derivatives.

    Parameters
    ----------
    persistent : bool
        Whether `gradient` can be called more than once.
    watch_accessed_variables : bool
        Whether trainable Variables are watched by themselves.

    Examples
    --------
    >>> import arraynet
    >>> x = arraynet.Variable(0.0)
    >>> with arraynet.GradientTape() as tape:
    ...     y = 2 * x + 3
    >>> tape.gradient(y, x)
    Tensor(2., dtype=float32, backend=numpy)
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent, self._watching = persistent, watch_accessed_variables
        self._tape = Tape(watch_accessed_variables)
        self._used = False

    def __enter__(self) -> "GradientTape":
        if self._recording():
            raise RuntimeError("This GradientTape is recording already; nested contexts need a tape each.")
        if self._used and not self._persistent:
            self.reset()
        self._tape.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._tape.stop()

    def _recording(self) -> bool:
        return self._tape in OBSERVERS.get()

    def watch(self, tensor: Any) -> None:
        """Watch a floating Tensor or Variable, or a nested structure of them."""
        for leaf in flatten(tensor):
            self._tape.watch(leaf)

    def watched_variables(self) -> tuple[Variable, ...]:
        """Return the Variables that were read and watched, in order of their first reading."""
        return tuple(variable for variable, _ in self._tape.reads.values())

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Leave what runs inside unrecorded."""
        if not self._recording():
            raise RuntimeError("stop_recording() is for the inside of the tape's context; it is not recording.")
        self._tape.stop()
        try:
            yield
        finally:
            if self._persistent or not self._used:
                self._tape.start()

    def reset(self) -> None:
        """Forget all that was recorded."""
        recording = self._recording()
        self._tape.stop()
        self._tape, self._used = Tape(self._watching), False
        if recording:
            self._tape.start()

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """Return the derivatives of a target with respect to sources, in the sources' structure.

        Parameters
        ----------
        target : Tensor, or nested structure of Tensors
            What is differentiated; one that is no scalar is summed.
        sources : Tensor or Variable, or nested structure of them
            With respect to what.
        output_gradients : like target, optional
            Weights of the target's elements instead of ones.
        unconnected_gradients : {"none", "zero"}
            What stands for a source that the target does not depend on.

        Raises
        ------
        TypeError
            The target or a source is no Tensor or Variable.
        RuntimeError
            The tape is not persistent and was used before.
        """
        leaves, targets = _tensors(sources, "sources"), _tensors(target, "target")
        if not targets:
            raise ValueError("gradient() needs a target, received an empty structure.")
        self._use(unconnected_gradients)
        seeds = [None] * len(targets) if output_gradients is None else flatten(output_gradients)
        with use_backend(targets[0].backend):
            grads = self._tape.pull(targets, seeds, leaves, free=not self._persistent)
        return unflatten(sources, grads if unconnected_gradients == "none" else with_zeros(grads, leaves))

    def jacobian(self, target: Any, sources: Any, unconnected_gradients: str = "none") -> Any:
        """Return the derivatives of each element of one target, in the sources' structure.

        Parameters
        ----------
        target : Tensor
            What is differentiated.
        sources, unconnected_gradients
            As for `gradient`.

        Returns
        -------
        Tensor, or nested structure of Tensors
            Each of shape ``target.shape + source.shape``.

        Raises
        ------
        ValueError
            There is more than one target.
        RuntimeError
            As for `gradient`.
        """
        leaves, targets = _tensors(sources, "sources"), _tensors(target, "target")
        if len(targets) != 1:
            raise ValueError(f"jacobian() needs one target, received {len(targets)}: ask a persistent tape for each.")
        only = targets[0]
        self._use(unconnected_gradients)
        with use_backend(only.backend):
            grads = self._tape.jacobian(only, leaves)
        return unflatten(sources, grads if unconnected_gradients == "none" else with_zeros(grads, leaves, only.shape))

    def _use(self, unconnected: str) -> None:
        choice("unconnected_gradients", unconnected, ("none", "zero"))
        if self._used and not self._persistent:
            raise RuntimeError(
                "A non-persistent GradientTape gives its gradients once. "
                "Use GradientTape(persistent=True) for more, or put the targets into one call."
            )
        self._used = True
        if not self._persistent:
            self._tape.stop()


def _tensors(structure: Any, what: str) -> list[Any]:
    leaves = flatten(structure)
    for leaf in leaves:
        if not isinstance(leaf, Tensor | Variable):
            raise TypeError(
                f"A gradient needs Tensors and Variables as {what}, received {type(leaf).__name__}; "
                f"a NumPy array or number leaves no trace on the tape."
            )
    return leaves


def with_zeros(grads: list[Any], sources: list[Any], shape: tuple[int, ...] = ()) -> list[Any]:
    """Return gradients with zeros for those that are None; `shape` is the target's, before each source's."""
    return [_zeros(s, shape) if g is None else g for g, s in zip(grads, sources, strict=True)]


def _zeros(source: Any, shape: tuple[int, ...]) -> Any:
    zeros = OPS["zeros_like"](source)
    return OPS["broadcast_to"](zeros, (*shape, *source.shape)) if shape else zeros


@contextmanager
def tapes_paused() -> Iterator[None]:
    """Hide what runs inside from every tape, though not from a capture."""
    token = OBSERVERS.set(tuple(o for o in OBSERVERS.get() if not isinstance(o, Tape)))
    try:
        yield
    finally:
        OBSERVERS.reset(token)


def tell_tapes(op: Any, inputs: tuple[Any, ...], outputs: Any) -> None:
    """Give the tapes one record in the place of what was hidden from them."""
    for observer in OBSERVERS.get():
        if isinstance(observer, Tape):
            observer.record(op, inputs, {}, outputs)
