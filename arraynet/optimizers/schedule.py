"""What a learning rate schedule is, and the checks that all schedules share."""

from dataclasses import asdict, is_dataclass
from typing import Any

from arraynet.checks import flag, number

__all__ = ["Decay", "LearningRateSchedule"]

NUMERIC = (
    *("initial_learning_rate", "end_learning_rate", "warmup_target", "warmup_steps"),
    *("decay_rate", "power", "alpha", "t_mul", "m_mul"),
)
FLAGS = ("staircase", "cycle")
STEPS = ("decay_steps", "first_decay_steps")


class LearningRateSchedule:
    """A learning rate that depends on the step. Subclass it and define `__call__`, and `get_config` to be saved.

    Examples
    --------
    >>> from arraynet.optimizers.schedules import LearningRateSchedule
    >>> class Halving(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.1 * 0.5**step
    >>> Halving()(2)
    0.025
    """

    def __call__(self, step: int) -> float:
        """Return the learning rate at a step, counted from 0."""
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(self, step).")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        if is_dataclass(self):
            return asdict(self)
        raise NotImplementedError(
            f"{type(self).__name__} needs a get_config() that returns its arguments, to be saved."
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LearningRateSchedule":
        """Return a schedule from what `get_config` gave."""
        return cls(**config)


class Decay(LearningRateSchedule):
    """A schedule that refuses settings which are not numbers, or are negative, as its rates would then be."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            label = f"{type(self).__name__}: {name}"
            if name in FLAGS:
                setattr(self, name, flag(label, value))
            elif name in NUMERIC and value is not None:
                setattr(self, name, number(label, value, 1 if name == "t_mul" else 0))
            elif name in STEPS:
                setattr(self, name, number(label, value))
                if getattr(self, name) <= 0:
                    raise ValueError(f"{label} must be positive, received {value!r}.")
