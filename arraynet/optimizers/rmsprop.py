"""RMSprop, and its kin that divide by a running root mean square: Adagrad and Adadelta."""

from typing import Any

from arraynet.dispatch import op
from arraynet.optimizers.base import Optimizer
from arraynet.optimizers.common import TINY, flushed

__all__ = ["Adadelta", "Adagrad", "RMSprop"]


@op(promote=None)
def rmsprop_step(
    xp: Any, *arrays: Any, learning_rate: Any, rho: Any, momentum: Any, epsilon: Any, centered: Any
) -> Any:
    """Return the new weight, mean square and, where they are kept, mean gradient and velocity."""
    w, g, square, *rest = arrays
    square = square * rho + (g * g + TINY) * (1 - rho)
    new, variance = [square], square
    if centered:
        new.append(flushed(rest[0] * rho + g * (1 - rho)))
        variance = square - new[1] * new[1]
    move = g / xp.sqrt(variance + epsilon) * learning_rate
    if momentum:
        move = flushed(rest[-1] * momentum + move)
        new.append(move)
    return w - move, *new


@op(promote=None)
def adagrad_step(xp: Any, w: Any, g: Any, accumulator: Any, /, learning_rate: Any, epsilon: Any) -> Any:
    """Return the new weight and sum of squares."""
    accumulator = accumulator + g * g
    return w - g / xp.sqrt(accumulator + epsilon) * learning_rate, accumulator


@op(promote=None)
def adadelta_step(
    xp: Any, w: Any, g: Any, square: Any, moved: Any, /, learning_rate: Any, rho: Any, epsilon: Any
) -> Any:
    """Return the new weight, mean square gradient and mean square update."""
    square = square * rho + g * g * (1 - rho)
    delta = g * xp.sqrt(moved + epsilon) / xp.sqrt(square + epsilon)
    moved = moved * rho + delta * delta * (1 - rho)
    return w - delta * learning_rate, square, moved


class RMSprop(Optimizer):
    """Gradients divided by the root of their running mean square.

    ``v = rho v + (1 - rho) g**2`` and ``w -= learning_rate * g / sqrt(v + epsilon)``. T. Tieleman and G. Hinton,
    Neural networks for machine learning, lecture 6.5, Coursera 2012.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        As for every optimizer.
    rho : float
        The share of the old mean that stays at each step.
    momentum : float
        The share of the last update that is added to the next.
    epsilon : float
        Added under the root.
    centered : bool
        Whether the variance takes the place of the mean square.
    **options
        Those of `Optimizer`.
    """

    step = rmsprop_step
    hyper = ("rho", "momentum", "epsilon", "centered")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered

    def slots(self) -> dict[str, float]:
        names = ["velocity", *(["average_gradient"] if self.centered else []), *(["momentum"] if self.momentum else [])]
        return dict.fromkeys(names, 0.0)


class Adagrad(Optimizer):
    """Gradients divided by the root of the sum of all their squares.

    ``a += g**2`` and ``w -= learning_rate * g / sqrt(a + epsilon)``. J. Duchi, E. Hazan and Y. Singer, Adaptive
    subgradient methods for online learning and stochastic optimization, Journal of Machine Learning Research 12, 2011.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        As for every optimizer.
    initial_accumulator_value : float
        What the sum starts with.
    epsilon : float
        Added under the root.
    **options
        Those of `Optimizer`.
    """

    step = adagrad_step
    hyper = ("initial_accumulator_value", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon

    def slots(self) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value}


class Adadelta(Optimizer):
    """Gradients scaled by the ratio of the running sizes of updates and of gradients.

    ``s = rho s + (1 - rho) g**2``, ``d = g * sqrt(u + epsilon) / sqrt(s + epsilon)``, ``u = rho u + (1 - rho) d**2``
    and ``w -= learning_rate * d``. M. D. Zeiler, Adadelta: an adaptive learning rate method, arXiv 1212.5701, 2012.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        As for every optimizer.
    rho : float
        The share of the old means that stays at each step.
    epsilon : float
        Added under both roots.
    **options
        Those of `Optimizer`.
    """

    step = adadelta_step
    hyper = ("rho", "epsilon")

    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.rho, self.epsilon = rho, epsilon

    def slots(self) -> dict[str, float]:
        return {"accumulated_grad": 0.0, "accumulated_delta_var": 0.0}
