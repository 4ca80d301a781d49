"""What a layer accepts, checked at every call: a wrong shape is explained before any arithmetic fails on it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from arraynet.layers.shapes import is_shape
from arraynet.tensor import Tensor
from arraynet.tree import flatten

__all__ = ["InputSpec", "check_inputs", "refuse_several"]


@dataclass(frozen=True)
class InputSpec:
    """The rank and axes that a layer expects of an input; what is left out is free.

    Parameters
    ----------
    ndim, min_ndim, max_ndim : int, optional
        The rank, the batch axis included.
    axes : mapping of int to int, optional
        The lengths of some axes, such as ``{-1: 784}``.
    """

    ndim: int | None = None
    min_ndim: int | None = None
    max_ndim: int | None = None
    axes: Mapping[int, int] = field(default_factory=dict)

    def check(self, shape: tuple[int | None, ...], layer: Any) -> None:
        """Raise a ValueError that names the layer if a shape is not what is expected."""
        rank = len(shape)
        if self.ndim is not None and rank != self.ndim:
            self._refuse(f"an input of rank {self.ndim}", shape, layer)
        if self.min_ndim is not None and rank < self.min_ndim:
            lone = " Is it one sample? Give it the axis of samples: x[None]." if rank == self.min_ndim - 1 else ""
            self._refuse(f"an input of rank {self.min_ndim} or more", shape, layer, lone)
        if self.max_ndim is not None and rank > self.max_ndim:
            self._refuse(f"an input of rank {self.max_ndim} or less", shape, layer)
        for axis, length in self.axes.items():
            if shape[axis] not in (None, length):
                samples = (None, *shape[1:]) if rank > 1 else shape
                remedy = f" It was built for that length. {_remedy(shape, length)}"
                self._refuse(f"axis {axis} of its input to have length {length}", samples, layer, remedy)

    @staticmethod
    def _refuse(expected: str, shape: tuple[int | None, ...], layer: Any, remedy: str = "") -> None:
        raise ValueError(
            f"Layer {layer.name!r} ({type(layer).__name__}) expects {expected}, received an input of shape "
            f"{shape}, which has rank {len(shape)} (axis 0 counts the samples of a batch).{remedy}"
        )


def _remedy(shape: tuple[int | None, ...], length: int) -> str:
    """Samples that are tables, such as images, may only need to be unrolled."""
    if len(shape) > 2 and math.prod(axis or 0 for axis in shape[1:]) == length:
        return f"Unroll each sample: x.reshape((-1, {length})), or layers.Flatten() in front of the layer."
    return "Bring the input into that shape, or make a new layer."


def refuse_several(inputs: Any, layer: Any) -> None:
    """Raise ValueError if a layer that takes one array is given a dict or a list of them, or of their shapes."""
    if isinstance(inputs, dict):
        received, mend, key = f"a dict of {sorted(inputs)}", "Pass the array itself", min(inputs, default="name")
    elif isinstance(inputs, list | tuple) and len(inputs) > 1 and not is_shape(inputs):
        received, mend, key = f"{len(inputs)} of them", "Make one of them (ops.stack, ops.concatenate)", 0
    else:
        return
    if isinstance(layer.input_spec, InputSpec):
        raise ValueError(
            f"Layer {layer.name!r} ({type(layer).__name__}) expects an array, received {received}. {mend}, or write a "
            f"Model whose call takes inputs[{key!r}]."
        )


def check_inputs(specs: Any, inputs: Any, layer: Any) -> None:
    """Check each of the input Tensors against the spec in the same place."""
    if specs is None:
        return
    refuse_several(inputs, layer)
    specs, inputs = flatten(specs), flatten(inputs)
    if len(specs) != len(inputs):
        raise ValueError(
            f"Layer {layer.name!r} ({type(layer).__name__}) expects {len(specs)} inputs, received {len(inputs)}."
        )
    for spec, x in zip(specs, inputs, strict=True):
        if not isinstance(x, Tensor):
            raise TypeError(f"Layer {layer.name!r} ({type(layer).__name__}) expects an array, received {x!r}.")
        spec.check(x.shape, layer)
