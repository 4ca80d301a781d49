"""Elementary functions as branch-free polynomials, which vectorise where Numba's own do not."""

import numba
import numpy as np

inline = numba.njit(inline="never", error_model="numpy", fastmath={"contract", "nsz"})


@inline
def exp32(x):
    """e**x in float32, to about one unit in the last place (Cephes' reduction and polynomial)."""
    z = min(max(x, np.float32(-104.0)), np.float32(89.0))
    n = np.floor(z * np.float32(1.44269504) + np.float32(0.5))
    r = z - n * np.float32(0.693359375) + n * np.float32(2.12194440e-4)
    p = np.float32(1.9875691500e-4) * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    y = p * r * r + r + np.float32(1)
    half = np.int32(n) >> np.int32(1)  # in two steps, so that neither power of two leaves the range
    rest = np.int32(n) - half
    y = y * np.int32((half + 127) << 23).view(np.float32) * np.int32((rest + 127) << 23).view(np.float32)
    return y if x == x else x
