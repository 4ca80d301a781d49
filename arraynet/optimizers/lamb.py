"""LAMB: Adam's direction, with the length of each variable."""

from typing import Any

from arraynet.dispatch import op
from arraynet.optimizers.adam import _Moments, moments

__all__ = ["Lamb"]


@op(promote=None)
def lamb_step(
    xp: Any, w: Any, g: Any, m: Any, v: Any, /,
    learning_rate: Any, m_scale: Any, v_scale: Any, beta_1: Any, beta_2: Any, epsilon: Any,
) -> Any:  # fmt: skip
    """Return the new weight and moments; where a norm is zero the ratio of norms is one."""
    m, v = moments(g, m, v, beta_1, beta_2)
    r = m * m_scale / (xp.sqrt(v * v_scale) + epsilon)
    w_norm, r_norm = xp.sqrt(xp.sum(w * w)), xp.sqrt(xp.sum(r * r))
    one = xp.ones_like(w_norm)
    both = (w_norm > 0) & (r_norm > 0)
    ratio = xp.where(both, w_norm, one) / xp.where(both, r_norm, one)
    return w - r * ratio * learning_rate, m, v


class Lamb(_Moments):
    """Adam with a trust ratio: the norm of each variable's step is the variable's norm times the learning rate.

    With Adam's moments m and v without their bias, ``r = m / (sqrt(v) + epsilon)`` and
    ``w -= learning_rate * |w| / |r| * r``, where ``|w| / |r|`` is 1 if one of them is 0.
    Y. You and others, Large batch optimization for deep learning: training BERT in 76 minutes, ICLR 2020.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        As for every optimizer.
    beta_1, beta_2 : float
        The shares of the old moments that stay at each step, of gradients and of their squares.
    epsilon : float
        Added to the root.
    **options
        Those of `Optimizer`.
    """

    step = lamb_step

    def step_scalars(self, iteration: int) -> dict[str, float]:
        t = self.step_number(iteration)
        return super().step_scalars(iteration) | {
            "m_scale": 1 / (1 - self.beta_1**t),
            "v_scale": 1 / (1 - self.beta_2**t),
        }
