"""In which dtype a layer computes, and in which it keeps its weights: the same one, or float16 and float32."""

from typing import Any

import numpy as np

from arraynet import dtypes
from arraynet.ops import cast
from arraynet.tensor import Tensor
from arraynet.variable import Variable

__all__ = ["Precision", "policy_of"]

MIXED = {"mixed_float16": ("float16", "float32")}  # policy: (compute dtype, dtype of the Variables)


def policy_of(dtype: Any) -> str:
    """Return the policy that a layer's argument `dtype` stands for, floatx without one."""
    return dtype if dtype in MIXED else dtypes.standardize(dtype or "float")


class Precision:
    """The dtypes of a layer, which all follow from its policy."""

    dtype_policy: str

    @property
    def compute_dtype(self) -> str:
        """What floating inputs are cast to."""
        return MIXED.get(self.dtype_policy, (self.dtype_policy,))[0]

    @property
    def variable_dtype(self) -> str:
        """The dtype of floating weights."""
        return MIXED.get(self.dtype_policy, (self.dtype_policy,))[-1]

    @property
    def dtype(self) -> str:
        """The same as `variable_dtype`."""
        return self.variable_dtype

    def cast(self, x: Any) -> Any:
        """Return a Tensor or Variable in the dtype in which this layer computes."""
        here = isinstance(x, Tensor | Variable) and x.dtype == np.dtype(self.compute_dtype)
        return x if here else cast(x, self.compute_dtype)  # asking first is ten times quicker
