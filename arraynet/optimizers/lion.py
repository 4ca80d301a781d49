"""Lion: updates by the sign of a mixture of gradient and momentum."""

from typing import Any

from arraynet.dispatch import op
from arraynet.optimizers.base import Optimizer

__all__ = ["Lion"]


@op(promote=None)
def lion_step(xp: Any, w: Any, g: Any, m: Any, /, learning_rate: Any, beta_1: Any, beta_2: Any) -> Any:
    """Return the new weight and momentum; the sign is that of the old momentum mixed with the gradient."""
    direction = xp.sign(m * beta_1 + g * (1 - beta_1))
    return w - direction * learning_rate, m * beta_2 + g * (1 - beta_2)


class Lion(Optimizer):
    """Move every weight by the learning rate, in the direction of a sign.

    ``w -= learning_rate * sign(beta_1 m + (1 - beta_1) g)``, then ``m = beta_2 m + (1 - beta_2) g``. X. Chen and
    others, Symbolic discovery of optimization algorithms, NeurIPS 2023.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        As for every optimizer.
    beta_1 : float
        In (0, 1]: the share of the momentum in the mixture with the gradient whose sign is taken.
    beta_2 : float
        The share of the old momentum that stays at each step.
    **options
        Those of `Optimizer`.

    Raises
    ------
    ValueError
        `beta_1` is 0.
    """

    step = lion_step
    hyper = ("beta_1", "beta_2")

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2 = beta_1, beta_2
        if not beta_1:
            raise ValueError(f"Lion: beta_1 must be above 0 and at most 1, received {beta_1!r}.")

    def slots(self) -> dict[str, float]:
        return {"momentum": 0.0}
