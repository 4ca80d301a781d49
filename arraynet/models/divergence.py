"""A loss that stops being a number: in which step it did and, where somebody asks, by which op of which layer.

A captured step must not ask for values, so it counts on the device the steps that went well; one look at the end
of an epoch tells the first that did not.
"""

import math
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import numpy as np

from arraynet import config, ops
from arraynet.checks import listed, warn
from arraynet.layers.context import current_call
from arraynet.losses.base import Loss
from arraynet.metrics import Mean
from arraynet.observers import Observer
from arraynet.optimizers import Optimizer
from arraynet.tensor import Tensor
from arraynet.tree import flatten
from arraynet.variable import Variable

__all__ = ["RunningLoss", "check_finite", "debugged"]

DOMAINS = dict.fromkeys(("log", "log2", "log10"), "above 0, as in ops.log(x + 1e-7)")
DOMAINS |= dict.fromkeys(("sqrt", "rsqrt"), "above 0, as in ops.sqrt(x + 1e-7)")
DOMAINS |= dict.fromkeys(("true_divide", "reciprocal"), "away from a divisor of 0, as in x / (y + 1e-7)")
DOMAINS |= {"log1p": "above -1", "arccos": "between -1 and 1", "arcsin": "between -1 and 1"}
"""Where ops are defined: outside it the learning rate is not to blame."""


class RunningLoss(Mean):
    """The mean loss of an epoch, and how many of its steps came before the first that was not finite."""

    def __init__(self) -> None:
        super().__init__("loss", "float32" if config.floatx() == "float16" else None)  # a sum outgrows float16
        self.finite = self.add_variable(name="finite")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add a batch's loss, weighted by its number of samples."""
        super().update_state(values, sample_weight)
        self.finite.assign_add(ops.cast(ops.isfinite(self.total), self.dtype))  # once NaN, a sum stays so


def check_finite(model: Any, logs: Mapping[str, float], epoch: int) -> None:
    """Say in which step of an epoch the loss was lost; raise FloatingPointError if the weights are lost with it."""
    loss = logs.get("loss", 0.0)
    if math.isfinite(loss):
        return
    tracker = model._loss_tracker  # which knows nothing of a loss that a train_step of the user's own returns
    step = "" if finite(tracker.total) else f"step {int(tracker.finite) + 1} of "
    broken = [v.path for v in model.trainable_variables if not finite(v)]
    text = f"The loss of model {model.name!r} became {loss} in {step}epoch {epoch}"
    if broken:
        raise FloatingPointError(
            f"{text}, and the weights {listed(broken)} are not finite any more. {remedy(model)} "
            f"fit(debug=True) names the op and the layer that begin it."
        )
    warn(f"{text}; the weights are still finite. {remedy(model)}", RuntimeWarning)


def remedy(model: Any) -> str:
    """Return what usually helps."""
    rate = model.optimizer.learning_rate
    return (
        f"Lower the learning rate (now {rate:g}), bound the gradients (clipnorm=1.0 in the optimizer), and look for "
        f"extreme values in the data."
    )


def finite(x: Any) -> bool:
    """Tell whether a Tensor, Variable or array holds neither NaN nor infinity."""
    return bool(np.isfinite(np.asarray(x)).all())


def debugged(model: Any, step: Callable[..., Any], epoch: int) -> Callable[..., Any]:
    """Return a step that looks at loss and weights when it is done, and explains what is not finite."""
    numbers = count(1)

    def watched(x: Any, y: Any, sample_weight: Any) -> Any:
        number, restore = next(numbers), _snapshot(model)
        returned = step(x, y, sample_weight)
        if finite(model._loss_tracker.total) and all(map(finite, model.trainable_variables)):
            return returned
        restore()
        finder = Finder()
        try:
            finder.during(step, (x, y, sample_weight))  # eagerly, since somebody watches
        finally:
            restore()
        raise FloatingPointError(
            f"Step {number} of epoch {epoch} of model {model.name!r}: {_cause(finder, x, y, model)} The weights are "
            f"those before this step."
        )

    return watched


def _snapshot(model: Any) -> Callable[[], None]:
    """Remember weights, metrics, the optimizer's state and random streams; return what brings them back."""
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    holders = (model, optimizer, *model.metrics)
    values = [(variable, variable.read()) for holder in holders for variable in holder.variables]
    streams = [(generator, generator.counter) for generator in model.seed_generators]
    iterations = optimizer._iterations

    def restore() -> None:
        for variable, value in values:
            variable.put(value)
        for generator, counter in streams:
            generator.set_counter(counter)
        optimizer._iterations = iterations

    return restore


class Finder(Observer):
    """What a step computed, and where, to be searched for the origin of a value that is not finite."""

    def __init__(self) -> None:
        self.records: list[tuple[Any, list[Tensor], list[Tensor], str]] = []
        self.wrong: list[Tensor] = []
        self.place = "the step"

    def touched(self, configured: Any) -> None:
        if isinstance(configured, Loss):
            self.place = f"the loss {configured.name!r} or its gradients"
        elif isinstance(configured, Optimizer):
            self.place = f"the update by {configured.name!r}"

    def record(self, op: Any, inputs: tuple[Any, ...], static: dict[str, Any], outputs: Any) -> None:
        call = current_call()
        place = f"layer {call.layer.path!r}" if call else self.place
        outs = list(outputs) if isinstance(outputs, tuple) else [outputs]
        self.records.append((op, [x for x in inputs if isinstance(x, Tensor)], outs, place))

    def assigned(self, variable: Variable, value: Tensor) -> None:
        if not finite(value):
            self.wrong.append(value)

    def origin(self) -> tuple[Any, list[Tensor], list[Tensor], str] | None:
        """Return the earliest record that made such a value of finite ones, among those that what is wrong needs."""
        found, needed = None, {tensor.id for tensor in self.wrong}
        for made in reversed(self.records):
            _, inputs, outputs, _ = made
            if not any(y.id in needed for y in outputs):
                continue
            wrong = [x.id for x in inputs if not finite(x)]
            needed.update(wrong)
            found = found if wrong else made
        return found


def _cause(finder: Finder, x: Any, y: Any, model: Any) -> str:
    """What went wrong, and the remedy."""
    for name, value in (("x", x), ("y", y)):
        if not all(finite(leaf) for leaf in flatten(value) if leaf is not None):
            return f"{name} of this batch holds NaN or infinity; drop such samples, or fill them with np.nan_to_num."
    origin = finder.origin()
    if origin is None:
        return f"the loss is not finite. {remedy(model)}"
    op, inputs, outputs, place = origin
    given = "; ".join(map(_described, inputs))
    value = "NaN" if any(np.isnan(np.asarray(y)).any() for y in outputs) else "infinity"
    mend = f"Keep what it is given {DOMAINS[op.name]}." if op.name in DOMAINS else remedy(model)
    return f"the op {op.name!r} in {place} made {value} of {given}. {mend}"


def _described(x: Tensor) -> str:
    values = x.numpy()
    spread = f" from {values.min():.3g} to {values.max():.3g}" if values.size else ""
    return f"{x.dtype} {x.shape}{spread}"
