"""Neural networks on any array library: see README.md, or `arraynet.ops` and `arraynet.layers`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from arraynet import activations, config, initializers, ops, random, regularizers
from arraynet import masks as _masks  # adds its pass to those over programs
from arraynet import scalars as _scalars  # and its own
from arraynet import tiles as _tiles  # and its own, behind them: it makes programs of instructions
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
from arraynet.checks import absent as _absent
from arraynet.checks import instead_of as _instead_of
from arraynet.ops import stop_gradient
from arraynet.plugins import available_backends, get_backend, set_backend, use_backend
from arraynet.program import jit
from arraynet.release import __version__
from arraynet.tensor import Tensor
from arraynet.variable import Variable

if TYPE_CHECKING:
    from arraynet import callbacks, datasets, layers, losses, metrics, models, optimizers, saving, testing, utils
    from arraynet.inspection import explain
    from arraynet.layers import Input, Layer
    from arraynet.losses import Loss
    from arraynet.metrics import Metric
    from arraynet.models import Model, Sequential
    from arraynet.optimizers import Optimizer

# What an import does not wait for: loaded when it is first asked for.
_MODULES = {"callbacks", "datasets", "layers", "losses", "metrics"}
_MODULES |= {"models", "optimizers", "saving", "testing", "utils"}
_NAMES = {"explain": "inspection", "Input": "layers", "Model": "models", "Sequential": "models"}
_NAMES |= {"Layer": "layers", "Loss": "losses", "Metric": "metrics", "Optimizer": "optimizers"}

__all__ = ["GradientTape", "Input", "Layer", "Loss", "Metric", "Model", "Optimizer", "Sequential", "Tensor", "Variable",
           "activations", "available_backends", "callbacks", "checkpoint", "config", "custom_vjp", "datasets",
           "explain", "get_backend", "grad", "hessian", "hvp", "initializers", "jacobian", "jit", "jvp", "layers",
           "losses", "metrics", "models", "ops", "optimizers", "random", "regularizers", "saving", "set_backend",
           "stop_gradient", "testing", "use_backend", "utils", "value_and_grad", "version", "vjp"]  # fmt: skip


def version() -> str:
    """Return the version, which is `__version__`, too."""
    return __version__


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"arraynet.{name}")
    if name not in _NAMES:
        instead = _instead_of(name).strip()
        raise _absent(__name__, name, "name", () if instead else __all__, instead)
    globals()[name] = found = getattr(import_module(f"arraynet.{_NAMES[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: Any) -> None:
    """Add ``%backend``, ``%%backend`` and ``%%explain`` to IPython: what ``%load_ext arraynet`` calls."""
    import_module("arraynet.notebook").load(shell)
