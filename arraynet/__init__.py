"""Neural networks on any array library: see README.md, or `arraynet.ops` and `arraynet.layers`."""

from arraynet import config, ops
from arraynet.autodiff import (
    GradientTape,
    checkpoint,
    custom_vjp,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)
from arraynet.plugins import available_backends, get_backend, set_backend, use_backend
from arraynet.tensor import Tensor, Variable
