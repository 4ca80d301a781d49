"""First values of variables: each object makes them from a shape, by the names of ``keras.initializers``.

Without a seed of its own an initializer draws from the stream of the default seed and of the variable's path
in its model, so a model made again after re-seeding starts from the same weights on every backend.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from arraynet import dtypes, ops, random, registry
from arraynet.ops.shape import static_shape
from arraynet.tensor import INITIALIZERS, Tensor, Variable

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "deserialize",
    "get",
    "serialize",
]

TRUNCATED = 0.87962566103423978  # standard deviation of a standard normal cut at plus and minus two


class Initializer:
    """What makes a variable's first value. Subclass it and define `__call__`, and `get_config` to be saved."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return a Tensor of a shape, in floatx unless a dtype is named."""
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(self, shape, dtype=None).")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Initializer":
        """Return an initializer from what `get_config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.get_config().items())})"


class Zeros(Initializer):
    """Zeros."""

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return ops.zeros(shape, dtype)


class Ones(Initializer):
    """Ones."""

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return ops.ones(shape, dtype)


class Constant(Initializer):
    """One number, or an array that is broadcast to the shape."""

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return ops.full(shape, self.value, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"value": np.asarray(self.value).tolist()}


class Identity(Initializer):
    """`gain` times the identity matrix; for shapes of two axes."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        shape = static_shape(shape)
        if len(shape) != 2:
            raise ValueError(f"Identity makes matrices, received shape {shape}. Use Orthogonal for other shapes.")
        return ops.eye(*shape, dtype=dtype) * self.gain

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}


class _Random(Initializer):
    """A draw from a stream: the seed's, or, without one, that of the variable being made."""

    def __init__(self, seed: Any = None) -> None:
        self.seed = seed

    def _stream(self) -> Any:
        return random.SeedGenerator() if self.seed is None else self.seed

    def get_config(self) -> dict[str, Any]:
        seed = self.seed
        return {"seed": random.serialize_seed(seed)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        return cls(**config | {"seed": random.deserialize_seed(config.get("seed"))})


class RandomUniform(_Random):
    """Even numbers from [minval, maxval)."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return random.uniform(shape, self.minval, self.maxval, dtype, self._stream())

    def get_config(self) -> dict[str, Any]:
        return {"minval": self.minval, "maxval": self.maxval} | super().get_config()


class RandomNormal(_Random):
    """Normally distributed numbers."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return random.normal(shape, self.mean, self.stddev, dtype, self._stream())

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev} | super().get_config()


class TruncatedNormal(RandomNormal):
    """Normally distributed numbers, none further than two `stddev` from `mean`."""

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return random.truncated_normal(shape, self.mean, self.stddev, dtype, self._stream())


class VarianceScaling(_Random):
    """Numbers whose variance is ``scale / fan``, so that a layer keeps the size of what it is given.

    Parameters
    ----------
    scale : float
        Positive.
    mode : {"fan_in", "fan_out", "fan_avg"}
        What the fan is: the number of inputs of a unit, of outputs, or the mean of both.
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}
        ``"normal"`` means the truncated one.
    seed : int or SeedGenerator, optional
        An int gives the same numbers at every call.
    """

    def __init__(
        self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal", seed: Any = None
    ) -> None:
        super().__init__(seed)
        if not scale > 0:
            raise ValueError(f"scale must be positive, received {scale!r}.")
        self.scale = scale
        self.mode = _choice("mode", mode.lower(), ("fan_in", "fan_out", "fan_avg"))
        self.distribution = _choice("distribution", distribution.lower(), tuple(_DRAWS))

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        shape = static_shape(shape)
        fan_in, fan_out = fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        return _DRAWS[self.distribution](shape, math.sqrt(self.scale / max(1.0, fan)), dtype, self._stream())

    def get_config(self) -> dict[str, Any]:
        fixed = {"scale": self.scale, "mode": self.mode, "distribution": self.distribution}
        return (fixed if type(self) is VarianceScaling else {}) | super().get_config()


def fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """Return the numbers of inputs and outputs of a unit whose kernel has a shape."""
    if len(shape) < 2:
        return (math.prod(shape), math.prod(shape))
    field = math.prod(shape[:-2])
    return field * shape[-2], field * shape[-1]


def _choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, received {value!r}.")
    return value


def _truncated(shape: Any, deviation: float, dtype: Any, seed: Any) -> Tensor:
    return random.truncated_normal(shape, 0.0, deviation / TRUNCATED, dtype, seed)


def _untruncated(shape: Any, deviation: float, dtype: Any, seed: Any) -> Tensor:
    return random.normal(shape, 0.0, deviation, dtype, seed)


def _even(shape: Any, deviation: float, dtype: Any, seed: Any) -> Tensor:
    limit = math.sqrt(3) * deviation
    return random.uniform(shape, -limit, limit, dtype, seed)


_DRAWS = {"truncated_normal": _truncated, "normal": _truncated, "untruncated_normal": _untruncated, "uniform": _even}


class GlorotUniform(VarianceScaling):
    """Even numbers up to ``sqrt(6 / (fan_in + fan_out))``: Glorot and Bengio (2010)."""

    def __init__(self, seed: Any = None) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed)


class GlorotNormal(VarianceScaling):
    """Truncated normal numbers of variance ``2 / (fan_in + fan_out)``: Glorot and Bengio (2010)."""

    def __init__(self, seed: Any = None) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed)


class HeUniform(VarianceScaling):
    """Even numbers up to ``sqrt(6 / fan_in)``, for relu: He et al. (2015)."""

    def __init__(self, seed: Any = None) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed)


class HeNormal(VarianceScaling):
    """Truncated normal numbers of variance ``2 / fan_in``, for relu: He et al. (2015)."""

    def __init__(self, seed: Any = None) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed)


class LecunUniform(VarianceScaling):
    """Even numbers up to ``sqrt(3 / fan_in)``: LeCun et al. (1998)."""

    def __init__(self, seed: Any = None) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed)


class LecunNormal(VarianceScaling):
    """Truncated normal numbers of variance ``1 / fan_in``: LeCun et al. (1998)."""

    def __init__(self, seed: Any = None) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed)


class Orthogonal(_Random):
    """`gain` times a matrix with orthonormal rows or columns, evenly distributed: Saxe et al. (2014).

    Axes before the last count as rows. Made by a QR decomposition on the host, for the same bits everywhere.
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        shape = static_shape(shape)
        if len(shape) < 2:
            raise ValueError(f"Orthogonal needs a shape of two or more axes, received {shape}.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        draw = random.normal((max(rows, columns), min(rows, columns)), dtype="float64", seed=self._stream())
        q, r = np.linalg.qr(draw.numpy())
        q = q * np.sign(np.diagonal(r))
        values = self.gain * np.reshape(q if rows >= columns else q.T, shape)
        return ops.convert_to_tensor(values, dtypes.standardize(dtype or "float"))

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain} | super().get_config()


_TABLE = registry.named(
    Constant, Identity, Ones, Zeros, GlorotNormal, GlorotUniform, HeNormal, HeUniform, LecunNormal, LecunUniform,
    Orthogonal, RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling,
    uniform=RandomUniform, normal=RandomNormal, zero=Zeros, one=Ones,
)  # fmt: skip


def get(identifier: Any) -> Any:
    """Return the initializer that a name, a dict, a class, a callable or an array stands for; None stays None.

    Raises
    ------
    ValueError
        Nothing of that name is known.
    """
    if isinstance(identifier, Tensor | Variable | np.ndarray | np.generic):
        return _Given(identifier)
    return registry.lookup("initializer", identifier, _TABLE)


class _Given(Initializer):
    """Values given as an array."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        if static_shape(shape) != tuple(self.values.shape):
            raise ValueError(f"The initial values have shape {self.values.shape}, the variable has {tuple(shape)}.")
        return ops.convert_to_tensor(self.values, dtype)


def serialize(initializer: Initializer) -> dict[str, Any]:
    """Return an initializer's class name and configuration."""
    return registry.serialize(initializer)


def deserialize(config: dict[str, Any], custom_objects: Mapping[str, type] | None = None) -> Any:
    """Return an initializer from what `serialize` gave."""
    return registry.deserialize("initializer", config, _TABLE, custom_objects)


INITIALIZERS["get"] = get
