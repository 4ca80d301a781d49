"""Learning rates as functions of the step, computed on the host in float64.

An optimizer asks with the number of steps done, so the first update sees step 0.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from arraynet import registry
from arraynet.checks import explain_absent as _explain_absent
from arraynet.checks import number
from arraynet.optimizers.schedule import Decay, LearningRateSchedule

__all__ = ["CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "LearningRateSchedule",
           "PiecewiseConstantDecay", "PolynomialDecay", "deserialize", "serialize"]  # fmt: skip


@dataclass
class ExponentialDecay(Decay):
    """``initial_learning_rate * decay_rate ** (step / decay_steps)``.

    Parameters
    ----------
    initial_learning_rate : float
        The rate at step 0.
    decay_steps : int
        The number of steps in which the rate is multiplied by `decay_rate` once.
    decay_rate : float
        The factor.
    staircase : bool
        Whether the exponent is rounded down, so that the rate falls in stairs.
    name : str
        What the configuration calls it.

    Examples
    --------
    >>> from arraynet.optimizers.schedules import ExponentialDecay
    >>> ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    0.025
    """

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = False
    name: str = "ExponentialDecay"

    def __call__(self, step: int) -> float:
        p = step / self.decay_steps
        return float(self.initial_learning_rate * self.decay_rate ** (math.floor(p) if self.staircase else p))


@dataclass
class InverseTimeDecay(Decay):
    """``initial_learning_rate / (1 + decay_rate * step / decay_steps)``.

    Parameters
    ----------
    initial_learning_rate : float
        The rate at step 0.
    decay_steps : int
        The number of steps that the formula divides by.
    decay_rate : float
        How fast it falls.
    staircase : bool
        Whether the fraction is rounded down.
    name : str
        What the configuration calls it.
    """

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = False
    name: str = "InverseTimeDecay"

    def __call__(self, step: int) -> float:
        p = step / self.decay_steps
        return self.initial_learning_rate / (1 + self.decay_rate * (math.floor(p) if self.staircase else p))


@dataclass
class PiecewiseConstantDecay(LearningRateSchedule):
    """``values[0]`` up to and including step ``boundaries[0]``, then ``values[1]`` up to ``boundaries[1]``, and so on.

    Parameters
    ----------
    boundaries : sequence of float
        Steps in ascending order.
    values : sequence of float
        Learning rates, one more than boundaries.
    name : str
        What the configuration calls it.

    Examples
    --------
    >>> from arraynet.optimizers.schedules import PiecewiseConstantDecay
    >>> rate = PiecewiseConstantDecay([100, 200], [0.1, 0.01, 0.001])
    >>> rate(100), rate(101)
    (0.1, 0.01)
    """

    boundaries: Sequence[float]
    values: Sequence[float]
    name: str = "PiecewiseConstant"

    def __post_init__(self) -> None:
        if len(self.boundaries) != len(self.values) - 1:
            raise ValueError(
                f"values must be one more than boundaries, received {len(self.values)} values for "
                f"{len(self.boundaries)} boundaries."
            )
        self.boundaries = [number("PiecewiseConstantDecay: boundaries", step) for step in self.boundaries]
        self.values = [number("PiecewiseConstantDecay: values", rate, 0) for rate in self.values]
        if any(a >= b for a, b in pairwise(self.boundaries)):
            raise ValueError(f"PiecewiseConstantDecay: boundaries must grow, received {self.boundaries}.")

    def __call__(self, step: int) -> float:
        return float(self.values[sum(step > boundary for boundary in self.boundaries)])


@dataclass
class PolynomialDecay(Decay):
    """From `initial_learning_rate` to `end_learning_rate` as ``(1 - step / decay_steps) ** power`` falls.

    Parameters
    ----------
    initial_learning_rate : float
        The rate at step 0.
    decay_steps : int
        The step at which the end is reached.
    end_learning_rate : float
        The rate from then on.
    power : float
        1 is a straight line.
    cycle : bool
        Whether the fall is stretched to the next multiple of `decay_steps` instead of ending.
    name : str
        What the configuration calls it.
    """

    initial_learning_rate: float
    decay_steps: float
    end_learning_rate: float = 0.0001
    power: float = 1.0
    cycle: bool = False
    name: str = "PolynomialDecay"

    def __call__(self, step: int) -> float:
        length = self.decay_steps * max(1, math.ceil(step / self.decay_steps)) if self.cycle else self.decay_steps
        left = 1 - min(step, length) / length
        return float((self.initial_learning_rate - self.end_learning_rate) * left**self.power + self.end_learning_rate)


@dataclass
class CosineDecay(Decay):
    """Half a cosine down to the share `alpha`, after a linear rise to `warmup_target`.

    Source: I. Loshchilov and F. Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR 2017.

    Without `warmup_target` the fall starts at once, from `initial_learning_rate`.

    Parameters
    ----------
    initial_learning_rate : float
        The rate at step 0.
    decay_steps : int
        The length of the fall.
    alpha : float
        The share of the highest rate that is left at the end.
    name : str
        What the configuration calls it.
    warmup_target : float, optional
        The rate to which it rises first.
    warmup_steps : int
        The length of the rise.
    """

    initial_learning_rate: float
    decay_steps: float
    alpha: float = 0.0
    name: str = "CosineDecay"
    warmup_target: float | None = None
    warmup_steps: int = 0

    def __call__(self, step: int) -> float:
        start, target = self.initial_learning_rate, self.warmup_target
        if target is None:
            return start * _cosine(min(step / self.decay_steps, 1.0), self.alpha)
        if step < self.warmup_steps:
            return start + (target - start) * step / self.warmup_steps
        return target * _cosine(min((step - self.warmup_steps) / self.decay_steps, 1.0), self.alpha)


@dataclass
class CosineDecayRestarts(Decay):
    """Half cosines one after the other.

    Source: I. Loshchilov and F. Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR 2017.

    Parameters
    ----------
    initial_learning_rate : float
        The rate at step 0.
    first_decay_steps : int
        The length of the first one.
    t_mul : float
        How many times as long each is as the one before; 1 or more, as shorter and shorter ones come to an end.
    m_mul : float
        How many times as high each starts as the one before.
    alpha : float
        The share of the first rate that is left at the end.
    name : str
        What the configuration calls it.
    """

    initial_learning_rate: float
    first_decay_steps: float
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0
    name: str = "SGDRDecay"

    def __call__(self, step: int) -> float:
        fraction = step / self.first_decay_steps
        if self.t_mul == 1:
            restarts = math.floor(fraction)
            fraction -= restarts
        else:
            restarts = math.floor(math.log(1 - fraction * (1 - self.t_mul), self.t_mul) + 1e-9)
            fraction = (fraction - (1 - self.t_mul**restarts) / (1 - self.t_mul)) / self.t_mul**restarts
        return self.initial_learning_rate * _cosine(fraction, self.alpha, self.m_mul**restarts)


def _cosine(fraction: float, alpha: float, height: float = 1.0) -> float:
    return (1 - alpha) * 0.5 * height * (1 + math.cos(math.pi * fraction)) + alpha


_TABLE = registry.named(
    CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay
)


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """Return a schedule's class name and configuration.

    Parameters
    ----------
    learning_rate_schedule : LearningRateSchedule
        One that has `get_config`.

    Returns
    -------
    dict
        ``class_name`` and ``config``: plain types, from which `deserialize` makes another one.

    Examples
    --------
    >>> from arraynet.optimizers import schedules
    >>> schedules.serialize(schedules.ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5))["class_name"]
    'ExponentialDecay'
    """
    return registry.serialize(learning_rate_schedule)


def deserialize(config: dict[str, Any], custom_objects: Mapping[str, type] | None = None) -> LearningRateSchedule:
    """Return a schedule from what `serialize` gave.

    Parameters
    ----------
    config : dict
        ``class_name`` and ``config``.
    custom_objects : dict of str to class, optional
        Classes of your own by their names, which come before arraynet's.

    Returns
    -------
    LearningRateSchedule
        A new one.

    Raises
    ------
    ValueError
        No class has that name; the message lists those that are known.
    """
    return registry.deserialize("schedule", config, _TABLE, custom_objects)  # type: ignore[no-any-return]


_explain_absent(__name__, "schedule", "Subclass LearningRateSchedule to write one.")
