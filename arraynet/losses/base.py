"""How losses of samples become one number: weights, reduction, dtype. Every loss class is built on it."""

from collections.abc import Callable
from typing import Any, ClassVar

from arraynet import config, dtypes, ops
from arraynet.checks import flag, lacking, number, warn
from arraynet.naming import snake_case
from arraynet.observers import Versioned, notify
from arraynet.operands import operands, part
from arraynet.registry import Configured, taken
from arraynet.tensor import Tensor

__all__ = ["FunctionLoss", "Loss"]

EXCHANGED = "Were they exchanged? Labels come first: loss(y_true, y_pred)."
FLAGS = ("from_logits", "apply_class_balancing")
REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", None, "none")


class Loss(Configured, Versioned):
    """Base of all losses: subclass it and define ``call(y_true, y_pred)``, one loss per sample.

    Further arguments of its constructor that are kept as attributes of their names are saved with it.

    Parameters
    ----------
    name : str, optional
        The class's name in snake case without it.
    reduction : str or None
        ``"sum_over_batch_size"`` (or ``"mean"``): weighted sum divided by the number of losses, not of
        weights; ``"sum"``; ``"mean_with_sample_weight"``: divided by the sum of the weights; None: the
        weighted losses as they are.
    dtype : str, optional
        What predictions are cast to; floatx without it.
    """

    _kept: ClassVar[dict[str, str]] = {"name": "name", "reduction": "reduction", "dtype": "_dtype"}

    def __init__(self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None):
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction must be one of {REDUCTIONS}, received {reduction!r}.")
        self.name = name or snake_case(type(self).__name__)
        self.reduction, self._dtype = reduction, dtype and dtypes.standardize(dtype)

    def __getattr__(self, name: str) -> Any:
        raise lacking(self, name)

    @property
    def dtype(self) -> str:
        """What predictions are cast to."""
        return self._dtype or config.floatx()

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of every sample."""
        raise TypeError(f"{type(self).__name__} must define call(y_true, y_pred).")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the reduced loss of true values and predictions."""
        notify("touched", self)
        hosts = y_true, y_pred
        y_pred, y_true = operands(y_pred, y_true)
        if y_true.dtype.kind in "fb":  # integer labels stay integers
            y_true = ops.cast(y_true, self.dtype)
        if y_pred.dtype != self.dtype:  # the tensor itself may remember its logits
            y_pred = ops.cast(y_pred, self.dtype)
        values = self.call(y_true, y_pred)
        part([values], hosts)  # they may be one of the two
        if not isinstance(values, Tensor):
            raise TypeError(
                f"Loss {self.name!r} must return a Tensor, made with arraynet.ops, one loss per sample; it returned "
                f"{type(values).__name__}, which leaves no trace for gradients."
            )
        if values.ndim and y_pred.ndim and values.shape[0] not in (1, y_pred.shape[0]):
            raise ValueError(
                f"Loss {self.name!r} must return one loss per sample, or one number: {y_pred.shape[0]} samples gave "
                f"values of shape {values.shape}."
            )
        return reduced(values, sample_weight, self.reduction)


class Optioned:
    """A loss or metric of a function, whose keyword arguments it keeps as attributes."""

    def _take(self, options: dict[str, Any]) -> None:
        for option, value in options.items():
            value = number(option, value, 0, 1) if option == "label_smoothing" else value
            setattr(self, option, flag(option, value) if option in FLAGS else value)
        self._options = tuple(options)

    @property
    def options(self) -> dict[str, Any]:
        """The function's keyword arguments, read from the attributes of those names."""
        return {option: getattr(self, option) for option in self._options}


class FunctionLoss(Optioned, Loss):
    """A loss whose ``call`` is a function; its further keyword arguments are handed to it.

    Parameters
    ----------
    reduction, name, dtype
        As for `Loss`.
    **options
        Keyword arguments of the function.
    """

    function: Callable[..., Any]

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = None, dtype: Any = None, **options: Any
    ):
        super().__init__(name, reduction, dtype)
        self._take(options)

    def wrap(self, function: Callable[..., Any]) -> "FunctionLoss":
        """Take a function of the user's own, and return the loss itself."""
        self.function = function
        return self

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.function(y_true, y_pred, **self.options)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | taken(type(self), self.options)


def same_rank(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Return two tensors with one rank, where a last axis of length 1 is all that differs."""
    if x1.ndim == x2.ndim + 1 and x1.shape[-1] == 1:
        return (x1, ops.expand_dims(x2, -1)) if x2.ndim == 1 else (ops.squeeze(x1, -1), x2)
    if x2.ndim == x1.ndim + 1 and x2.shape[-1] == 1:
        x2, x1 = same_rank(x2, x1)
    return x1, x2


def sparse_pair(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Return integer labels without a last axis of length 1, and the predictions, as tensors."""
    y_pred, y_true = operands(y_pred, y_true)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1:] == (1,):
        y_true = ops.squeeze(y_true, -1)
    if y_true.ndim > y_pred.ndim:
        raise ValueError(
            f"Integer labels have one axis less than predictions, received y_true {y_true.shape} and y_pred "
            f"{y_pred.shape}. {EXCHANGED}"
        )
    return y_true, y_pred


def pair(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Return both as tensors of one floating dtype and of one shape, or say which shapes do not go together."""
    y_pred, y_true = operands(y_pred, y_true)
    if y_pred.dtype.kind != "f":
        y_pred = ops.cast(y_pred, config.floatx())
    if y_true.dtype != y_pred.dtype:
        y_true = ops.cast(y_true, y_pred.dtype)
    y_true, y_pred = same_rank(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"y_true and y_pred must have the same shape, received y_true {y_true.shape} and y_pred {y_pred.shape}."
            f"{_fitting(y_true, y_pred)}"
        )
    return y_true, y_pred


def _fitting(y_true: Any, y_pred: Any) -> str:
    """What to do about labels of another shape, as far as the shapes tell what was meant."""
    if _one_each(y_true, y_pred):
        return (
            " Integer labels for several classes go with sparse_categorical_crossentropy, or through "
            "utils.to_categorical(labels); one number to predict for each sample goes with 1 unit in the last layer."
        )
    return f" {EXCHANGED}" if _one_each(y_pred, y_true) else ""


def _one_each(labels: Any, rows: Any) -> bool:
    return labels.shape in (rows.shape[:-1], (*rows.shape[:-1], 1))


def probable_pair(y_true: Any, y_pred: Any, from_logits: bool = False) -> tuple[Any, Any]:
    """Return `pair`; warn where it is the labels, and not the predictions, that a softmax or sigmoid made."""
    y_true, y_pred = pair(y_true, y_pred)
    if not from_logits and y_pred.logits is None and y_true.logits is not None:
        warn(f"y_true is the output of a softmax or sigmoid, and y_pred is not. {EXCHANGED}")
    return y_true, y_pred


def weighted(values: Any, sample_weight: Any) -> tuple[Any, Any]:
    """Return values times weights, and the weights in a shape that fits the values'."""
    values, weight = operands(values, sample_weight)
    given, weight = weight.shape, ops.cast(weight, values.dtype)
    if weight.ndim == values.ndim + 1 and weight.shape[-1] == 1:
        weight = ops.squeeze(weight, -1)
    elif weight.ndim < values.ndim:  # a weight per sample counts for all that the sample has
        weight = ops.reshape(weight, weight.shape + (1,) * (values.ndim - weight.ndim))
    pairs = zip(weight.shape, values.shape, strict=False)
    if weight.ndim > values.ndim or any(w not in (1, n) for w, n in pairs):
        raise ValueError(
            f"sample_weight of shape {given} does not fit losses of shape {values.shape}; "
            f"expected one weight per sample, ({values.shape[0] if values.ndim else 1},), or one per loss."
        )
    return values * weight, weight


def reduced(values: Any, sample_weight: Any = None, reduction: str | None = "sum_over_batch_size") -> Any:
    """Return losses weighted and reduced; nothing at all has the mean 0."""
    weight = None
    if sample_weight is not None:
        values, weight = weighted(values, sample_weight)
    if reduction in (None, "none"):
        return values
    total = ops.sum(values)
    if reduction == "sum" or not values.ndim:
        return total
    if reduction == "mean_with_sample_weight" and weight is not None:
        return divided(total, ops.sum(ops.broadcast_to(weight, values.shape)))
    return total / max(values.size, 1)


def divided(total: Any, count: Any) -> Any:
    """Return a quotient that is 0 where `count` is 0."""
    empty = count == 0
    return ops.where(empty, 0.0, total / ops.where(empty, 1.0, count))
