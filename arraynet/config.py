"""Process-wide defaults, and the only place where the core reads its environment variables.

A value that means nothing is an error here, at first use, with the list of values that do: a
misspelt setting that is silently ignored costs its user a day.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from arraynet.checks import choice, explain_absent, number, plain_int

__all__ = ["crossentropy", "epsilon", "floatx", "kernels", "seed", "set_crossentropy", "set_epsilon", "set_floatx",
           "set_kernels", "set_seed"]  # fmt: skip

FLOATS = ("float16", "float32", "float64")
KERNELS = ("fused", "native", "generic", "eager")


@dataclass
class _Settings:
    floatx: str = "float32"
    epsilon: float = 1e-7
    seed: int | None = None
    crossentropy: str = "logits"
    kernels: str | None = None


_settings = _Settings()


def floatx() -> str:
    """Return the name of the default floating dtype, ``"float32"`` unless it was set."""
    return _settings.floatx


def set_floatx(value: str) -> None:
    """Set the default floating dtype: ``"float16"``, ``"float32"`` or ``"float64"``.

    Raises
    ------
    ValueError
        It is another name.
    """
    _settings.floatx = choice("floatx", value, FLOATS)


def epsilon() -> float:
    """Return the small number that keeps divisions and logarithms finite, 1e-7 unless it was set."""
    return _settings.epsilon


def set_epsilon(value: float) -> None:
    """Set the value that :func:`epsilon` returns; a positive number.

    Raises
    ------
    ValueError
        Not a positive number.
    """
    if number("epsilon", value) <= 0:
        raise ValueError(f"epsilon must be a positive number, received {value!r}.")
    _settings.epsilon = float(value)


def crossentropy() -> str:
    """Return how crossentropies treat probabilities: ``"logits"`` (recovered) or ``"clip"``."""
    return _settings.crossentropy


def set_crossentropy(value: str) -> None:
    """Choose the crossentropy of probabilities.

    ``"logits"`` uses the logits behind a softmax or sigmoid, which is stable and what TensorFlow does;
    ``"clip"`` clips the probabilities to [1e-7, 1 - 1e-7], as Keras does on NumPy, JAX and PyTorch.

    Raises
    ------
    ValueError
        Neither of the two.
    """
    _settings.crossentropy = choice("crossentropy", value, ("logits", "clip"))


def seed() -> int:
    """Return the default seed: the one set, else ``ARRAYNET_SEED``, else one drawn for this process."""
    if _settings.seed is None:
        text = environment("ARRAYNET_SEED")
        if text and not text.isdecimal():
            raise ValueError(f"ARRAYNET_SEED must be a non-negative integer, received {text!r}.")
        _settings.seed = int(text) if text else int.from_bytes(os.urandom(4)) >> 1
    return _settings.seed


def set_seed(value: int) -> None:
    """Set the default seed; streams already made from the old one keep it.

    Raises
    ------
    ValueError
        Not an int, or negative.
    """
    seed = plain_int(value)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"A seed must be a non-negative int, received {value!r}.")
    _settings.seed = seed


def environment(name: str) -> str | None:
    """Return an environment variable's value; unset and empty are both None."""
    return os.environ.get(name) or None


def kernels() -> str:
    """Return how much speed is on: ``ARRAYNET_KERNELS``, or what `set_kernels` set.

    ``"fused"`` is everything; ``"native"`` does without generated loops, ``"generic"`` also without the
    backend's kernels, ``"eager"`` also without captured programs. A wrong number is bisected by it.
    """
    if _settings.kernels is None:
        _settings.kernels = choice("ARRAYNET_KERNELS", environment("ARRAYNET_KERNELS") or "fused", KERNELS)
    return _settings.kernels


def numerics() -> tuple[str, str, str, float]:
    """Return all settings that a captured program depends on: kernels, floatx, crossentropy and epsilon."""
    return kernels(), _settings.floatx, _settings.crossentropy, _settings.epsilon


def set_kernels(value: str) -> None:
    """Set what :func:`kernels` returns.

    Raises
    ------
    ValueError
        It is none of ``"fused"``, ``"native"``, ``"generic"``, ``"eager"``.
    """
    _settings.kernels = choice("kernels", value, KERNELS)


def home() -> Path:
    """Return the user cache folder, ``ARRAYNET_HOME`` or ``~/.arraynet``."""
    return Path(environment("ARRAYNET_HOME") or Path.home() / ".arraynet").expanduser()


explain_absent(__name__, "setting", "A dtype policy is given to each layer, as in Dense(3, dtype='mixed_float16').")
