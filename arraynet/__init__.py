"""Neural networks on any array library: see README.md, or `arraynet.ops` and `arraynet.layers`."""

from importlib import import_module
from typing import Any

from arraynet import (
    activations,
    callbacks,
    config,
    datasets,
    initializers,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    random,
    regularizers,
    saving,
    utils,
)
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
from arraynet.inspection import explain
from arraynet.layers import Input
from arraynet.models import Model, Sequential
from arraynet.ops import stop_gradient
from arraynet.plugins import available_backends, get_backend, set_backend, use_backend
from arraynet.program import jit
from arraynet.tensor import Tensor, Variable

__all__ = [
    "GradientTape",
    "Input",
    "Model",
    "Sequential",
    "Tensor",
    "Variable",
    "activations",
    "available_backends",
    "callbacks",
    "checkpoint",
    "config",
    "custom_vjp",
    "datasets",
    "explain",
    "get_backend",
    "grad",
    "hessian",
    "hvp",
    "initializers",
    "jacobian",
    "jit",
    "jvp",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "random",
    "regularizers",
    "saving",
    "set_backend",
    "stop_gradient",
    "testing",
    "use_backend",
    "utils",
    "value_and_grad",
    "vjp",
]


def __getattr__(name: str) -> Any:
    if name == "testing":  # sample data of every op, which only tests need
        return import_module("arraynet.testing")
    raise AttributeError(f"module 'arraynet' has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """Add ``%backend``, ``%%backend`` and ``%%explain`` to IPython: what ``%load_ext arraynet`` calls."""
    import_module("arraynet.notebook").load(shell)
