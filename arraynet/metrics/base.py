"""Metrics that run over batches: their state is Variables, so that a captured step updates it too.

Nothing here asks a tensor for its value; `Metric.result` returns a tensor, and whoever prints it fetches it.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from arraynet import config, dtypes, ops
from arraynet.backend import Backend
from arraynet.checks import function_name, lacking
from arraynet.layers.tracked import Stateful, held
from arraynet.losses.base import Optioned, divided, weighted
from arraynet.losses.lookup import FUNCTIONS as LOSSES
from arraynet.naming import auto_name, snake_case
from arraynet.operands import operands
from arraynet.registry import Configured, arguments, lookup, taken
from arraynet.variable import Variable

__all__ = ["Mean", "MeanMetricWrapper", "Metric", "Sum"]


class Metric(Configured, Stateful):
    """Base of all metrics: subclass it, make Variables, define `update_state` and `result`.

    Variables and other metrics that it sets as attributes, also inside lists, tuples and dicts, are its state, which
    `reset_state` sets to zero; the weights of a layer are not. Further arguments of its constructor that are kept as
    attributes of their names are saved with it.

    Parameters
    ----------
    dtype : str, optional
        Of its state and result; floatx without it.
    name : str, optional
        What logs call it.

    Attributes
    ----------
    direction : {"up", "down", None}
        Which way is better, for callbacks with ``mode="auto"``.
    """

    _kept: ClassVar[dict[str, str]] = {"name": "name", "dtype": "dtype"}
    direction: str | None = None

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or auto_name(snake_case(type(self).__name__))
        self.dtype = dtypes.standardize(dtype or config.floatx())
        self._variables: list[Variable] = []

    def __getattr__(self, name: str) -> Any:
        raise lacking(self, name)

    def add_variable(
        self, shape: Any = (), initializer: Any = "zeros", dtype: Any = None, name: str | None = None
    ) -> Variable:
        """Return a new Variable, which is part of the metric's state: `reset_state` sets it to zero.

        Parameters
        ----------
        shape : tuple of int
            Its shape; a single number without it.
        initializer : str or callable
            What it holds before the first `reset_state`.
        dtype : str, optional
            The metric's own without it.
        name : str, optional
            What it is called in reports.
        """
        kind = dtypes.standardize(dtype or self.dtype)
        self._variables.append(Variable(initializer, shape, kind, trainable=False, name=name))
        return self._variables[-1]

    add_weight = add_variable  # Keras has both

    @property
    def variables(self) -> list[Variable]:
        """Its state."""
        found: dict[int, Any] = {id(self): self}  # one that another one holds may hold that
        for part in (waiting := [self]):
            inner = [x for x in held(part, (Variable, Metric)) if id(x) not in found]
            found |= {id(x): x for x in inner}
            waiting += [x for x in inner if isinstance(x, Metric)]
        return [v for v in found.values() if isinstance(v, Variable) and v._path is None]  # a path tells of a layer

    def move(self, backend: str | Backend) -> None:
        """Move its state to another backend, in place."""
        for variable in self.variables:
            variable.move(backend)

    def reset_state(self) -> None:
        """Set its state to zero."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take one batch into account; a subclass says which arguments that takes."""
        raise TypeError(f"{type(self).__name__} must define update_state.")

    def result(self) -> Any:
        """Return the value over all batches since the last `reset_state`, as a tensor, or several in a dict by name."""
        raise TypeError(f"{type(self).__name__} must define result.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take one batch into account and return the value so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _total(values: Any) -> Any:
    """The sum of all values; a single one, such as the loss of a batch, is its own."""
    return ops.sum(values) if values.ndim else values


class Sum(Metric):
    """Weighted sum of all values given, 0 before the first; see `Metric` for the arguments.

    Examples
    --------
    >>> from arraynet import metrics
    >>> total = metrics.Sum()
    >>> total.update_state([1, 3, 5], sample_weight=[1, 1, 0])
    >>> total.result()
    Tensor(4., dtype=float32, backend=numpy)
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_variable(name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values of any shape, times their weights."""
        (values,) = operands(values)
        if sample_weight is not None:
            values, _ = weighted(ops.cast(values, self.dtype), sample_weight)
        self.total.assign_add(ops.sum(values))

    def result(self) -> Any:
        return self.total.read()


class Mean(Metric):
    """Weighted mean of all values given, 0 before the first; see `Metric` for the arguments.

    Examples
    --------
    >>> from arraynet import metrics
    >>> m = metrics.Mean()
    >>> m.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
    >>> m.result()
    Tensor(2., dtype=float32, backend=numpy)
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_variable(name="total")
        self.count = self.add_variable(name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values of any shape, times their weights.

        Each sample counts once, however many values it has; one number for a weight makes the batch one sample.
        """
        (values,) = operands(values)
        if values.dtype != self.dtype:
            values = ops.cast(values, self.dtype)
        samples = values.shape[0] if values.ndim and (sample_weight is None or np.ndim(sample_weight)) else 1
        each, count = values.size / max(samples, 1), float(values.size)
        if sample_weight is not None:
            values, weight = weighted(values, sample_weight)
            count = _total(ops.broadcast_to(weight, values.shape))
        total = _total(values)
        if each > 1:
            total, count = total / each, count / each
        self.count.assign_add(count)
        self.total.assign_add(total)

    def result(self) -> Any:
        return divided(self.total.read(), self.count.read())


class MeanMetricWrapper(Optioned, Mean):
    """Running mean of a function of true values and predictions.

    Parameters
    ----------
    fn : callable
        ``fn(y_true, y_pred, **kwargs)``, one value per sample.
    name : str, optional
        The function's own name without it.
    dtype : str, optional
        Of the state.
    **kwargs
        Further arguments of `fn`.
    """

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name or getattr(fn, "__name__", None) or snake_case(type(fn).__name__), dtype)
        self._fn = fn
        self._take(kwargs)

    def update_state(  # type: ignore[override]  # a batch of pairs is reduced to values here
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Add a batch of true values and predictions."""
        super().update_state(self._fn(y_true, y_pred, **self.options), sample_weight)

    def get_config(self) -> dict[str, Any]:
        own = {"fn": function_name("MeanMetricWrapper: fn", self._fn)} if "fn" in arguments(type(self)) else {}
        return super().get_config() | own | taken(type(self), self.options)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        from arraynet.metrics.lookup import CLASSES, FUNCTIONS  # which know this class

        functions = LOSSES | FUNCTIONS  # a metric of the same name would be a mean of means
        fn = {"fn": lookup("metric", config["fn"], CLASSES, functions)} if "fn" in config else {}
        return super().from_config(config | fn)
