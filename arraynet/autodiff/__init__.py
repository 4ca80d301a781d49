"""Derivatives of recorded computations: the tape, and the functions built on it."""

from arraynet.autodiff.custom import checkpoint, custom_vjp
from arraynet.autodiff.functional import grad, jvp, value_and_grad, vjp
from arraynet.autodiff.jacobians import hessian, hvp, jacobian
from arraynet.autodiff.tape import GradientTape

__all__ = ["GradientTape", "checkpoint", "custom_vjp", "grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad",
           "vjp"]  # fmt: skip
