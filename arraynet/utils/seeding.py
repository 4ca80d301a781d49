"""One call that fixes every random number of a program."""

import numpy as np

from arraynet import config
from arraynet.checks import plain_int
from arraynet.random import reset_streams

__all__ = ["set_random_seed"]


def set_random_seed(seed: int) -> None:
    """Seed Python's and NumPy's global generators and arraynet, whose unseeded streams start anew.

    Parameters
    ----------
    seed : int
        From 0 to 2**32 - 1, since NumPy takes no larger one.

    Raises
    ------
    ValueError
        Not an int in that range.
    """
    seed = plain_int(seed)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"set_random_seed: seed must be an int from 0 to 2**32 - 1, received {seed!r}.")
    import random as python_random

    config.set_seed(seed)
    python_random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (users' own code draws from it)
    reset_streams()
