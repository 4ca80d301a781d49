"""FTRL: follow the regularised leader, for sparse linear models."""

from typing import Any

from arraynet.dispatch import op
from arraynet.optimizers.base import Optimizer

__all__ = ["Ftrl"]


@op(promote=None)
def ftrl_step(
    xp: Any, w: Any, g: Any, accumulator: Any, linear: Any, /,
    learning_rate: Any, learning_rate_power: Any, beta: Any, l1_regularization_strength: Any,
    l2_regularization_strength: Any, l2_shrinkage_regularization_strength: Any,
) -> Any:  # fmt: skip
    """Return the new weight, sum of squares and linear term; the weight is a function of the latter two."""
    l1, power = l1_regularization_strength, -learning_rate_power
    l2 = l2_regularization_strength + beta / (2 * learning_rate)
    squares = accumulator + g * g
    root, before = (xp.sqrt(a) if power == 0.5 else a**power for a in (squares, accumulator))
    shrunk = g + w * (2 * l2_shrinkage_regularization_strength)
    linear = linear + shrunk - w * (root - before) / learning_rate
    new = (xp.clip(linear, -l1, l1) - linear) / (root / learning_rate + 2 * l2)
    return new, squares, linear


class Ftrl(Optimizer):
    """Follow the regularised leader; the first step forgets the initial weights.

    ``a += g**2``, ``z += g - w * (sqrt(a) - sqrt(a before)) / learning_rate``, and
    ``w = (clip(z, -l1, l1) - z) / (sqrt(a) / learning_rate + 2 l2)``.
    H. B. McMahan and others, Ad click prediction: a view from the trenches, KDD 2013.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        As for every optimizer.
    learning_rate_power : float
        Zero or less; the rate falls with this power of the sum of squares.
    initial_accumulator_value : float
        Where that sum starts.
    l1_regularization_strength, l2_regularization_strength : float
        Penalties, not negative.
    l2_shrinkage_regularization_strength : float
        A penalty on the size of weights, through the gradient.
    beta : float
        Added to the second penalty, over twice the learning rate.
    **options
        Those of `Optimizer`.

    Raises
    ------
    ValueError
        `learning_rate_power` is above 0, or another number below 0.
    """

    step = ftrl_step
    hyper = (
        "learning_rate_power",
        "initial_accumulator_value",
        "l1_regularization_strength",
        "l2_regularization_strength",
        "l2_shrinkage_regularization_strength",
        "beta",
    )

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.learning_rate_power, self.beta = learning_rate_power, beta
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        if learning_rate_power > 0:
            raise ValueError(f"Ftrl: learning_rate_power must be zero or less, received {learning_rate_power!r}.")

    def step_scalars(self, iteration: int) -> dict[str, float]:
        scalars = super().step_scalars(iteration)
        if not scalars["learning_rate"]:
            raise ValueError("Ftrl divides by its learning rate, which is 0: make it small instead, or stop training.")
        return scalars

    def slots(self) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value, "linear": 0.0}
