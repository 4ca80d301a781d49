"""array-api-strict as a backend: a stand-in for a GPU, on which whatever the standard does not promise fails."""

import array_api_strict as xp
import numpy as np

from arraynet.backend import ArrayAPIBackend


class StrictBackend(ArrayAPIBackend):
    """The strict library on a device that is not the CPU, so that a forgotten transfer raises."""

    def __init__(self):
        xp.set_array_api_strict_flags(api_version="2024.12")
        super().__init__(xp, xp.Device("device1"), "strict")

    def asarray(self, x, dtype=None):
        kind = None if dtype is None else getattr(self.xp, dtype)
        if isinstance(x, self.array_types):
            return x if kind in (None, x.dtype) else self.xp.astype(x, kind)
        return self.xp.asarray(np.asarray(x, dtype))

    def to_numpy(self, x):
        return np.from_dlpack(x.to_device(xp.Device("CPU_DEVICE")))
