"""Training and prediction, as a user asks for them: a step, an epoch, an optimizer's part, and the memory it takes."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import arraynet
from arraynet import Variable, optimizers
from benchmarks.base import BACKENDS, Benchmark, runnable
from benchmarks.networks import NETWORKS

RULES = ("SGD", "RMSprop", "Adam", "AdamW", "Nadam", "Adamax", "Adagrad", "Adadelta", "Lion", "Lamb", "Ftrl")


class Step(Benchmark):
    """One training step on a batch that is there already."""

    params = [BACKENDS, list(NETWORKS), [8, 128], ["captured", "eager"]]
    param_names = ["backend", "network", "batch", "how"]

    def make(self, name: str, batch: int, how: str) -> Callable[[], Any]:
        network = NETWORKS[name]
        model, (x, y) = network.model(), network.rows(batch)
        model.run_eagerly = how == "eager"
        return lambda: model.train_on_batch(x, y)


class Fit(Benchmark):
    """An epoch of 1,000 rows, the last batch a partial one."""

    params = [BACKENDS, list(NETWORKS), [8, 128]]
    param_names = ["backend", "network", "batch"]

    def make(self, name: str, batch: int) -> Callable[[], Any]:
        network = NETWORKS[name]
        model, (x, y) = network.model(), network.rows(1000)
        return lambda: model.fit(x, y, batch_size=batch, verbose=0)


class Loop(Benchmark):
    """100 batches by `fit`, or by calls of its captured step on batches that are there already: what the loop adds."""

    params = [BACKENDS, list(NETWORKS), [8, 128], ["fit", "steps"]]
    param_names = ["backend", "network", "batch", "how"]

    def make(self, name: str, batch: int, how: str) -> Callable[[], Any]:
        network = NETWORKS[name]
        model, (x, y) = network.model(), network.rows(100 * batch)
        fit = partial(model.fit, x, y, batch_size=batch, verbose=0)
        if how == "fit":
            return fit
        fit()
        step = model._step("train")
        batches = [(x[start : start + batch], y[start : start + batch], None) for start in range(0, len(x), batch)]
        return lambda: [step(*given) for given in batches]


class Predict(Benchmark):
    """1,000 rows, in batches."""

    params = [BACKENDS, list(NETWORKS), [32, 256]]
    param_names = ["backend", "network", "batch"]

    def make(self, name: str, batch: int) -> Callable[[], Any]:
        network = NETWORKS[name]
        model, (x, _) = network.model(), network.rows(1000)
        return lambda: model.predict(x, batch_size=batch, verbose=0)


class Evaluate(Benchmark):
    """Loss and metrics of 1,000 rows."""

    params = [BACKENDS, list(NETWORKS)]
    param_names = ["backend", "network"]

    def make(self, name: str) -> Callable[[], Any]:
        network = NETWORKS[name]
        model, (x, y) = network.model(), network.rows(1000)
        return lambda: model.evaluate(x, y, batch_size=128, verbose=0)


class Update(Benchmark):
    """An optimizer's step on the chapter's weights, captured."""

    params = [BACKENDS, list(RULES)]
    param_names = ["backend", "optimizer"]

    def make(self, name: str) -> Callable[[], Any]:
        rng, shapes = np.random.default_rng(0), [(784, 512), (512,), (512, 10), (10,)]
        values = [rng.normal(size=shape).astype("float32") for shape in shapes]
        weights, gradients = [Variable(v) for v in values], [arraynet.ops.convert_to_tensor(v) for v in values]
        optimizer = getattr(optimizers, name)()
        step = arraynet.jit(lambda *gradients: optimizer.apply(list(gradients), weights))
        return lambda: step(*gradients)


class Memory:
    """Most memory of the process that trains for an epoch."""

    params = [BACKENDS, list(NETWORKS)]
    param_names = ["backend", "network"]

    def setup(self, backend: str, name: str) -> None:
        runnable(backend)

    def peakmem_fit(self, backend: str, name: str) -> None:
        with arraynet.use_backend(backend):
            x, y = NETWORKS[name].rows(1000)
            NETWORKS[name].model().fit(x, y, batch_size=128, verbose=0)
