"""Penalties on weights, added to the loss once a step, by the names of ``keras.regularizers``."""

import math
from collections.abc import Mapping
from typing import Any

from arraynet import ops, registry
from arraynet.checks import choice, number
from arraynet.checks import explain_absent as _explain_absent
from arraynet.observers import Versioned, notify
from arraynet.tensor import Tensor

__all__ = ["L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer"]
__all__ += ["deserialize", "get", "l1", "l1_l2", "l2", "serialize"]


class Regularizer(registry.Configured, Versioned):
    """A function of a weight that the loss is made larger by; subclass it and define `__call__`.

    Arguments of its constructor that are kept as attributes of their names are saved with it.

    Examples
    --------
    >>> from arraynet import ops, regularizers
    >>> class Largest(regularizers.Regularizer):
    ...     def __call__(self, x):
    ...         return ops.max(ops.absolute(x))
    >>> Largest()([[1.0, -3.0]])
    Tensor(3., dtype=float32, backend=numpy)
    """

    def __call__(self, x: Any) -> Any:
        """Return the penalty of a weight, a number."""
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(self, x).")


class L1(Regularizer):
    """``l1 * sum(|x|)``.

    Parameters
    ----------
    l1 : float
        The factor, 0 or more.
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _factor("l1", l1)

    def __call__(self, x: Any) -> Tensor:
        return ops.sum(ops.absolute(x)) * self.l1  # type: ignore[no-any-return]


class L2(Regularizer):
    """``l2 * sum(x**2)``, without a half.

    Parameters
    ----------
    l2 : float
        The factor, 0 or more.
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _factor("l2", l2)

    def __call__(self, x: Any) -> Tensor:
        return ops.sum(ops.square(x)) * self.l2  # type: ignore[no-any-return]


class L1L2(Regularizer):
    """``l1 * sum(|x|) + l2 * sum(x**2)``.

    Parameters
    ----------
    l1, l2 : float
        The factors, 0 or more.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = _factor("l1", l1), _factor("l2", l2)

    def __call__(self, x: Any) -> Tensor:
        if not self.l2:  # 0 times squares that overflowed is no number
            return L1(self.l1)(x if self.l1 else ops.zeros_like(x))
        return L1(self.l1)(x) + L2(self.l2)(x) if self.l1 else L2(self.l2)(x)


class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean size of the dot products of a matrix's rows, or columns, scaled to length one.

    Parameters
    ----------
    factor : float
        The factor.
    mode : {"rows", "columns"}
        What is to be orthogonal.

    Raises
    ------
    ValueError
        When called: the weight is no matrix.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor, self.mode = _factor("factor", factor), choice("mode", mode, ("rows", "columns"))

    def __call__(self, x: Any) -> Tensor:
        if len(x.shape) != 2:
            raise ValueError(f"OrthogonalRegularizer needs a matrix, received shape {tuple(x.shape)}.")
        rows = ops.transpose(x) if self.mode == "columns" else x
        squares = ops.sum(ops.square(rows), axis=1, keepdims=True)
        rows = rows / ops.sqrt(ops.maximum(squares, 1e-12))
        n = rows.shape[0]
        others = (rows @ ops.transpose(rows)) * (1 - ops.eye(n, dtype=rows.dtype))
        return ops.sum(ops.absolute(others)) * (self.factor / max(1, n * (n - 1)))  # type: ignore[no-any-return]


def penalty(regularizer: Any, x: Any) -> Any:
    """Return what a regularizer says of x; a program that is captured meanwhile holds while its settings do."""
    if isinstance(regularizer, Versioned):
        notify("touched", regularizer)
    return regularizer(x)


def _factor(name: str, value: Any) -> float:
    if number(name, value, 0) == math.inf:
        raise ValueError(f"{name} must be finite, received {value!r}.")
    return float(value)


l1, l2, l1_l2 = L1, L2, L1L2  # as Keras calls them, too
_TABLE = registry.named(L1, L2, L1L2, OrthogonalRegularizer, l1_l2=L1L2)


def get(identifier: Any) -> Any:
    """Return the regularizer that something stands for; None stays None.

    Parameters
    ----------
    identifier : str, dict, type, callable or None
        A name (``"l2"``), what `serialize` gave, a class, or a function of a weight that returns a number.

    Returns
    -------
    Regularizer or callable
        Called with a weight.

    Raises
    ------
    ValueError
        Nothing of that name is known; the message lists what is, and the name most like it.

    Examples
    --------
    >>> from arraynet import regularizers
    >>> regularizers.get("l1")([[1.0, -4.0]])
    Tensor(0.05, dtype=float32, backend=numpy)
    """
    return registry.lookup("regularizer", identifier, _TABLE)


def serialize(regularizer: Regularizer) -> dict[str, Any]:
    """Return a regularizer's class name and configuration.

    Parameters
    ----------
    regularizer : Regularizer
        One that has `get_config`.

    Returns
    -------
    dict
        ``class_name`` and ``config``: plain types, from which `deserialize` makes another one.

    Examples
    --------
    >>> from arraynet import regularizers
    >>> regularizers.serialize(regularizers.L2(0.5))
    {'class_name': 'L2', 'config': {'l2': 0.5}}
    """
    return registry.serialize(regularizer)


def deserialize(config: dict[str, Any], custom_objects: Mapping[str, type] | None = None) -> Any:
    """Return a regularizer from what `serialize` gave.

    Parameters
    ----------
    config : dict
        ``class_name`` and, where the defaults are not meant, ``config``.
    custom_objects : dict of str to class, optional
        Classes of your own by their names, which come before arraynet's.

    Returns
    -------
    Regularizer
        A new one.

    Raises
    ------
    ValueError
        No class has that name; the message lists those that are known.
    """
    return registry.deserialize("regularizer", config, _TABLE, custom_objects)


_explain_absent(__name__, "regularizer", "Any function from a tensor to a number, made of arraynet.ops, can be one.")
