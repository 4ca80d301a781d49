"""The frame of every optimizer: one step, with clipping, decay and averages around its own rule.

An optimizer adds its hyper-parameters and one pure op, its step. Numbers that change from step to step (the
learning rate, bias corrections) come from the host, so a captured program asks for them at every replay.
"""

import re
from collections.abc import Iterable
from functools import partial
from typing import Any

from arraynet import ops
from arraynet.dispatch import Op
from arraynet.observers import notify
from arraynet.operands import HostScalar
from arraynet.optimizers import common
from arraynet.optimizers.gradients import clipped, fitting, present
from arraynet.optimizers.state import State
from arraynet.plugins import use_backend
from arraynet.tensor import Tensor
from arraynet.variable import Variable

__all__ = ["Optimizer"]


class Optimizer(State):
    """Base of all optimizers, which update variables by their gradients.

    A subclass names its hyper-parameters in `hyper`, its state in `slots`, and its update rule, an op
    ``step(xp, w, g, *slots, **scalars) -> (w, *slots)``; the scalars are hyper-parameters and what
    `step_scalars` gives.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        A callable takes no arguments and returns a float.
    weight_decay : float, optional
        Share, times the learning rate, by which weights shrink before each update.
    clipnorm, clipvalue, global_clipnorm : float, optional
        Bound on each gradient's norm, on each element, or on the norm of all gradients; at most one of them.
    use_ema : bool
        Whether a moving average of the weights is kept, and replaces them at the end of `fit`.
    ema_momentum : float
        The share of the old average that stays at each step.
    ema_overwrite_frequency : int, optional
        Number of steps after which the weights are replaced by their average.
    loss_scale_factor : float, optional
        What `scale_loss` multiplies by, and gradients are divided by.
    gradient_accumulation_steps : int, optional
        Number of calls, 2 or more, whose mean gradient makes one update.
    name : str, optional
        Without it the class in small letters, numbered from the second one on.

    Examples
    --------
    >>> import arraynet
    >>> w = arraynet.Variable([1.0, 2.0])
    >>> optimizer = arraynet.optimizers.SGD(learning_rate=0.5)
    >>> optimizer.apply_gradients([([1.0, 1.0], w)])
    1
    >>> w.value
    Tensor([0.5, 1.5], dtype=float32, backend=numpy)
    """

    def __init__(self, learning_rate: Any, **options: Any) -> None:
        if not isinstance(getattr(type(self), "step", None), Op):
            raise TypeError(_stepless(type(self)))
        super().__init__(learning_rate, **options)
        self._spared: tuple[frozenset[Variable], str] = frozenset(), ""

    def step_scalars(self, iteration: int) -> dict[str, float]:
        """Return what the host knows of a step; `iteration` counts calls from 0."""
        return {"learning_rate": self._rate_at(iteration)}

    def apply(self, grads: Iterable[Any], trainable_variables: Iterable[Variable] | None = None) -> None:
        """Update variables by their gradients, None where there is none.

        Parameters
        ----------
        grads : iterable of array or None
            Of the variables' shapes.
        trainable_variables : iterable of Variable, optional
            Those that the optimizer was built with, or some of them; all of them without it.

        Raises
        ------
        ValueError
            A variable that the optimizer was not built with, no gradient at all, or unequal numbers of both.
        """
        if hasattr(grads, "shape") or not isinstance(grads, Iterable):
            kind = type(grads).__name__
            raise TypeError(f"{self.name}.apply takes a list of gradients, one for each variable, received a {kind}.")
        grads = list(grads)
        if not grads:
            return
        grads, variables = present(grads, self._known(grads, trainable_variables))
        notify("touched", self)
        source = partial(self._advance)  # one for this call: a program calls it once a replay
        host = {key: HostScalar(source, value, key) for key, value in source().items()}
        with use_backend(variables[0].backend):
            self._apply(grads, variables, host)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> int:
        """Update variables from pairs of gradient and variable; return `iterations`."""
        given = grads_and_vars if isinstance(grads_and_vars, Iterable) else [grads_and_vars]
        pairs = [tuple(pair) if isinstance(pair, tuple | list) else pair for pair in given]
        wrong = [pair for pair in pairs if not isinstance(pair, tuple) or len(pair) != 2]
        if wrong:
            raise ValueError(
                f"{self.name}.apply_gradients takes pairs, zip(gradients, variables), received {wrong[0]!r} among them."
            )
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
        return self.iterations

    def _apply(self, grads: list[Any], variables: list[Variable], host: dict[str, HostScalar]) -> None:
        grads = [fitting(g, v) for g, v in zip(grads, variables, strict=True)]
        if self.loss_scale_factor is not None:
            grads = [g / self.loss_scale_factor for g in grads]
        if self.gradient_accumulation_steps:
            grads = [self._accumulated(g, v, host) for g, v in zip(grads, variables, strict=True)]
        for gradient, variable in zip(clipped(self, grads), variables, strict=True):
            self._update(gradient, variable, host)
        if self.use_ema:
            self._average(host)

    def _known(self, grads: list[Any], variables: Iterable[Variable] | None) -> list[Variable]:
        """The variables to update, checked against those that have slots."""
        if variables is None and not self.built:
            raise ValueError(f"{self.name}.apply: pass the variables too, or call build(variables) first.")
        targets = self._targets if variables is None else self._listed(variables)
        if len(targets) != len(grads):
            raise ValueError(f"{self.name}.apply: received {len(grads)} gradients for {len(targets)} variables.")
        fixed = [v.path for v in targets if v.dtype.kind != "f"]
        if fixed:
            raise TypeError(f"{self.name} updates floating Variables only, these hold integers: {', '.join(fixed)}.")
        self.build(targets)
        unknown = [v.path for v in targets if v not in self._state]
        if unknown:
            raise ValueError(
                f"{self.name} was built with other variables and does not know {', '.join(unknown)}. "
                f"If their layers were frozen or missing then, compile the model anew, with a new optimizer; in a loop "
                f"of your own, build it with all variables first."
            )
        return targets

    def _advance(self) -> dict[str, float]:
        """Host numbers of the present step; the next call gives those of the next one."""
        iteration, self._iterations = self._iterations, self._iterations + 1
        scalars = self.step_scalars(iteration)
        if self.weight_decay is not None:
            scalars["decay"] = scalars["learning_rate"] * self.weight_decay
        if self.gradient_accumulation_steps:
            scalars["update"] = float((iteration + 1) % self.gradient_accumulation_steps == 0)
        if self.use_ema:
            number = self.step_number(iteration)
            scalars["ema"] = self.ema_momentum if number > 1 else 0.0
            scalars["overwrite"] = float(number % (self.ema_overwrite_frequency or number + 1) == 0)
        return scalars

    def _accumulated(self, gradient: Tensor, variable: Variable, host: dict[str, HostScalar]) -> Tensor:
        """The mean gradient, of which only that of a whole round is used."""
        slot = self._slot(variable, "gradient_accumulator")
        total = slot.read() + gradient
        slot.put(common.chosen(ops.zeros_like(total), total, take=host["update"]))
        return total / self.gradient_accumulation_steps  # type: ignore[no-any-return]

    def _update(self, gradient: Tensor, variable: Variable, host: dict[str, HostScalar]) -> None:
        targets = [variable, *(self._slot(variable, name) for name in self.slots())]
        old = [target.read() for target in targets]
        w = common.decayed(old[0], decay=host["decay"]) if self._decays(variable) else old[0]
        scalars = {name: host[name] if name in host else getattr(self, name) for name in self.step.static}
        results = self.step(w, gradient, *old[1:], **scalars)
        new = results if isinstance(results, tuple) else (results,)
        if len(new) != len(targets):
            expected = ", ".join(["w", *self.slots()])
            raise TypeError(
                f"{self.step.name} must return {expected}, for {type(self).__name__}; it returned {len(new)}."
            )
        if self.gradient_accumulation_steps:
            new = tuple(common.chosen(n, o, take=host["update"]) for n, o in zip(new, old, strict=True))
        for target, value in zip(targets, new, strict=True):
            target.put(value)

    def _average(self, host: dict[str, HostScalar]) -> None:
        for variable in self._targets:
            slot = self._slot(variable, "average")
            average = common.moving_average(slot.read(), variable.read(), momentum=host["ema"])
            slot.put(average)
            if self.ema_overwrite_frequency:
                variable.put(common.chosen(average, variable.read(), take=host["overwrite"]))

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: str | Iterable[str] | None = None
    ) -> None:
        """Spare variables from weight decay.

        Parameters
        ----------
        var_list : iterable of Variable, optional
            The variables themselves.
        var_names : str or iterable of str, optional
            Regular expressions; a variable is spared if one of them is found in its name.

        Raises
        ------
        ValueError
            The optimizer is built already.
        """
        if self.built:
            raise ValueError(f"{self.name}: call exclude_from_weight_decay before the first step or build.")
        names = [var_names] if isinstance(var_names, str) else var_names or ()
        self._spared = frozenset(var_list or ()), "|".join(names)

    def _decays(self, variable: Variable) -> bool:
        spared, pattern = self._spared
        named = bool(pattern) and re.search(pattern, variable.name) is not None
        return self.weight_decay is not None and variable not in spared and not named

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss times `loss_scale_factor`, to keep small gradients from vanishing in float16."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def finalize_variable_values(self, trainable_variables: Iterable[Variable]) -> None:
        """Replace variables by their moving averages, if those are kept; `fit` calls it at its end."""
        if self.use_ema and self.built:
            for variable in trainable_variables:
                variable.assign(self._slot(variable, "average"))


def _stepless(cls: type) -> str:
    """What is said of a class without an update rule, as one is that was written for Keras."""
    unused = " Its update_step, as Keras has it, is never called." if hasattr(cls, "update_step") else ""
    return (
        f"{cls.__name__} has no update rule. In the class write step = my_step, and above it, with @op(promote=None), "
        f"def my_step(xp, w, g, /, learning_rate): return w - g * learning_rate.{unused} See docs/extend/optimizer.md."
    )
