"""GradientTape, with TensorFlow's behaviour; every other derivative here is a tape underneath."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Token
from typing import Any

from arraynet.autodiff.reverse import Node, backward
from arraynet.observers import OBSERVERS, Observer
from arraynet.operators import OPS
from arraynet.plugins import use_backend
from arraynet.tensor import Tensor, Variable, as_tensor
from arraynet.tree import flatten, unflatten

__all__ = ["GradientTape", "Tape", "tapes_paused", "tell_tapes"]


class Tape(Observer):
    """A list of nodes that depend on something watched."""

    def __init__(self, watch_variables: bool = True) -> None:
        self.nodes: list[Node] = []
        self.reached: set[int] = set()
        self.reads: dict[int, tuple[Variable, list[int]]] = {}
        self._watch_variables = watch_variables
        self._token: Token[Any] | None = None

    def start(self) -> None:
        """Begin to record."""
        self._token = OBSERVERS.set((*OBSERVERS.get(), self))

    def stop(self) -> None:
        """Cease to record."""
        if self._token is not None:
            OBSERVERS.set(tuple(o for o in OBSERVERS.get() if o is not self))
            self._token = None

    def recorded(self, f: Callable[..., Any], args: Any) -> Any:
        """Return ``f(*args)``, recorded."""
        self.start()
        try:
            return f(*args)
        finally:
            self.stop()

    def watch(self, x: Any) -> None:
        """Record what is computed from a floating Tensor or Variable."""
        if not isinstance(x, Tensor | Variable):
            raise TypeError(f"A tape watches Tensors and Variables, received {type(x).__name__}.")
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
        reached = self.reached
        if op.rules and any(type(i) is Tensor and i.id in reached for i in inputs):
            self.nodes.append(Node(op, inputs, static, outputs))
            for y in outputs if type(outputs) is tuple else (outputs,):
                if y.dtype.kind == "f":
                    reached.add(y.id)

    def ids(self, source: Any) -> list[int]:
        """Return the Tensor ids that stand for a source: all values that a Variable had when it was read."""
        if isinstance(source, Variable):
            return self.reads[id(source)][1] if id(source) in self.reads else []
        return [source.id]

    def pull(self, targets: list[Any], seeds: list[Any], sources: list[Any], free: bool) -> list[Tensor | None]:
        """Return the gradients of targets, weighted by seeds (None: ones), for each source."""
        grads: dict[int, Tensor] = {}
        for target, seed in zip(targets, seeds, strict=True):
            for key in self.ids(target)[-1:]:
                g = OPS["ones_like"](target) if seed is None else as_tensor(seed, target.backend, target.dtype.name)
                if g.shape != target.shape:
                    raise ValueError(
                        f"output_gradients has shape {g.shape}, its target has shape {target.shape}; they must agree."
                    )
                if key in self.reached:
                    grads[key] = OPS["add"](grads[key], g) if key in grads else g
        ids = [self.ids(source) for source in sources]
        backward(self.nodes, grads, {i for group in ids for i in group}, free)
        return [_summed([grads[i] for i in group if i in grads]) for group in ids]


def _summed(grads: list[Tensor]) -> Tensor | None:
    total = None
    for g in grads:
        total = g if total is None else OPS["add"](total, g)
    return total


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
        self._tape.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._tape.stop()

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
        self._tape.stop()
        try:
            yield
        finally:
            self._tape.start()

    def reset(self) -> None:
        """Forget all that was recorded."""
        recording = self._tape in OBSERVERS.get()
        self._tape.stop()
        self._tape, self._used = Tape(self._watching), False
        if recording:
            self._tape.start()

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: str = "none",
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
        RuntimeError
            The tape is not persistent and was used before.
        """
        if unconnected_gradients not in ("none", "zero"):
            raise ValueError(f"unconnected_gradients must be 'none' or 'zero', received {unconnected_gradients!r}.")
        leaves, targets = flatten(sources), flatten(target)
        for leaf in (*leaves, *targets):
            if not isinstance(leaf, Tensor | Variable):
                raise TypeError(
                    f"gradient() takes Tensors and Variables, received {type(leaf).__name__}; "
                    f"a NumPy array or number leaves no trace on the tape."
                )
        self._use()
        seeds = [None] * len(targets) if output_gradients is None else flatten(output_gradients)
        with use_backend(targets[0].backend):
            grads: list[Any] = self._tape.pull(targets, seeds, leaves, free=not self._persistent)
            if unconnected_gradients == "zero":
                grads = [OPS["zeros_like"](s) if g is None else g for g, s in zip(grads, leaves, strict=True)]
        return unflatten(sources, grads)

    def jacobian(self, target: Any, sources: Any, unconnected_gradients: str = "none") -> Any:
        """Return the derivatives of each element of one target: shape target.shape + source.shape."""
        leaves = flatten(sources)
        self._use()
        with use_backend(target.backend):
            eye = OPS["reshape"](OPS["eye"](target.size, dtype=target.dtype.name), (target.size, *target.shape))
            rows = [self._tape.pull([target], [eye[i]], leaves, free=False) for i in range(target.size)]
        columns = [_stacked(column, target, s, unconnected_gradients) for column, s in zip(zip(*rows), leaves)]  # noqa: B905
        return unflatten(sources, columns)

    def _use(self) -> None:
        if self._used and not self._persistent:
            raise RuntimeError(
                "A non-persistent GradientTape gives its gradients once. "
                "Use GradientTape(persistent=True) for more, or put the targets into one call."
            )
        self._used = True
        if not self._persistent:
            self._tape.stop()


def _stacked(column: tuple[Any, ...], target: Tensor, source: Any, unconnected: str) -> Tensor | None:
    if all(g is None for g in column) and unconnected == "none":
        return None
    rows = [OPS["zeros_like"](source) if g is None else g for g in column]
    return OPS["reshape"](OPS["stack"](rows), (*target.shape, *source.shape))  # type: ignore[no-any-return]


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
