"""The loss classes: each is its function, its options and how the samples' losses are reduced."""

from typing import Any

from arraynet import ops
from arraynet.checks import number
from arraynet.losses import crossentropies, functions, margins
from arraynet.losses.base import FunctionLoss, divided, sparse_pair, weighted

__all__ = ["BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy",
           "CategoricalHinge", "CosineSimilarity", "Hinge", "Huber", "KLDivergence", "LogCosh", "MeanAbsoluteError",
           "MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson",
           "SparseCategoricalCrossentropy", "SquaredHinge"]  # fmt: skip

MEAN = "sum_over_batch_size"


class MeanSquaredError(FunctionLoss):
    """Mean of the squared error; see `mean_squared_error`, and `Loss` for the arguments.

    Examples
    --------
    >>> from arraynet import losses
    >>> loss = losses.MeanSquaredError()
    >>> loss([[0.0], [0.0]], [[1.0], [3.0]]), loss([[0.0], [0.0]], [[1.0], [3.0]], sample_weight=[1.0, 0.0])
    (Tensor(5., dtype=float32, backend=numpy), Tensor(0.5, dtype=float32, backend=numpy))
    """

    function = staticmethod(functions.mean_squared_error)


class MeanAbsoluteError(FunctionLoss):
    """Mean of the absolute error; see `mean_absolute_error`, and `Loss` for the arguments."""

    function = staticmethod(functions.mean_absolute_error)


class MeanAbsolutePercentageError(FunctionLoss):
    """Mean of the relative error in per cent; see `mean_absolute_percentage_error`, and `Loss` for the arguments."""

    function = staticmethod(functions.mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(FunctionLoss):
    """Mean of the squared error of logarithms; see `mean_squared_logarithmic_error`, and `Loss` for the arguments."""

    function = staticmethod(functions.mean_squared_logarithmic_error)


class LogCosh(FunctionLoss):
    """Mean of the error's log-cosh; see `log_cosh`, and `Loss` for the arguments."""

    function = staticmethod(functions.log_cosh)


class Poisson(FunctionLoss):
    """Poisson loss of expected counts; see `poisson`, and `Loss` for the arguments."""

    function = staticmethod(functions.poisson)


class KLDivergence(FunctionLoss):
    """Kullback-Leibler divergence of two distributions; see `kl_divergence`, and `Loss` for the arguments."""

    function = staticmethod(functions.kl_divergence)


class Hinge(FunctionLoss):
    """Hinge loss; see `hinge`, and `Loss` for the arguments."""

    function = staticmethod(margins.hinge)


class SquaredHinge(FunctionLoss):
    """Squared hinge loss; see `squared_hinge`, and `Loss` for the arguments."""

    function = staticmethod(margins.squared_hinge)


class CategoricalHinge(FunctionLoss):
    """Hinge loss of one-hot labels; see `categorical_hinge`, and `Loss` for the arguments."""

    function = staticmethod(margins.categorical_hinge)


class Huber(FunctionLoss):
    """Quadratic for errors up to `delta`, linear beyond; see `huber`.

    Parameters
    ----------
    delta : float
        The error at which the parabola becomes a line.
    reduction, name, dtype
        As for `Loss`.
    """

    function = staticmethod(functions.huber)

    def __init__(
        self, delta: float = 1.0, reduction: str | None = MEAN, name: str | None = "huber_loss", dtype: Any = None
    ):
        super().__init__(reduction, name, dtype, delta=number("Huber: delta", delta, 0))


class CosineSimilarity(FunctionLoss):
    """Minus the cosine of the angle between both; see `cosine_similarity`.

    Parameters
    ----------
    axis : int
        The axis along which both are vectors.
    reduction, name, dtype
        As for `Loss`.
    """

    function = staticmethod(functions.cosine_similarity)

    def __init__(self, axis: int = -1, reduction: str | None = MEAN, name: str | None = None, dtype: Any = None):
        super().__init__(reduction, name, dtype, axis=axis)


class _Crossentropy(FunctionLoss):
    """A crossentropy whose labels may be smoothed."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = MEAN,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(reduction, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)


class CategoricalCrossentropy(_Crossentropy):
    """Crossentropy of one-hot labels; see `categorical_crossentropy`.

    Parameters
    ----------
    from_logits : bool
        Whether predictions are scores that neither softmax nor sigmoid has seen.
    label_smoothing : float
        A share in [0, 1] of every label that is spread evenly.
    axis : int
        The axis of the classes.
    reduction, name, dtype
        As for `Loss`.
    """

    function = staticmethod(crossentropies.categorical_crossentropy)


class SparseCategoricalCrossentropy(FunctionLoss):
    """Crossentropy of integer labels; see `sparse_categorical_crossentropy`.

    Parameters
    ----------
    from_logits : bool
        Whether predictions are scores that neither softmax nor sigmoid has seen.
    ignore_class : int, optional
        A label whose samples do not count.
    reduction, name, dtype
        As for `Loss`.
    axis : int
        The axis of the classes.
    """

    function = staticmethod(crossentropies.sparse_categorical_crossentropy)
    ignore_class: int | None

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = MEAN,
        axis: int = -1,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(reduction, name, dtype, from_logits=from_logits, ignore_class=ignore_class, axis=axis)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the reduced loss; samples of the ignored class do not count in a mean either."""
        if self.ignore_class is None:
            return super().__call__(y_true, y_pred, sample_weight)
        kept = _kept(y_true, y_pred, self.ignore_class)
        weight = kept if sample_weight is None else weighted(kept, sample_weight)[0]
        loss = super().__call__(y_true, y_pred, weight)
        if self.reduction in ("sum", "none", None, "mean_with_sample_weight"):
            return loss
        return loss * divided(ops.ones_like(loss) * kept.size, ops.sum(kept))


class BinaryCrossentropy(_Crossentropy):
    """Crossentropy of labels 0 and 1; see `binary_crossentropy`.

    Parameters
    ----------
    from_logits : bool
        Whether predictions are scores that neither softmax nor sigmoid has seen.
    label_smoothing : float
        A share in [0, 1] of every label that is spread evenly.
    axis : int
        The axis of the mean.
    reduction, name, dtype
        As for `Loss`.
    """

    function = staticmethod(crossentropies.binary_crossentropy)


class BinaryFocalCrossentropy(FunctionLoss):
    """Binary crossentropy in which easy samples count less; see `binary_focal_crossentropy`.

    Parameters
    ----------
    apply_class_balancing : bool
        Whether label 1 weighs `alpha`, and label 0 the rest.
    alpha : float
        That weight.
    gamma : float
        How much less easy samples count; 0 is the plain crossentropy.
    from_logits : bool
        Whether predictions are scores that neither softmax nor sigmoid has seen.
    label_smoothing : float
        A share in [0, 1] of every label that is spread evenly.
    axis : int
        The axis of the mean.
    reduction, name, dtype
        As for `Loss`.
    """

    function = staticmethod(crossentropies.binary_focal_crossentropy)

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = MEAN,
        name: str | None = None,
        dtype: Any = None,
    ):
        focus = {"apply_class_balancing": apply_class_balancing, "alpha": alpha, "gamma": gamma}
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(reduction, name, dtype, **focus, **options)


class CategoricalFocalCrossentropy(FunctionLoss):
    """Categorical crossentropy in which easy samples count less; see `categorical_focal_crossentropy`.

    Parameters
    ----------
    alpha : float or list of float
        One weight, or one for each class.
    gamma : float
        How much less easy samples count; 0 is the plain crossentropy.
    from_logits : bool
        Whether predictions are scores that neither softmax nor sigmoid has seen.
    label_smoothing : float
        A share in [0, 1] of every label that is spread evenly.
    axis : int
        The axis of the classes.
    reduction, name, dtype
        As for `Loss`.
    """

    function = staticmethod(crossentropies.categorical_focal_crossentropy)

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = MEAN,
        name: str | None = None,
        dtype: Any = None,
    ):
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(reduction, name, dtype, alpha=alpha, gamma=gamma, **options)


def _kept(y_true: Any, y_pred: Any, ignored: int) -> Any:
    """1 for every sample whose label is not the ignored one."""
    labels, y_pred = sparse_pair(y_true, y_pred)
    return ops.cast(labels != ignored, y_pred.dtype)
