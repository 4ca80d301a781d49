"""Optimizers, each after six steps on two Variables, of shapes that a network has."""

from collections.abc import Callable
from functools import partial
from typing import Any

from arraynet import optimizers
from arraynet.optimizers import schedules
from arraynet.testing.case import normal
from arraynet.testing.parts.part import Part
from arraynet.variable import Variable

__all__ = ["OPTIMIZERS"]

STEPS = 6


def part(make: Callable[..., Any], variant: str = "", **options: Any) -> Part:
    """Return a line of the table: the class and its options."""
    name = f"{make.__name__}-{variant}" if variant else make.__name__
    return Part("optimizer", name, partial(_run, partial(make, **options)), "training")


def _run(make: Callable[[], Any]) -> dict[str, Any]:
    variables = [Variable(normal(*shape).astype("float32"), name=f"w{k}") for k, shape in enumerate([(4, 3), (3,)])]
    optimizer = make()
    for k in range(STEPS):
        optimizer.apply([normal(*v.shape, seed=k + 1).astype("float32") for v in variables], variables)
    return {v.name: v for v in (*variables, *optimizer.variables)} | {"iterations": optimizer.iterations}


OPTIMIZERS = [
    part(optimizers.SGD),
    part(optimizers.SGD, "momentum", learning_rate=0.1, momentum=0.9, nesterov=True, clipnorm=0.5),
    part(optimizers.SGD, "schedule", learning_rate=schedules.CosineDecay(0.1, 4), global_clipnorm=1.0),
    part(optimizers.RMSprop),
    part(optimizers.RMSprop, "centered", momentum=0.9, centered=True, clipvalue=0.5),
    part(optimizers.Adam),
    part(optimizers.Adam, "amsgrad", amsgrad=True, use_ema=True, ema_overwrite_frequency=4),
    part(optimizers.AdamW, learning_rate=0.01),
    part(optimizers.Adamax),
    part(optimizers.Nadam),
    part(optimizers.Adagrad, learning_rate=0.1),
    part(optimizers.Adadelta, learning_rate=1.0),
    part(optimizers.Lion, weight_decay=0.01),
    part(optimizers.Lamb),
    part(optimizers.Ftrl, learning_rate=0.1, l1_regularization_strength=0.01),
    part(optimizers.Adam, "accumulated", gradient_accumulation_steps=2, loss_scale_factor=4.0),
]
