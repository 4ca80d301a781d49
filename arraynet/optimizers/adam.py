"""Adam and its variants: AdamW, Nadam, Adamax."""

import math
from typing import Any

from arraynet.dispatch import op
from arraynet.optimizers.base import Optimizer
from arraynet.optimizers.common import TINY, flushed

__all__ = ["Adam", "AdamW", "Adamax", "Nadam", "moments"]


def moments(g: Any, m: Any, v: Any, beta_1: float, beta_2: float) -> tuple[Any, Any]:
    """Return the running means of a gradient and of its square, with the gradient in them; neither is denormal."""
    return flushed(m + (g - m) * (1 - beta_1)), v + (g * g + TINY - v) * (1 - beta_2)


@op(promote=None)
def adam_step(xp: Any, *arrays: Any, alpha: Any, beta_1: Any, beta_2: Any, epsilon: Any) -> Any:
    """Return the new weight, moments and, with AMSGrad, largest second moment; `alpha` corrects their bias."""
    w, g, m, v, *largest = arrays
    m, v = moments(g, m, v, beta_1, beta_2)
    if not largest:
        return w - m / (xp.sqrt(v) + epsilon) * alpha, m, v
    top = xp.maximum(largest[0], v)
    return w - m / (xp.sqrt(top) + epsilon) * alpha, m, v, top


@op(promote=None)
def nadam_step(
    xp: Any, w: Any, g: Any, m: Any, v: Any, /,
    learning_rate: Any, m_scale: Any, g_scale: Any, v_scale: Any, beta_1: Any, beta_2: Any, epsilon: Any,
) -> Any:  # fmt: skip
    """Return the new weight and moments; the scales correct the bias of moments and gradient."""
    m, v = moments(g, m, v, beta_1, beta_2)
    ahead = m * m_scale + g * g_scale
    return w - ahead / (xp.sqrt(v * v_scale) + epsilon) * learning_rate, m, v


@op(promote=None)
def adamax_step(xp: Any, w: Any, g: Any, m: Any, u: Any, /, alpha: Any, beta_1: Any, beta_2: Any, epsilon: Any) -> Any:
    """Return the new weight, first moment and running maximum; `alpha` corrects the moment's bias."""
    m = flushed(m + (g - m) * (1 - beta_1))
    u = xp.maximum(flushed(u * beta_2), xp.abs(g))
    return w - m / (u + epsilon) * alpha, m, u


class _Moments(Optimizer):
    """What all of them are made with: shares of the old moments that stay, and a small number."""

    hyper: tuple[str, ...] = ("beta_1", "beta_2", "epsilon")
    means: tuple[str, ...] = ("beta_1", "beta_2")  # shares of old means, which would stay zero with a share of 1

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def _checked(self, name: str, value: Any) -> Any:
        value = super()._checked(name, value)
        if name in self.means and value == 1:
            raise ValueError(
                f"{type(self).__name__}: {name} must be below 1, received {value!r}: the mean would stay 0."
            )
        return value

    def slots(self) -> dict[str, float]:
        return {"momentum": 0.0, "velocity": 0.0}


class Adam(_Moments):
    """Divide the running mean of the gradients by the root of the running mean of their squares.

    At step t, ``m += (1 - beta_1) (g - m)``, ``v += (1 - beta_2) (g**2 - v)``, and ``w`` falls by
    ``learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (sqrt(v) + epsilon)``.
    D. P. Kingma and J. Ba, Adam: a method for stochastic optimization, ICLR 2015.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        As for every optimizer.
    beta_1, beta_2 : float
        The shares of the old means that stay at each step, of gradients and of their squares.
    epsilon : float
        Added to the root, which is not corrected for bias: "epsilon hat" in the paper.
    amsgrad : bool
        Whether the largest mean square so far divides: Reddi et al. (2018).
    **options
        Those of `Optimizer`.
    """

    step = adam_step
    hyper = (*_Moments.hyper, "amsgrad")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)
        self.amsgrad = amsgrad

    def slots(self) -> dict[str, float]:
        return super().slots() | ({"velocity_hat": 0.0} if self.amsgrad else {})

    def step_scalars(self, iteration: int) -> dict[str, float]:
        scalars, t = super().step_scalars(iteration), self.step_number(iteration)
        correction = math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        return scalars | {"alpha": scalars["learning_rate"] * correction}


class AdamW(Adam):
    """Adam with decoupled weight decay: the decay does not pass through the running means.

    ``w -= learning_rate * weight_decay * w`` before the step of `Adam`.
    I. Loshchilov and F. Hutter, Decoupled weight decay regularization, ICLR 2019.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        As for every optimizer.
    weight_decay : float
        Share, times the learning rate, by which weights shrink before each update.
    *args, **options
        Those of `Adam`.
    """

    def __init__(self, learning_rate: Any = 0.001, weight_decay: float = 0.004, *args: Any, **options: Any) -> None:
        if weight_decay is None:
            raise ValueError("AdamW: weight_decay must be a float, received None. Use Adam for none.")
        super().__init__(learning_rate, *args, weight_decay=weight_decay, **options)


class Nadam(_Moments):
    """Adam with Nesterov momentum.

    The step is Adam's with ``mu(t+1) m / (1 - mu(1)...mu(t+1)) + (1 - mu(t)) g / (1 - mu(1)...mu(t))`` in the place of
    its mean, where ``mu(t) = beta_1 (1 - 0.5 * 0.96**t)``. T. Dozat, Incorporating Nesterov momentum into Adam, ICLR
    2016 workshop.

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

    step = nadam_step
    _product = (0.0, 0, 1.0)  # beta_1, number of factors, and their product

    def _momentum(self, t: int) -> float:
        return self.beta_1 * (1 - 0.5 * 0.96**t)

    def _momentum_product(self, t: int) -> float:
        """Product of the momenta of steps 1 to t, which is kept for the next step."""
        beta, done, product = self._product
        if beta != self.beta_1 or done > t:
            done, product = 0, 1.0
        for i in range(done + 1, t + 1):
            product *= self._momentum(i)
        self._product = self.beta_1, t, product
        return product

    def step_scalars(self, iteration: int) -> dict[str, float]:
        t = self.step_number(iteration)
        now, following, product = self._momentum(t), self._momentum(t + 1), self._momentum_product(t)
        return super().step_scalars(iteration) | {
            "m_scale": following / (1 - product * following),
            "g_scale": (1 - now) / (1 - product),
            "v_scale": 1 / (1 - self.beta_2**t),
        }


class Adamax(_Moments):
    """Adam that divides by a running maximum of the gradients' absolute values.

    At step t, ``m += (1 - beta_1) (g - m)``, ``u = max(beta_2 u, |g|)``, and ``w`` falls by
    ``learning_rate / (1 - beta_1**t) * m / (u + epsilon)``. Kingma and Ba (see `Adam`), section 7.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        As for every optimizer.
    beta_1, beta_2 : float
        The shares that stay at each step, of the mean gradient and of the maximum.
    epsilon : float
        Added to the maximum.
    **options
        Those of `Optimizer`.
    """

    step = adamax_step
    means = ("beta_1",)

    def slots(self) -> dict[str, float]:
        return {"m": 0.0, "u": 0.0}

    def step_scalars(self, iteration: int) -> dict[str, float]:
        scalars = super().step_scalars(iteration)
        return scalars | {"alpha": scalars["learning_rate"] / (1 - self.beta_1 ** self.step_number(iteration))}
