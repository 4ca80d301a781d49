"""Stochastic gradient descent, plain or with momentum."""

from typing import Any

from arraynet.dispatch import op
from arraynet.optimizers.base import Optimizer

__all__ = ["SGD"]


@op(promote=None)
def sgd_step(xp: Any, *arrays: Any, learning_rate: Any, momentum: Any, nesterov: Any) -> Any:
    """Return the new weight and velocity; the learning rate is part of the velocity."""
    w, g, *velocity = arrays
    if not velocity:
        return (w - g * learning_rate,)
    v = velocity[0] * momentum - g * learning_rate
    return (w + v * momentum - g * learning_rate if nesterov else w + v), v


class SGD(Optimizer):
    """Gradient descent: ``w -= learning_rate * g``, or with momentum ``v = momentum * v - learning_rate * g; w += v``.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        As for every optimizer.
    momentum : float
        From 0 to 1.
    nesterov : bool
        Whether the step looks ahead along the velocity: Sutskever et al. (2013).
    **options
        Those of `Optimizer`.
    """

    step = sgd_step
    hyper = ("momentum", "nesterov")

    def __init__(
        self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        self.momentum, self.nesterov = momentum, nesterov

    def slots(self) -> dict[str, float]:
        return {"momentum": 0.0} if self.momentum else {}
