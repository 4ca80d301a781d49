"""The parts of a backend below the ops: its two doors, and the primitives that the standard lacks."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from arraynet.backend import Backend, NumPyBackend
from arraynet.dtypes import DTYPES

__all__ = ["check_doors", "check_pending", "check_primitives"]


def check_doors(backend: Backend) -> Iterator[str]:
    """Yield what is wrong with `asarray` and `to_numpy`, and with what the backend says of itself."""
    if not isinstance(backend.name, str):
        yield f"name is {backend.name!r}, expected a str"
    if unknown := sorted(set(backend.dtypes).difference(DTYPES)):
        yield f"dtypes holds {unknown}, expected some of {', '.join(DTYPES)}"
    for dtype in sorted(set(backend.dtypes).intersection(DTYPES)):
        for host in (np.array([[0, 1], [1, 0]], dtype).T, np.array(1, dtype), np.zeros((0, 2), dtype)):
            try:
                array = backend.asarray(host, dtype)
                back = backend.to_numpy(array)
            except Exception as error:  # whatever a plugin raises is a finding
                yield f"doors: {dtype} of shape {host.shape} raises {type(error).__name__}: {error}"
                continue
            if not isinstance(array, backend.array_types):
                yield f"doors: asarray returns a {type(array).__name__}, which is not in array_types"
            if not isinstance(back, np.ndarray | np.generic):
                yield f"doors: to_numpy returns a {type(back).__name__}"
            elif back.dtype != host.dtype or back.shape != host.shape or (back != host).any():
                yield f"doors: {dtype} of shape {host.shape} comes back as {back.dtype} of shape {back.shape}"


def check_pending(backend: Backend) -> Iterator[str]:
    """Yield what is wrong if a host array is written to while its copy may still be under way."""
    host, changed = np.empty(1 << 20, "float32"), False
    try:
        for _ in range(8):  # a copy that is late is not so each time
            host[...] = 1
            array = backend.asarray(host)
            doubled = array + array
            host[...] = 5
            changed |= bool((backend.to_numpy(doubled) != 2).any())
    except Exception as error:  # whatever a plugin raises is a finding
        yield f"doors: a sum of two arrays raises {type(error).__name__}: {error}"
        return
    if changed:
        yield "doors: a result changes when the host array that it was computed from is written to afterwards"


def check_primitives(backend: Backend) -> Iterator[str]:
    """Yield what is wrong with `index_add`, `erf` and the random primitives."""
    reference = NumPyBackend()
    calls: dict[str, tuple[Any, ...]] = {
        "index_add": (np.ones((3, 2), "float32"), np.array([2, 0, 2], "int32"), np.full((3, 2), 0.5, "float32")),
        "erf": (np.linspace(-6, 6, 49, dtype="float32"),),
        "random_words": ((7, 11), 3, 10, 16),
        "random_normals": ((7, 11), 3, 10, 0.0, 1.0),
    }
    for name, args in calls.items():
        expected = getattr(reference.xp, name)(*args)
        try:
            entered = [backend.asarray(a) if isinstance(a, np.ndarray) else a for a in args]
            found = backend.to_numpy(getattr(backend.xp, name)(*entered))
            wrong = found.dtype != expected.dtype or not np.allclose(found, expected, rtol=1e-6, atol=0)
        except Exception as error:  # whatever a plugin raises is a finding
            yield f"primitive {name!r} raises {type(error).__name__}: {error}"
            continue
        if wrong:
            yield f"primitive {name!r} differs from the reference's"
