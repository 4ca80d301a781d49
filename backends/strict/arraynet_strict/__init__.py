"""array-api-strict as a backend: a stand-in for a GPU, on which whatever the standard does not promise fails."""

import array_api_strict as xp
import numpy as np
from arraynet.backend import ArrayAPIBackend


class StrictBackend(ArrayAPIBackend):
    """The strict library on a device that is not the CPU, so that a forgotten transfer raises."""

    def __init__(self):
        super().__init__(xp, xp.Device("device1"), "strict")

    def to_numpy(self, x):
        return np.from_dlpack(xp.asarray(x, device=xp.Device("CPU_DEVICE"), copy=True))
