"""Arguments that are easily mistaken, refused everywhere in the same words and before any work."""

import math
import sys
import warnings
from collections.abc import Container, Iterable
from typing import Any

import numpy as np

__all__ = ["absent", "choice", "every", "explain_absent", "flag", "function_name", "instead_of", "ints", "lacking",
           "listed", "number", "optional_count", "pair", "plain_int", "positive_int", "resembling", "warn"]  # fmt: skip

GRADIENTS = "a tape: with arraynet.GradientTape() as tape, compute the loss; then tape.gradient(loss, variables)"
INSTEAD = {  # of the methods that arrays of NumPy and tensors of PyTorch have
    **dict.fromkeys(("backward", "grad", "requires_grad", "retain_grad"), GRADIENTS),
    **dict.fromkeys(("astype", "type", "float"), "ops.cast(x, 'float32')"),
    **dict.fromkeys(("int", "long"), "ops.cast(x, 'int32')"),
    **dict.fromkeys(("cpu", "cuda"), "x.to(name), with a name of arraynet.available_backends()"),
    "clone": "x itself: nothing changes its values",
    "detach": "ops.stop_gradient(x)",
    "device": "x.backend",
    "flatten": "ops.ravel(x)",
    "permute": "ops.transpose(x, axes)",
    "tolist": "x.numpy().tolist()",
    "unsqueeze": "ops.expand_dims(x, axis)",
    "view": "ops.reshape(x, shape)",
}
NUMBERS = (int, float, np.integer, np.floating)


def plain_int(value: Any) -> Any:
    """Return an integer of NumPy's, or an array that is one, as an int, and all else as it is."""
    alone = isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.shape == ())
    return int(value) if alone and value.dtype.kind in "iu" else value


def positive_int(name: str, value: Any) -> int:
    """Return a positive int; anything else, True included, is a ValueError that begins with `name`."""
    count = plain_int(value)
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(f"{name} must be a positive int, received {value!r}.")
    return count


def ints(name: str, value: Any) -> Any:
    """Return an int, or several as a list; anything else, True included, is a ValueError that begins with `name`."""
    several = isinstance(value, list | tuple | range | np.ndarray) and np.ndim(value)
    found = [plain_int(n) for n in (value if several else [value])]
    if any(isinstance(n, bool) or not isinstance(n, int) for n in found):
        raise ValueError(f"{name} must be an int or several, received {value!r}.")
    return found if several else found[0]


def optional_count(name: str, value: Any) -> int | None:
    """Return a positive int or None; see `positive_int`."""
    return None if value is None else positive_int(name, value)


def every(name: str, value: Any, last: int) -> Container[int]:
    """Return each `value`-th number from 1 to `last`, or those that it lists; anything else is a ValueError."""
    if isinstance(value, list | tuple | set | frozenset | range):
        return {positive_int(name, number) for number in value}
    return range(positive_int(name, value), last + 1, value)


def flag(name: str, value: Any) -> bool:
    """Return True or False, also for 1 and 0; anything else is a ValueError that begins with `name`."""
    if not isinstance(value, bool | np.bool_) and not (isinstance(value, int | np.integer) and value in (0, 1)):
        raise ValueError(f"{name} must be True or False, received {value!r}.")
    return bool(value)


def pair(what: str, value: Any) -> Any:
    """Return the two things that a function of the user's own gave; anything else is a TypeError."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{what} must return a pair, it returned {type(value).__name__}.")
    return value


def listed(names: list[str]) -> str:
    """Return names as text, the first ones of many, or "nothing"."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "") or "nothing"


def function_name(what: str, function: Any) -> str:
    """Return the name under which a function is found again; a lambda or an object without one is a ValueError."""
    name = getattr(function, "__name__", "<lambda>")
    if name == "<lambda>":
        raise ValueError(f"{what} {function!r} has no name to be saved under: define it with def.")
    return str(name)


def number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> Any:
    """Return a Python number within bounds; anything else, NaN and True too, is a ValueError beginning with `name`."""
    if isinstance(value, np.ndarray) and value.shape == ():
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, NUMBERS) or not low <= value <= high:
        within = f" from {low:g} to {high:g}" if high < math.inf else f", {low:g} or more" if low > -math.inf else ""
        raise ValueError(f"{name} must be a number{within}, received {value!r}.")
    return value.item() if isinstance(value, np.generic) else value  # JSON knows no others


def choice(name: str, value: Any, choices: Iterable[str]) -> Any:
    """Return a word that is one of `choices`; anything else is a ValueError that begins with `name`."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, received {value!r}.")
    return value


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn of something at the line outside of arraynet that led to it."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith("arraynet."):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def resembling(name: object, known: Iterable[str]) -> str:
    """Return a question whether the known name most like a mistyped one was meant, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(str(name), list(known))
    close.sort(key=lambda known: sorted(known) != sorted(str(name)))  # two letters exchanged are the likeliest
    return f"Did you mean {close[0]!r}?" if close else ""


def instead_of(name: str) -> str:
    """Return what to use in the place of a method that Tensors lack, as a sentence; nothing if nobody knows."""
    ops = sys.modules.get("arraynet.ops")  # it stands above this module
    is_op = ops is not None and name[0] != "_" and callable(vars(ops).get(name))
    use = INSTEAD.get(name) or (f"ops.{name}(x)" if is_op else "")
    return f" Use {use}." if use else ""


class TooEarlyError(RuntimeError, AttributeError):
    """Something was asked for before `super().__init__()`; for `hasattr` and `getattr` it is not there."""


def lacking(thing: Any, name: str, mark: str = "name") -> Exception:
    """Return the error for an attribute that an object lacks; `mark` is one that its base's ``__init__`` sets."""
    kind = type(thing).__name__
    if name.startswith("__") or mark in vars(thing):
        return AttributeError(f"{kind!r} object has no attribute {name!r}")
    return TooEarlyError(f"{kind} has no attribute {name!r} yet: call super().__init__() first in its __init__.")


def absent(module: str, name: str, kind: str, known: Iterable[str], instead: str = "") -> AttributeError:
    """Return the error for a name that a module lacks: the name most like it, and what to do `instead`."""
    text = f"module {module!r} has no attribute {name!r}"
    if name.startswith("_"):  # Python's own questions, which nobody reads the answers of
        return AttributeError(text)
    parts = (f"{text}: arraynet has no such {kind}.", resembling(name, known), instead)
    return AttributeError(" ".join(filter(None, parts)))


def explain_absent(module: str, kind: str, instead: str = "") -> None:
    """Have a module answer a name that it lacks with the name most like it, and with what to do `instead`.

    Its ``__getattr__`` is set from here: written out in the module, type checkers would believe that it has any name.
    """
    names = vars(sys.modules[module])

    def __getattr__(name: str) -> Any:  # noqa: N807 (Python calls it)
        known = names.get("__all__") or [n for n, thing in names.items() if callable(thing) and n[0] != "_"]
        raise absent(module, name, kind, known, instead)

    names["__getattr__"] = __getattr__
