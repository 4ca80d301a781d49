"""The one call path of every op: choose the backend, promote, run the kernel or the generic form, tell.

An op is a generic form, a function ``form(xp, arrays..., /, static...)`` written once in array-API
primitives, which is its definition, and the derivative rules beside it. The parameters before the slash
are arrays, those behind it are static. Fallback from a backend's kernel lives here and nowhere else.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np

from arraynet import config, dtypes
from arraynet.backend import Backend, dtype_of
from arraynet.dtypes import host_array
from arraynet.observers import OBSERVERS
from arraynet.operands import OWN, WEAK, Borrowed, HostScalar, backend_of, described, entered, part, placed
from arraynet.operators import OPS
from arraynet.tensor import Tensor, stacked

__all__ = ["Op", "Rule", "apply", "execute", "op", "promoted"]

UNFIT = "shapes cannot be broadcast together: counted from the last axis, lengths must be equal or 1"
PROMOTIONS = {"common": dtypes.promote, "number": dtypes.promote_number, "float": dtypes.promote_float, None: None}
FLOATING = [np.dtype(name) for name in ("float32", "float64", "float16")]
PYTHON = {"b": bool, "i": int, "u": int, "f": float}
VALUES = (*OWN, np.generic, np.ndarray)


class Rule:
    """A derivative with respect to one argument: a function of ``g`` and of whatever else it names.

    Beside ``g`` it may name the op's arguments, static ones included, ``y`` for the output, and
    ``index`` for the position of an argument among any number of them.
    """

    def __init__(self, function: Callable[..., Any], op: "Op") -> None:
        self.function = function
        self.op, code = op.name, function.__code__  # inspect.signature would be a tenth of `import arraynet`'s time
        self.names = code.co_varnames[1 : code.co_argcount]
        known = (*op.arrays, *op.static, "y", "index")
        if unknown := sorted(set(self.names).difference(known)):
            raise TypeError(f"A derivative rule of {op.name!r} names {unknown}; beside g there are {', '.join(known)}.")

    def __call__(self, g: Any, known: dict[str, Any]) -> Any:
        made = self.function(g, *[known[name] for name in self.names])
        if not isinstance(made, Tensor):
            raise TypeError(f"A derivative rule of {self.op!r} returned {made!r}; it returns a Tensor, made by ops.")
        return made


class Op:
    """A public, differentiable function of arrays; made by the decorator `op`."""

    def __init__(
        self, form: Callable[..., Any], promote: str | None, fixed: Sequence[str], logits: bool, name: str | None
    ) -> None:
        if promote not in PROMOTIONS:
            raise ValueError(f"promote must be one of {', '.join(map(repr, PROMOTIONS))}, received {promote!r}.")
        parameters = list(inspect.signature(form).parameters.values())[1:]
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)
        self.form, self.logits = form, logits
        self.name = self.__name__ = name or form.__name__
        self.__qualname__, self.__doc__, self.__module__ = form.__name__, form.__doc__, form.__module__
        self.arrays = tuple(p.name for p in parameters if p.kind in kinds)
        self.variadic = any(p.kind is kinds[1] for p in parameters)
        self.static = {p.name: p.default for p in parameters if p.kind not in kinds}
        self.optional = {p.name: p.default for p in parameters if p.default is not p.empty}
        self.rules: dict[str, Rule] = {}
        self.kept: frozenset[str] = frozenset()  # what the rules need of a record
        self.keeps: tuple[bool, ...] = (False,) * len(self.arrays)  # the same, by position
        self._common = PROMOTIONS[promote]
        self._fixed = tuple(name in fixed for name in self.arrays)
        self._plans: dict[Any, tuple[np.dtype | None, ...]] = {}
        self._parameters = parameters
        self._complete = all(name in self.optional for name in self.static)

    @cached_property
    def __signature__(self) -> inspect.Signature:
        free = inspect.Parameter.POSITIONAL_OR_KEYWORD
        positional = inspect.Parameter.POSITIONAL_ONLY
        return inspect.Signature([p.replace(kind=free) if p.kind is positional else p for p in self._parameters])

    def defvjp(self, **rules: Callable[..., Any]) -> None:
        """Define derivative rules, one per array argument: ``multiply.defvjp(x1=lambda g, x2: g * x2)``."""
        if unknown := set(rules) - set(self.arrays):
            known = ", ".join(self.arrays) or "none"
            raise TypeError(f"{self.name!r} has no array arguments {sorted(unknown)}. Before the / stand: {known}.")
        self.rules |= {name: Rule(function, self) for name, function in rules.items()}
        self.kept = frozenset(name for rule in self.rules.values() for name in rule.names)
        self.keeps = tuple(name in self.kept for name in self.arrays)

    def gradients(self, wanted: list[int], g: Any, known: dict[str, Any]) -> Iterator[Any]:
        """Yield the gradients of the arguments at the positions wanted, None where there is no rule."""
        for position in wanted:
            rule = self.rules.get(self.arrays[0 if self.variadic else position])
            yield rule(g, known | {"index": position}) if rule else None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._complete and not kwargs and (len(args) == len(self.arrays) or self.variadic):
            return apply(self, args, self.static)
        return apply(self, *self.bind(args, kwargs))

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return a call's array arguments and static arguments, defaults filled in."""
        if self.variadic:
            return args, self.static | kwargs
        try:
            bound = self.__signature__.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.name}{self.__signature__}: {error}.") from error
        bound.apply_defaults()
        values = bound.arguments
        static = {n: values[n] for n in self.static}
        for n, v in static.items():
            if self.rules and isinstance(v, OWN) and v.dtype.kind == "f":
                raise TypeError(f"{self.name}: {n} has no derivative: pass float({n}), or use ops. Received {v!r}.")
            if isinstance(v, VALUES) and v.shape == ():
                static[n] = v.item()  # weak, as numbers are
        return tuple(values[n] for n in self.arrays), static

    def named(self, inputs: Sequence[Any]) -> list[tuple[str, Any]]:
        """Return array arguments with their names."""
        names = self.arrays * len(inputs) if self.variadic else self.arrays
        return list(zip(names, inputs, strict=True))

    def plan(self, kinds: tuple[Any, ...]) -> tuple[np.dtype | None, ...]:
        """Return the dtype that each argument is cast to, None where it stays; kinds as `dtypes.promote`."""
        try:
            return self._plans[kinds, config.floatx()]
        except KeyError:
            return self._plans.setdefault((kinds, config.floatx()), self._planned(kinds))

    def _planned(self, kinds: tuple[Any, ...]) -> tuple[np.dtype | None, ...]:
        fixed = self._fixed * len(kinds) if self.variadic else self._fixed
        moving = [kind for kind, still in zip(kinds, fixed, strict=True) if kind is not None and not still]
        if self._common is None or not moving:
            return (None,) * len(kinds)
        common = self._common(*moving)
        return tuple(
            None if still or kind is None or kind == common else common
            for kind, still in zip(kinds, fixed, strict=True)
        )

    def __reduce__(self) -> str:
        return self.__qualname__  # pickled as functions are: by where it stands

    def __repr__(self) -> str:
        return f"<op {self.name}>"


@overload
def op(form: Callable[..., Any]) -> Op: ...
@overload
def op(
    *, promote: str | None = "common", fixed: Sequence[str] = (), logits: bool = False, name: str | None = None
) -> Callable[[Callable[..., Any]], Op]: ...
def op(
    form: Callable[..., Any] | None = None,
    *,
    promote: str | None = "common",
    fixed: Sequence[str] = (),
    logits: bool = False,
    name: str | None = None,
) -> Any:
    """Make an op of a generic form and enter it in `OPS` under the form's name.

    Parameters
    ----------
    form : callable
        ``form(xp, arrays..., /, static...)``, in primitives of ``xp``.
    promote : {"common", "number", "float", None}
        What the array arguments are cast to before the form sees them: their common dtype; that, or
        int32 where it is bool; that, or floatx where it is no float; or nothing.
    fixed : sequence of str
        Array arguments that take no part in the promotion: indices, conditions.
    logits : bool
        Whether the output remembers its input, as softmax and sigmoid do for the crossentropies.
    name : str, optional
        Another name than the form's.

    Raises
    ------
    ValueError
        arraynet has an op of that name.
    """

    def entered(form: Callable[..., Any]) -> Op:
        made = Op(form, promote, fixed, logits, name)
        module = getattr(OPS.get(made.name), "__module__", "")  # operators and kernels find an op by its name
        if module.startswith("arraynet.") and module != made.__module__:
            raise ValueError(f"{made.name!r} is an op of {module} already. Choose another name, or pass op(name=...).")
        OPS[made.name] = made
        return made

    return entered if form is None else entered(form)


def apply(op: Op, args: Sequence[Any], static: dict[str, Any]) -> Any:
    """Run an op on Tensors, Variables, host data and scalars; return its Tensor, or a tuple of them."""
    plain, observers = _plain(op, args), OBSERVERS.get()
    args = tuple(args) if plain else tuple(map(stacked, args))
    backend = backend_of(args)
    inputs = args if plain else _inputs(op, args, backend)
    lent = () if plain else [i.array for i in inputs if type(i) is Borrowed]
    try:
        with backend.guard():
            result = execute(op, backend, backend.xp, [i.array if isinstance(i, Tensor) else i for i in inputs], static)
            if result is None:
                raise TypeError("its form or kernel returned None, let it end in return")
    except (ValueError, TypeError, IndexError, NotImplementedError, OverflowError, AttributeError) as error:
        if isinstance(error, AttributeError) and not any(i is None for i in inputs):
            raise
        raise _explained(error, op, inputs, static) from error
    if isinstance(result, tuple | list):
        outputs: Any = tuple(Tensor(array, backend) for array in result)
    else:
        outputs = Tensor(result, backend)
        if op.logits:
            outputs.logits = inputs[0], static.get("axis", ())  # (): element by element
    if lent:
        part([*(inputs if observers else ()), *(outputs if type(outputs) is tuple else [outputs])], lent)
    for observer in observers:
        observer.record(op, inputs, static, outputs)
    return outputs


def execute(op: Op, backend: Backend, xp: Any, arrays: list[Any], static: dict[str, Any]) -> Any:
    """Promote arrays and run the backend's kernel or, if it has none or that declines, the generic form."""
    arrays = promoted(op, xp, arrays)
    if static:
        static = {k: v.value if type(v) is HostScalar else v for k, v in static.items()}
    if backend.kernels and op.name in backend.kernels and config.kernels() in ("fused", "native"):
        result = backend.kernels[op.name](*arrays, **static)
        if result is not NotImplemented:
            return result
    return op.form(xp, *arrays, **static)


def promoted(op: Op, xp: Any, arrays: list[Any]) -> list[Any]:
    """Return arrays and weak scalars in the dtypes that the op computes in."""
    if op._common is None:
        return arrays
    kinds = [_kind(a) for a in arrays]
    if kinds.count(kinds[0]) == len(kinds) and kinds[0] in FLOATING:
        return arrays  # one floating dtype is what every promotion wants
    targets = op.plan(tuple(kinds))
    return [a if t is None else _cast(xp, a, t) for a, t in zip(arrays, targets, strict=True)]


def _kind(x: Any) -> Any:
    """An array's dtype; a scalar's Python type, since scalars are weak. A float64 of NumPy's is a float too."""
    return None if x is None else type(x) if type(x) in WEAK else dtype_of(x)


def _cast(xp: Any, x: Any, target: np.dtype) -> Any:
    return PYTHON[target.kind](x) if type(x) in WEAK else xp.astype(x, getattr(xp, target.name))


def _inputs(op: Op, args: Sequence[Any], backend: Backend) -> tuple[Any, ...]:
    """Arguments as Tensors, weak Python scalars and None."""
    inputs = [entered(a, backend) for a in args]
    if op._common is None or not any(isinstance(i, Tensor | np.ndarray) for i in inputs):
        inputs = [host_array(a) if type(i) in WEAK else i for i, a in zip(inputs, args, strict=True)]
    return placed(inputs, args, backend)


def _plain(op: Op, args: Sequence[Any]) -> bool:
    """Whether arguments are Tensors, and the scalars that may stand beside one, already."""
    tensors = 0
    for a in args:
        if type(a) is Tensor:
            tensors += 1
        elif op._common is None or type(a) not in WEAK:
            return False
    return tensors > 0


def _explained(error: Exception, op: Op, inputs: tuple[Any, ...], static: dict[str, Any]) -> Exception:
    """The same error, with the op and what it was given."""
    given = [f"{n}: {described(i)}" for n, i in op.named(inputs)]
    given += [f"{name}={value!r}" for name, value in static.items()]
    missing = [n for n, i in op.named(inputs) if i is None and n not in op.optional]
    unfit = UNFIT if "broadcast" in str(error) else str(error).rstrip(".")
    why = f"{missing[0]} must be an array" if missing else unfit
    kinds = (ValueError, TypeError, IndexError, NotImplementedError)
    kind = TypeError if missing else type(error) if type(error) in kinds else ValueError
    return kind(f"{op.name}: {why}. Received {', '.join(given)}.")
