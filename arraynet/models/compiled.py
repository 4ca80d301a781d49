"""Losses and metrics as `compile` was given them, matched to the outputs of the model once these are known."""

from collections import Counter
from typing import Any

from arraynet import losses, metrics
from arraynet.checks import listed
from arraynet.losses.base import FunctionLoss, Loss
from arraynet.metrics.base import Mean, MeanMetricWrapper, Metric
from arraynet.naming import snake_case
from arraynet.observers import notify
from arraynet.tree import flatten

__all__ = ["CompiledLoss", "CompiledMetrics", "pairs"]

CROSSENTROPY, ACCURACY = ("crossentropy", "ce"), ("accuracy", "acc")  # the one that the labels ask for


def _outputs(y_pred: Any) -> dict[str, Any]:
    """A model's outputs by what they are called: keys of a dict, else numbers; a single output needs no name."""
    if isinstance(y_pred, dict):
        return {name: y_pred[name] for name in sorted(y_pred)}
    return {f"output_{k}": y for k, y in enumerate(y_pred)} if isinstance(y_pred, list | tuple) else {"": y_pred}


def _per_output(given: Any, names: list[str], what: str) -> list[Any]:
    """One entry for every output: from a dict by name, from a list by place, or the same for all."""
    if isinstance(given, dict):
        unknown = sorted(set(given) - set(names))
        if unknown:
            one = f"has one output without a name: pass {what} without the dict"
            known = one if names == [""] else f"has the outputs {names}"
            raise ValueError(f"{what} names the outputs {unknown}; the model {known}.")
        return [given.get(name) for name in names]
    if isinstance(given, list | tuple) and len(given) == len(names):
        return list(given)
    if isinstance(given, list | tuple):
        raise ValueError(f"{what} has {len(given)} entries, the model has {len(names)} outputs.")
    return [given] * len(names)


def pairs(y_true: Any, y_pred: Any) -> list[tuple[Any, Any]]:
    """Return true values and predictions of every output."""
    outputs = _outputs(y_pred)
    return list(zip(_per_output(y_true, list(outputs), "y"), outputs.values(), strict=True))


def _check_pair(name: str, y_true: Any, y_pred: Any) -> None:
    """Refuse what a loss or metric of one output cannot compare."""
    if isinstance(y_pred, dict | list | tuple):
        keys = [*y_pred] if isinstance(y_pred, dict) else range(len(y_pred))
        raise ValueError(
            f"The model's output {name!r} is itself a {type(y_pred).__name__} of {len(y_pred)}; a loss or metric is "
            f"for one tensor. Return its parts beside the other outputs, in a dict, as "
            f"{listed([repr(f'{name}_{key}') for key in keys])}, and name y and losses likewise."
        )
    if y_true is None:
        raise ValueError(f"y has no entry {name!r}, but that output of the model has a loss or metrics.")


def by_labels(y_true: Any, y_pred: Any) -> str:
    """Return which kind of classification labels and predictions belong to: binary, sparse or categorical."""
    if y_pred.shape[-1:] == (1,):
        return "binary"
    fewer = y_true.ndim < y_pred.ndim
    return "sparse_categorical" if fewer or y_true.shape[-1:] == (1,) else "categorical"


def by_name(identifier: Any, *names: str) -> bool:
    """Tell whether something is asked for by a name that the labels give a meaning to."""
    return isinstance(identifier, str) and identifier.lower() in names


def resolved_loss(identifier: Any, y_true: Any, y_pred: Any) -> Loss | None:
    """Return a loss object; "crossentropy" is the one that the labels ask for."""
    if by_name(identifier, *CROSSENTROPY):
        identifier = by_labels(y_true, y_pred) + "_crossentropy"
    found = losses.get(identifier)
    if found is None or isinstance(found, Loss):
        return found
    return FunctionLoss(name=getattr(found, "__name__", "loss")).wrap(found)


def resolved_metric(identifier: Any, y_true: Any, y_pred: Any) -> Metric:
    """Return a metric object; "accuracy" is the one that the labels ask for, under the name as it was given."""
    if identifier is None:
        raise ValueError(
            "Among the metrics of an output stands None: leave it out; of several outputs, give each a list."
        )
    by_kind = by_name(identifier, *ACCURACY)
    found = metrics.get(by_labels(y_true, y_pred) + "_accuracy" if by_kind else identifier)
    metric = found if isinstance(found, Metric) else MeanMetricWrapper(found, _called(found))
    if isinstance(identifier, str):
        metric.name = identifier
    return metric


def _called(function: Any) -> str:
    """What logs call a function of the user's own: as in Keras, in snake case, a lambda without brackets."""
    return getattr(function, "name", None) or snake_case(getattr(function, "__name__", type(function).__name__))


class CompiledLoss:
    """The losses of all outputs and their weighted sum.

    Parameters
    ----------
    loss : str, callable, Loss, or list or dict of them
        As `compile` takes it.
    weights : list or dict of float, optional
        One for each output.
    """

    def __init__(self, loss: Any, weights: Any = None) -> None:
        self.loss, self.weights = loss, weights
        for weight in flatten(weights):
            if not (weight is None or hasattr(weight, "__float__")):
                raise ValueError(
                    f"loss_weights, the third argument of compile, must be a number for each output, received "
                    f"{weight!r}; metrics go by name: metrics=[...]."
                )
        for identifier in flatten(loss):
            if not by_name(identifier, *CROSSENTROPY) and isinstance(found := losses.get(identifier), Metric):
                raise ValueError(
                    f"The loss {found.name!r} is a metric, which has no gradient: take one of arraynet.losses, and "
                    f"metrics=[...] for metrics."
                )
        self.parts: list[tuple[Loss | None, Any, Mean | None]] = []
        self.metrics: list[Metric] = []  # running means, where several outputs have losses
        self.example: Any = None  # outputs of the model, to see their shapes

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Match losses to outputs."""
        names = list(_outputs(y_pred))
        given = _per_output(self.loss, names, "loss")
        weights = _per_output(self.weights, names, "loss_weights")
        several = sum(identifier is not None for identifier in given) > 1
        self.parts, self.example = [], y_pred
        outputs = zip(names, pairs(y_true, y_pred), given, weights, strict=True)
        for name, (truth, guess), identifier, weight in outputs:
            if identifier is not None:
                _check_pair(name, truth, guess)
            tracker = Mean(f"{name}_loss") if several and identifier is not None else None
            self.parts.append((resolved_loss(identifier, truth, guess), weight, tracker))
        trackers = dict(zip(names, (tracker for _, _, tracker in self.parts), strict=True))
        found = map(trackers.get, self.loss if isinstance(self.loss, dict) else names)  # `evaluate` gives them so
        self.metrics = [tracker for tracker in found if tracker is not None]

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the weighted sum of the losses."""
        if not self.parts:  # a loop of the user's own, before any `fit`
            self.build(y_true, y_pred)
        names, total = list(_outputs(y_pred)), None
        weights = _per_output(sample_weight, names, "sample_weight")
        outputs = zip(names, self.parts, pairs(y_true, y_pred), weights, strict=True)
        for name, (loss, factor, tracker), (truth, guess), weight in outputs:
            if loss is None:
                continue
            _check_pair(name, truth, guess)
            value = loss(truth, guess, weight)
            if tracker is not None:
                tracker.update_state(value, sample_weight=float(len(guess)))
            value = value if factor is None else value * factor
            total = value if total is None else total + value
        return total


class CompiledMetrics:
    """The metrics of all outputs.

    Parameters
    ----------
    plain, weighted : list, tuple or dict, optional
        ``metrics`` and ``weighted_metrics`` as `compile` takes them; the second kind uses sample weights.
    """

    def __init__(self, plain: Any = None, weighted: Any = None) -> None:
        self.given = {"metrics": plain, "weighted_metrics": weighted}
        for name, value in self.given.items():
            if value is not None and not isinstance(value, list | tuple | dict):
                raise ValueError(
                    f"{name} must be a list, tuple or dict of metrics, received {value!r}: write [{value!r}]."
                )
            for identifier in flatten(value):
                if not by_name(identifier, *ACCURACY):
                    metrics.get(identifier)
        self.parts: list[tuple[Metric, int, bool]] = []

    @property
    def metrics(self) -> list[Metric]:
        """All metric objects, in the order in which they were given."""
        return [metric for metric, _, _ in self.parts]

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Match metrics to outputs and give each a name of its own."""
        names, known = list(_outputs(y_pred)), pairs(y_true, y_pred)
        entries = [(kind, k, identifier) for kind, given in self.given.items()
                   for k, wanted in enumerate(_wanted(given, names)) for identifier in wanted]  # fmt: skip
        _check_unshared([metric for _, _, metric in entries if isinstance(metric, Metric)])
        self.parts, used = [], Counter({"loss": 1})
        for kind, k, identifier in entries:
            _check_pair(names[k], *known[k])
            metric = resolved_metric(identifier, *known[k])
            prefix = f"{names[k]}_" if len(names) > 1 else ""  # one output needs no telling apart
            base = prefix + metric.name
            if used[base] and kind == "weighted_metrics":
                base = f"{prefix}weighted_{metric.name}"
            name = f"{base}_{used[base]}" if used[base] else base
            used[base] += 1
            if metric.name != name:
                metric.name = name
            self.parts.append((metric, k, kind == "weighted_metrics"))

    def update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        known, weights = pairs(y_true, y_pred), _per_output(sample_weight, list(_outputs(y_pred)), "sample_weight")
        for metric, k, is_weighted in self.parts:
            notify("touched", metric)
            try:
                metric.update_state(*known[k], sample_weight=weights[k] if is_weighted else None)
            except (ValueError, TypeError) as error:
                error.add_note(f"This was the metric {metric.name!r}, of a batch of samples.")
                raise


def _check_unshared(given: list[Metric]) -> None:
    """Refuse an object that would add up two outputs, one with weights and without, or the same twice."""
    for k, metric in enumerate(given):
        if any(other is metric for other in given[:k]):
            raise ValueError(
                f"The metric {metric.name!r} is given in several places and would add up all of it in one. "
                f"Make one for each; of several outputs, metrics={{'a': [...], 'b': [...]}}."
            )


def _wanted(given: Any, names: list[str]) -> list[list[Any]]:
    """The metrics of every output, each a list."""
    if not given:
        return [[] for _ in names]
    if len(names) == 1 and not isinstance(given, dict):
        return [flatten(list(given))]  # the list of the one output may stand in one of outputs
    nested = isinstance(given, dict) or any(isinstance(item, list | tuple) for item in given)
    entries = _per_output(given, names, "metrics") if nested else [list(given)] * len(names)
    return [list(e) if isinstance(e, list | tuple) else [] if e is None else [e] for e in entries]
