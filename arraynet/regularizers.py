"""Penalties on weights, added to the loss once a step, by the names of ``keras.regularizers``."""

from collections.abc import Mapping
from typing import Any

from arraynet import ops, registry
from arraynet.tensor import Tensor

__all__ = ["L1", "L1L2", "L2", "Regularizer", "deserialize", "get", "serialize"]


class Regularizer:
    """A function of a weight that the loss is made larger by; subclass it and define `__call__`."""

    def __call__(self, x: Any) -> Any:
        """Return the penalty of a weight, a number."""
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(self, x).")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Regularizer":
        """Return a regularizer from what `get_config` gave."""
        return cls(**config)


class L1(Regularizer):
    """``l1 * sum(|x|)``."""

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _factor("l1", l1)

    def __call__(self, x: Any) -> Tensor:
        return ops.sum(ops.absolute(x)) * self.l1  # type: ignore[no-any-return]

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


class L2(Regularizer):
    """``l2 * sum(x**2)``, without a half."""

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _factor("l2", l2)

    def __call__(self, x: Any) -> Tensor:
        return ops.sum(ops.square(x)) * self.l2  # type: ignore[no-any-return]

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


class L1L2(Regularizer):
    """``l1 * sum(|x|) + l2 * sum(x**2)``."""

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = _factor("l1", l1), _factor("l2", l2)

    def __call__(self, x: Any) -> Tensor:
        return L1(self.l1)(x) + L2(self.l2)(x)  # type: ignore[no-any-return]

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


def _factor(name: str, value: Any) -> float:
    if not isinstance(value, float | int) or not 0 <= value < float("inf"):
        raise ValueError(f"{name} must be a non-negative finite float, received {value!r}.")
    return float(value)


_TABLE = registry.named(L1, L2, L1L2, l1=L1, l2=L2, l1_l2=L1L2)


def get(identifier: Any) -> Any:
    """Return the regularizer that a name, a dict or a callable stands for; None stays None."""
    return registry.lookup("regularizer", identifier, _TABLE)


def serialize(regularizer: Regularizer) -> dict[str, Any]:
    """Return a regularizer's class name and configuration."""
    return registry.serialize(regularizer)


def deserialize(config: dict[str, Any], custom_objects: Mapping[str, type] | None = None) -> Any:
    """Return a regularizer from what `serialize` gave."""
    return registry.deserialize("regularizer", config, _TABLE, custom_objects)
