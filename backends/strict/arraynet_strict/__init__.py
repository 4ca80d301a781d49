"""array-api-strict as a backend: a stand-in for a GPU, on which whatever the standard does not promise fails.

The library refuses ``np.asarray`` of an array that is not on the CPU, but lets ``float()``, ``bool()``
and DLPack through, each of which would be a synchronisation and a copy on a GPU. Here they raise, so
that a copy nobody asked for fails a test; the backend's own two doors are counted instead.
"""

from collections import Counter

import array_api_strict as xp
import numpy as np

from arraynet.backend import ArrayAPIBackend

CPU, DEVICE = xp.Device("CPU_DEVICE"), xp.Device("device1")
HIDDEN = ("__float__", "__int__", "__bool__", "__index__", "__complex__", "__dlpack__", "__buffer__", "__array__")


class HiddenCopyError(RuntimeError):
    """A device array was read by the host other than through `StrictBackend.to_numpy`."""


def _refused_off_cpu(array_type, name):
    original = getattr(array_type, name)

    def method(self, *args, **kwargs):
        if self.device != CPU:
            raise HiddenCopyError(
                f"{name} of an array on {self.device}: on a GPU this is a hidden copy. "
                f"Stay in the namespace, or ask for the values with Tensor.numpy()."
            )
        return original(self, *args, **kwargs)

    method.refuses = True
    return method


def refuse_hidden_copies(array_type):
    """Make an array class of the library refuse what reads device memory; its CPU arrays stay as they are."""
    for name in HIDDEN:
        if hasattr(array_type, name) and not hasattr(getattr(array_type, name), "refuses"):
            setattr(array_type, name, _refused_off_cpu(array_type, name))


class StrictBackend(ArrayAPIBackend):
    """The strict library on a device that is not the CPU.

    Attributes
    ----------
    copies : Counter
        How many arrays went through the doors: ``"in"`` to the device, ``"out"`` to the host.
    """

    def __init__(self):
        xp.set_array_api_strict_flags(api_version="2024.12")
        super().__init__(xp, DEVICE, "strict")
        self.copies = Counter()
        refuse_hidden_copies(self.array_types[0])

    def asarray(self, x, dtype=None):
        if not isinstance(x, self.array_types):
            self.copies["in"] += 1
        return super().asarray(x, dtype)

    def to_numpy(self, x):
        self.copies["out"] += 1
        return np.from_dlpack(x.to_device(CPU))

    def guard(self):
        return np.errstate(all="ignore")  # NumPy does the arithmetic underneath


def static_shapes():
    """Return a context in which boolean masks and shapes that depend on values raise, as in a captured program."""
    return xp.ArrayAPIStrictFlags(api_version="2024.12", boolean_indexing=False, data_dependent_shapes=False)
