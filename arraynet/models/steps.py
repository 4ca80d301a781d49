"""The three steps of a model: train, test, predict on one batch; and the look at the data before the first of them.

A step is a plain function of inputs, labels and weights that asks no tensor for its value: losses and metrics
are added up in Variables, and fetched when an epoch ends or somebody looks at them.
"""

from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

from arraynet import ops
from arraynet.autodiff import GradientTape
from arraynet.checks import warn
from arraynet.layers.layer import Layer
from arraynet.layers.trying import untouched
from arraynet.models.batches import packed, unpacked
from arraynet.models.checks import check_inputs, check_numbers, check_results
from arraynet.models.compilable import Compilable
from arraynet.models.compiled import CompiledMetrics
from arraynet.models.labels import check_labels, check_outputs
from arraynet.models.loop import RunningLogs, reported
from arraynet.plugins import current
from arraynet.program import jit
from arraynet.program.capture import Capture
from arraynet.tensor import as_tensor
from arraynet.tree import flatten, map_structure

__all__ = ["Steps"]

OWN = ("train_step", "test_step", "compute_metrics", "get_metrics_result")  # overridden, one may read what is reported


class Steps(Compilable):
    """A compiled layer that can work on a batch."""

    def train_step(self, data: Any) -> Any:
        """Train on one batch, ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``.

        A model of the user's own may override it, and return a dict of names and tensors to be reported; what this one
        returns to it, the running loss and metrics, may be part of that.
        """
        x, y, sample_weight = unpacked(data)
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred, sample_weight)
            scaled = self.optimizer.scale_loss(loss)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(scaled, variables), variables)
        return self._track(loss, x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> Any:
        """Evaluate one batch; see `train_step`."""
        x, y, sample_weight = unpacked(data)
        y_pred = self(x, training=False)
        loss = self.compute_loss(x, y, y_pred, sample_weight, training=False)
        return self._track(loss, x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """Return the model's output for one batch; see `train_step`."""
        return self(unpacked(data)[0], training=False)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Return the compiled loss of a batch and the layers' penalties, each summed, as one number.

        Parameters
        ----------
        x, y, y_pred, sample_weight : tensor or nested tensors, optional
            Inputs, labels, outputs and weights of the batch; a model of the user's own may use all of them.
        training : bool
            Whether the batch is trained on; the compiled loss is the same either way.

        Raises
        ------
        ValueError
            There are neither a loss nor penalties, nor metrics that could be evaluated alone.
        """
        compiled = self._compiled_loss and self._compiled_loss(y, y_pred, sample_weight)
        penalties = [ops.sum(term) if term.ndim else term for term in self.losses]  # or each would take the loss along
        terms = [term for term in (compiled, *penalties) if term is not None]
        if not terms and (training or self._fed(y is not None) == [self._loss_tracker]):
            raise ValueError(
                "There is no loss to compute: pass one, compile(loss='mse'), or let a layer add one with add_loss."
            )
        return reduce(add, terms) if terms else ops.zeros(())  # metrics alone are evaluated, as in Keras

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Let the compiled metrics take a batch into account; return what `get_metrics_result` does."""
        self._count(y, y_pred, sample_weight)
        idle = [*RunningLogs(self._idle(y is not None))]
        return {name: value for name, value in self.get_metrics_result().items() if name not in idle}

    def get_metrics_result(self) -> dict[str, Any]:
        """Return names and values of the metrics as they are now, the loss among them if it is known."""
        return RunningLogs(m for m in self.metrics if self._tracked or m is not self._loss_tracker).results()

    def _count(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        if self._compiled_metrics is not None and y is not None:
            self._compiled_metrics.update(y, y_pred, sample_weight)

    def _track(self, loss: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        """Count a batch; its results are computed only where code of the user's own may read them in the step."""
        self._tracked = True
        if self._loss_tracker is not None:
            self._loss_tracker.update_state(loss, sample_weight=float(len(flatten(x)[0])))
        if any(getattr(getattr(self, name), "__func__", None) is not getattr(Steps, name) for name in OWN):
            return self.compute_metrics(x, y, y_pred, sample_weight)
        self._count(y, y_pred, sample_weight)
        return None

    def _step(self, kind: str) -> Callable[..., Any]:
        """The step of a kind, captured unless it is to run eagerly."""
        if kind not in self._steps:
            method = getattr(self, f"{kind}_step")

            def step(x: Any, y: Any, sample_weight: Any) -> Any:
                tensors = map_structure(_tensor, (x, y, sample_weight))  # in a captured step they are already
                self._tracked = kind == "predict"  # which reports nothing
                returned = method(packed(*tensors))
                return returned if self._tracked else reported(method, returned)

            step.__name__ = f"{kind}_step of {self.name}"
            self._steps[kind] = step
            self._steps[f"captured {kind}"] = jit(step)
        captured = self.jit_compile is not False and not self.run_eagerly
        return self._steps[f"captured {kind}" if captured else kind]

    def _prepare(self, data: Any, trains: bool = True) -> None:
        """Look at the data and run the model on the first samples, so that what is wrong shows before any work."""
        self._require_labels(data.first()[1])
        if trains or not hasattr(data, "arrays"):  # an evaluation is a tenth faster if it looks only when it must
            check_numbers(data)
        check_inputs(data, self)
        try:
            Capture([]).during(self._try_out, (data,))  # a backend need not compile single ops for this
        except (ValueError, TypeError) as error:
            error.add_note("The model was tried on the first samples only; nothing has been trained.")
            raise
        self._find_metrics()
        if trains and self.built and not self.trainable_weights:
            warn(f"Model {self.name!r} has no trainable weights, so fit cannot change it.")
        self._settle()

    def _try_out(self, data: Any) -> None:
        """Match losses and metrics to the outputs, unless that is done, and look at the labels as they will."""
        y_pred, loss, counted = self._looked_at(data), self._compiled_loss, self._compiled_metrics or CompiledMetrics()
        _, y, weight = map(_two, data.first())
        counts = any(counted.given.values()) and y is not None and y_pred is not None
        if loss is None and not counts:  # what labels are is for the model's own steps
            return
        if loss is not None:
            if not self._matched:
                loss.build(y, y_pred)
            check_outputs(data, loss, y_pred, self)
            loss(y, y_pred, weight)
        if not self._matched:
            counted.build(y, y_pred)
            self._settle()
            self._count(*map_structure(_tensor, (y, y_pred, weight)))  # reset before they count
            check_results(self._compiled)
        self._matched = True  # labels that do not fit settle nothing
        data.look = self._look

    def _look(self, y: Any) -> None:
        """Look at the labels of a batch that comes after the first."""
        self._require_labels(y)
        if self._compiled_loss is not None:
            check_labels(self._compiled_loss, y, self)

    def _require_labels(self, y: Any) -> None:
        if self._compiled_loss is not None and y is None:
            raise ValueError(
                f"Model {self.name!r} has a loss, but the data has no labels: pass y, or yield (x, y) batches."
            )

    def _looked_at(self, data: Any) -> Any:
        """The outputs for the first samples; the model is built then. None if only its own steps know what to do."""
        if type(self).call is Layer.call and type(self).train_step is not Steps.train_step:
            return None
        with untouched():  # only batches count
            return self(_two(data.first()[0]), training=False)

    def _settle(self) -> None:
        """Bring metrics and the optimizer's state to where the weights are."""
        for part in self._parts:
            if any(variable.backend is not current() for variable in part.variables):
                part.move(current())


def _tensor(leaf: Any) -> Any:
    return None if leaf is None else as_tensor(leaf)


def _two(value: Any) -> Any:
    """The first two samples of nested arrays, enough to see shapes."""
    return map_structure(lambda leaf: None if leaf is None else leaf[:2], value)
