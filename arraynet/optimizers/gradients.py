"""What gradients go through before a step: they must fit, be there, and stay within bounds."""

from typing import Any

from arraynet.checks import warn
from arraynet.optimizers import common
from arraynet.optimizers.settings import Settings
from arraynet.tensor import Tensor, as_tensor
from arraynet.variable import Variable

__all__ = ["clipped", "fitting", "present"]


def fitting(gradient: Any, variable: Variable) -> Tensor:
    """A gradient on its variable's backend, in its dtype."""
    tensor = as_tensor(gradient, variable.backend, variable.dtype.name)
    if tensor.shape != variable.shape:
        raise ValueError(f"The gradient of {variable.path} has shape {tensor.shape}, the variable {variable.shape}.")
    return tensor


def present(grads: list[Any], variables: list[Variable]) -> tuple[list[Any], list[Variable]]:
    """Gradients that are there, and their variables."""
    pairs = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
    missing = [v.path for g, v in zip(grads, variables, strict=True) if g is None]
    if not pairs:
        raise ValueError(
            f"No gradients provided for any variable: {', '.join(missing)}. The loss does not depend on them in a way "
            f"that has derivatives: compute it under the tape, in arraynet.ops all the way; NumPy, .numpy(), argmax, "
            f"comparisons, casts to int and stop_gradient cut it off."
        )
    if missing:
        warn(
            f"No gradients for {', '.join(missing)}: the loss does not depend on them, so they stay as they are.",
        )
    return [g for g, _ in pairs], [v for _, v in pairs]


def clipped(settings: Settings, grads: list[Tensor]) -> list[Tensor]:
    """Gradients within the one bound that is set, if any is."""
    if settings.clipnorm:
        return [common.clip_by_norm(g, limit=settings.clipnorm) for g in grads]
    if settings.clipvalue:
        return [common.clip_by_value(g, limit=settings.clipvalue) for g in grads]
    if settings.global_clipnorm:
        norm = common.global_norm(*grads)
        return [common.clip_by_global_norm(g, norm, limit=settings.global_clipnorm) for g in grads]
    return grads
