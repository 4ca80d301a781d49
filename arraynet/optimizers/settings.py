"""What an optimizer is made with: its learning rate and the settings that all optimizers share."""

from typing import Any, ClassVar

import numpy as np

from arraynet.checks import flag, lacking, number, plain_int, positive_int, resembling
from arraynet.naming import auto_name
from arraynet.observers import Versioned
from arraynet.optimizers import schedules
from arraynet.registry import Configured, taken

__all__ = ["Settings"]

SHARED = (
    "weight_decay",
    "clipnorm",
    "clipvalue",
    "global_clipnorm",
    "use_ema",
    "ema_momentum",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "gradient_accumulation_steps",
)

OPTIONAL = frozenset(SHARED) - {"use_ema", "ema_momentum"}
FLAGS = ("use_ema", "amsgrad", "centered", "nesterov")
SHARES = ("beta_1", "beta_2", "rho", "momentum", "ema_momentum")  # of old means
NOT_NEGATIVE = (
    *("weight_decay", "loss_scale_factor", "epsilon", "initial_accumulator_value"),
    *("l1_regularization_strength", "l2_regularization_strength", "l2_shrinkage_regularization_strength"),
)
CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")
BOUNDS: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(SHARES, (0, 1)), **dict.fromkeys(NOT_NEGATIVE, (0,)), **dict.fromkeys(CLIPS, ())
}  # fmt: skip
OLD = {"lr": "learning_rate"}  # Keras 2 and PyTorch call it that


class Settings(Configured, Versioned):
    """Learning rate, step count and shared settings; what they mean stands at `Optimizer`."""

    _kept: ClassVar[dict[str, str]] = {
        "name": "name",
        "learning_rate": "_settled_rate",
        **{name: name for name in SHARED},
    }
    hyper: tuple[str, ...] = ()  # names of the constructor's own arguments

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        if unknown:
            raise ValueError(self._unknown(sorted(unknown)))
        self.name = name or auto_name(type(self).__name__.lower())
        self._learning_rate = _rate(learning_rate)
        self.weight_decay, self.loss_scale_factor = weight_decay, loss_scale_factor
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum = use_ema, ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._iterations = 0

    def _unknown(self, names: list[str]) -> str:
        known = ["learning_rate", *self.hyper, *SHARED, "name"]
        meant = [question for name in names if (question := resembling(OLD.get(name, name), known))]
        text = f"{type(self).__name__} does not know the arguments {', '.join(names)}. {' '.join(meant)}".rstrip()
        return f"{text} It knows {', '.join(known)}."

    def __getattr__(self, name: str) -> Any:
        raise lacking(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in OLD and name not in self.hyper:  # as an attribute of its own it would change nothing
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}. Did you mean {OLD[name]!r}?")
        if name in ("learning_rate", "iterations", "_iterations"):  # host numbers: programs ask for them at each replay
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, self._checked(name, value))

    def _checked(self, name: str, value: Any) -> Any:
        """A setting that is a flag or a number within its bounds; an optimizer of the user's own may have others."""
        label = f"{type(self).__name__}: {name}"
        if name not in (*self.hyper, *SHARED) or (value is None and name in OPTIONAL):
            return value
        if name in FLAGS:
            return flag(label, value)
        if name in CLIPS and number(label, value) <= 0:
            raise ValueError(f"{label} must be positive, received {value!r}.")
        given = {n: v for n in CLIPS if (v := value if n == name else vars(self).get(n)) is not None}
        if name in CLIPS and len(given) > 1:
            raise ValueError(f"At most one of {', '.join(CLIPS)} can be set, received {given}. Set the other to None.")
        if name in BOUNDS:
            return number(label, value, *BOUNDS[name])
        if name == "gradient_accumulation_steps":
            steps = plain_int(value)
            if not isinstance(steps, int) or steps < 2:
                raise ValueError(f"{label} must be an int of 2 or more, or None, received {value!r}.")
            return steps
        if name == "ema_overwrite_frequency":
            return positive_int(label, value)
        return value if isinstance(value, bool) else number(label, value)

    def step_number(self, iteration: int) -> int:
        """Return the number of the update, from 1, that a call belongs to."""
        return iteration // (self.gradient_accumulation_steps or 1) + 1

    @property
    def learning_rate(self) -> float:
        """The present learning rate; assign a float or a schedule."""
        return self._rate_at(self._iterations)

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        rate = _rate(value)
        if isinstance(self._learning_rate, schedules.LearningRateSchedule) and isinstance(rate, float):
            raise TypeError(
                f"{self.name}: the learning rate follows {type(self._learning_rate).__name__} and cannot be set to "
                f"{rate}. Assign another schedule, or make the optimizer with a float."
            )
        self._learning_rate = rate

    def _rate_at(self, iteration: int) -> float:
        rate = self._learning_rate
        if isinstance(rate, float):
            return rate
        value = rate(iteration) if isinstance(rate, schedules.LearningRateSchedule) else rate()
        try:
            return float(value)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{self.name}: the learning rate is computed by {rate!r}, which gave {value!r}.") from error

    @property
    def iterations(self) -> int:
        """The number of updates so far."""
        return self._iterations // (self.gradient_accumulation_steps or 1)

    @iterations.setter
    def iterations(self, value: int) -> None:
        self._iterations = int(value) * (self.gradient_accumulation_steps or 1)

    @property
    def _settled_rate(self) -> Any:
        """What a configuration holds: a schedule, or a rate; of a callable, the present one."""
        rate = self._learning_rate
        return rate if isinstance(rate, schedules.LearningRateSchedule) else self.learning_rate

    def get_config(self) -> dict[str, Any]:
        hyper = {name: getattr(self, name) for name in self.hyper}
        return super().get_config() | taken(type(self), hyper)  # options name them, too

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return an optimizer from what `get_config` gave."""
        rate = config.get("learning_rate")
        if isinstance(rate, dict):
            config = config | {"learning_rate": schedules.deserialize(rate, custom_objects)}
        return super().from_config(config)

    def __repr__(self) -> str:
        kind, rate = type(self).__name__, self.learning_rate
        return f"<{kind} {self.name!r} learning_rate={rate:g} iterations={self.iterations}>"


def _rate(value: Any) -> Any:
    """A learning rate as a float, a schedule or a callable."""
    if isinstance(value, float | np.floating):
        return float(number("learning_rate", value, 0))  # by less than 0 the loss would grow
    if callable(value) and not isinstance(value, type):
        return value
    fix = (
        f" Write {float(number('learning_rate', value, 0))!r}."
        if isinstance(value, int) and not isinstance(value, bool)
        else ""
    )
    raise ValueError(
        f"learning_rate must be a float, a LearningRateSchedule or a callable without arguments, received {value!r} "
        f"of type {type(value).__name__}.{fix}"
    )
