"""What `compile` settles: the optimizer, the loss and the metrics of a model, and how its steps run."""

from collections.abc import Callable
from typing import Any

from arraynet import optimizers
from arraynet.backend import Backend
from arraynet.checks import flag, positive_int
from arraynet.layers.layer import Layer
from arraynet.layers.tracked import held
from arraynet.metrics import Metric
from arraynet.models.compiled import CompiledLoss, CompiledMetrics
from arraynet.models.divergence import RunningLoss
from arraynet.models.loop import RunningLogs
from arraynet.plugins import use_backend
from arraynet.random import SeedGenerator, path_scope
from arraynet.saving import compiling

__all__ = ["Compilable"]

RUNNING = frozenset(["history", "stop_training", "stop_evaluating", "stop_predicting"])  # no program depends on them


class Compilable(Layer):
    """A layer that knows its loss, its metrics and its optimizer."""

    optimizer: Any = None
    history: Any = None
    stop_training = stop_evaluating = stop_predicting = False
    run_eagerly = False
    jit_compile: bool | str = "auto"
    steps_per_execution = 1
    _compiled_loss: CompiledLoss | None = None
    _compiled_metrics: CompiledMetrics | None = None
    _loss_tracker: RunningLoss | None = None
    _auto_scale = True
    _matched = False  # whether losses and metrics know the outputs
    _tracked = False  # whether the running loss has seen the batch

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._steps: dict[str, Callable[..., Any]] = {}
        with path_scope("shuffle"):
            self._shuffle = SeedGenerator()  # its counter is the number of epochs; saved with the model

    def __setattr__(self, name: str, value: Any) -> None:
        if name in RUNNING:
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_steps": {}}  # steps belong to this very object; a copy makes its own

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model is trained; its weights stay as they are.

        Parameters
        ----------
        optimizer : str or Optimizer
            What changes the weights.
        loss : str, Loss, callable, or list or dict of them
            What is minimised; a callable is ``loss(y_true, y_pred)``. "crossentropy" is the one that the
            labels ask for. Several outputs have one each.
        loss_weights : list or dict of float, optional
            Factors of several outputs' losses.
        metrics, weighted_metrics : list, tuple or dict, optional
            What is reported beside the loss; the second kind uses sample weights. "accuracy" is the one that
            the labels ask for.
        run_eagerly : bool
            Whether steps run as plain Python, for looking into them.
        steps_per_execution : int
            Number of batches between two calls of callbacks' batch hooks.
        jit_compile : bool or "auto"
            False runs steps without capturing them.
        auto_scale_loss : bool
            Whether a model that computes in float16 has its loss scaled by 1024 against vanishing gradients.

        Raises
        ------
        ValueError
            A name that is not known, or metrics that are no list.
        """
        if jit_compile not in (True, False, "auto"):
            raise ValueError(f"jit_compile must be True, False or 'auto', received {jit_compile!r}.")
        if optimizer is None:
            raise ValueError("compile: optimizer is a name or an Optimizer, received None; leave it out for 'rmsprop'.")
        parts = optimizers.get(optimizer), CompiledLoss(loss, loss_weights), CompiledMetrics(metrics, weighted_metrics)
        steps_per_execution = positive_int("steps_per_execution", steps_per_execution)
        run_eagerly, scales = flag("run_eagerly", run_eagerly), flag("auto_scale_loss", auto_scale_loss)
        self.optimizer, compiled, self._compiled_metrics = parts
        self._compiled_loss = compiled if loss is not None else None
        self.run_eagerly, self.jit_compile, self.steps_per_execution = run_eagerly, jit_compile, steps_per_execution
        self._auto_scale = scales
        with use_backend(self._home(())):
            self._loss_tracker = RunningLoss()
        if scales and self.compute_dtype == "float16" and self.optimizer.loss_scale_factor is None:
            self.optimizer.loss_scale_factor = 1024.0
        self._matched, self._steps = False, {}

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self.optimizer is not None

    @property
    def loss(self) -> Any:
        """The loss as `compile` was given it."""
        return self._compiled_loss and self._compiled_loss.loss

    @property
    def metrics(self) -> list[Metric]:
        """The running loss, the compiled metrics, then those that the model and its layers have as attributes."""
        return list({id(metric): metric for metric in (*self._compiled, *held(self, Metric))}.values())

    def _idle(self, labelled: bool) -> list[Metric]:
        """The metrics that no batch reaches: without labels those of `compile` count nothing; reported, they were 0."""
        return [] if labelled or self._compiled_metrics is None else self._compiled_metrics.metrics

    def _fed(self, labelled: bool) -> list[Metric]:
        """All other metrics."""
        idle = {id(metric) for metric in self._idle(labelled)}
        return [metric for metric in self.metrics if id(metric) not in idle]

    @property
    def _compiled(self) -> list[Metric]:
        tracked: list[Metric] = [self._loss_tracker] if self._loss_tracker is not None else []
        if self._compiled_loss is not None:
            tracked += self._compiled_loss.metrics
        return tracked + (self._compiled_metrics.metrics if self._compiled_metrics else [])

    def _find_metrics(self) -> None:
        """Keep those of the layers inside as an attribute: to walk through them for each batch takes its time."""
        inner = (layer for layer in self._walk() if not isinstance(layer, Compilable))
        self._inner_metrics = [metric for layer in inner for metric in held(layer, Metric)]

    @property
    def metrics_names(self) -> list[str]:
        """The names of what is reported, in the order in which `evaluate` returns it."""
        return list(RunningLogs(self.metrics))

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return the arguments of `compile` as plain types; None before it was called."""
        return compiling.compile_config(self)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile the model as `get_compile_config` said."""
        compiling.compile_from_config(self, config)

    def reset_metrics(self) -> None:
        """Set all metrics to zero."""
        for metric in self.metrics:
            metric.reset_state()

    @property
    def _parts(self) -> list[Any]:
        return [*self.metrics, *self._compiled, *([self.optimizer] if self.compiled else [])]  # some override metrics

    def to(self, backend: str | Backend) -> Any:
        """Move weights, metrics and the optimizer's state to another backend, in place; return the model."""
        super().to(backend)
        self._find_metrics()
        for part in self._parts:
            part.move(backend)
        return self

    def _require_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(
                f"Model {self.name!r} must be compiled before {method}: model.compile(optimizer='rmsprop', loss=...)."
            )
