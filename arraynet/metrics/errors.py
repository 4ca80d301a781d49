"""Running means of the losses, so that one can be watched while another is minimised."""

from collections.abc import Callable
from typing import Any

from arraynet import losses, ops
from arraynet.losses.base import pair
from arraynet.metrics.base import MeanMetricWrapper

__all__ = ["BinaryCrossentropy", "CategoricalCrossentropy", "CategoricalHinge", "CosineSimilarity", "Hinge",
           "KLDivergence", "LogCoshError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
           "MeanSquaredLogarithmicError", "Poisson", "RootMeanSquaredError", "SparseCategoricalCrossentropy",
           "SquaredHinge"]  # fmt: skip


class _Cost(MeanMetricWrapper):
    """A mean of what is wrong with predictions: the less the better."""

    direction = "down"


class _LossMean(_Cost):
    """Running mean of a loss, under the name of its function."""

    function: Callable[..., Any]

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(self.function, name, dtype)


class MeanSquaredError(_LossMean):
    """Running mean of `losses.mean_squared_error`; see `Metric` for the arguments.

    Examples
    --------
    >>> from arraynet import metrics
    >>> error = metrics.MeanSquaredError()
    >>> error.update_state([[1.0], [2.0]], [[1.0], [4.0]])
    >>> error.result()
    Tensor(2., dtype=float32, backend=numpy)
    """

    function = staticmethod(losses.mean_squared_error)


class MeanAbsoluteError(_LossMean):
    """Running mean of `losses.mean_absolute_error`; see `Metric` for the arguments."""

    function = staticmethod(losses.mean_absolute_error)


class MeanAbsolutePercentageError(_LossMean):
    """Running mean of `losses.mean_absolute_percentage_error`; see `Metric` for the arguments."""

    function = staticmethod(losses.mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(_LossMean):
    """Running mean of `losses.mean_squared_logarithmic_error`; see `Metric` for the arguments."""

    function = staticmethod(losses.mean_squared_logarithmic_error)


class LogCoshError(_Cost):
    """Running mean of `losses.log_cosh`; see `Metric` for the arguments."""

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(losses.log_cosh, name, dtype)


class Poisson(_LossMean):
    """Running mean of `losses.poisson`; see `Metric` for the arguments."""

    function = staticmethod(losses.poisson)


class KLDivergence(_LossMean):
    """Running mean of `losses.kl_divergence`; see `Metric` for the arguments."""

    function = staticmethod(losses.kl_divergence)


class Hinge(_LossMean):
    """Running mean of `losses.hinge`; see `Metric` for the arguments."""

    function = staticmethod(losses.hinge)


class SquaredHinge(_LossMean):
    """Running mean of `losses.squared_hinge`; see `Metric` for the arguments."""

    function = staticmethod(losses.squared_hinge)


class CategoricalHinge(_LossMean):
    """Running mean of `losses.categorical_hinge`; see `Metric` for the arguments."""

    function = staticmethod(losses.categorical_hinge)


def cosine(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Return the cosine of the angle between both, which the loss has with a minus."""
    return -losses.cosine_similarity(y_true, y_pred, axis=axis)


class CosineSimilarity(MeanMetricWrapper):
    """Running mean of the cosine of the angle between both, from -1 to 1: the loss has it with a minus.

    Parameters
    ----------
    name, dtype
        As for `Metric`.
    axis : int
        The axis along which both are vectors.
    """

    direction = "up"

    def __init__(self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine, name, dtype, axis=axis)


class BinaryCrossentropy(_Cost):
    """Running mean of `losses.binary_crossentropy`.

    Parameters
    ----------
    name, dtype
        As for `Metric`.
    from_logits, label_smoothing
        As for `losses.binary_crossentropy`.
    """

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(losses.binary_crossentropy, name, dtype, **options)


class CategoricalCrossentropy(_Cost):
    """Running mean of `losses.categorical_crossentropy`.

    Parameters
    ----------
    name, dtype
        As for `Metric`.
    from_logits, label_smoothing, axis
        As for `losses.categorical_crossentropy`.
    """

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(losses.categorical_crossentropy, name, dtype, **options)


class SparseCategoricalCrossentropy(_Cost):
    """Running mean of `losses.sparse_categorical_crossentropy`.

    Parameters
    ----------
    name, dtype
        As for `Metric`.
    from_logits, axis
        As for `losses.sparse_categorical_crossentropy`.
    ignore_class : int, optional
        A label whose samples have the loss 0; they count in the mean.
    """

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        options = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(losses.sparse_categorical_crossentropy, name, dtype, **options)


def _squares(y_true: Any, y_pred: Any) -> Any:
    y_true, y_pred = pair(y_true, y_pred)
    return ops.square(y_pred - y_true)


class RootMeanSquaredError(_Cost):
    """Root of the mean squared error over all batches; see `Metric` for the arguments.

    Which is not the mean of the batches' roots: ``sqrt(mean((y_true - y_pred)**2))``.

    Examples
    --------
    >>> from arraynet import metrics
    >>> error = metrics.RootMeanSquaredError()
    >>> error([[0.0], [0.0]], [[1.0], [7.0]])
    Tensor(5., dtype=float32, backend=numpy)
    """

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(_squares, name, dtype)

    def result(self) -> Any:
        return ops.sqrt(super().result())
