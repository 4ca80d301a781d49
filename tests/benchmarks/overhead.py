"""What Python costs: an op, the same on a tape, replayed, a capture, and the import."""

from collections.abc import Callable
from typing import Any

import numpy as np

import arraynet
from arraynet import Variable, ops
from benchmarks.base import BACKENDS, Benchmark, check_source
from benchmarks.networks import NETWORKS

CHAIN = 50  # ops in a call; an op costs this fraction of it


def chain(x: Any) -> Any:
    """Many ops on few numbers, so that next to nothing of the time is arithmetic."""
    for _ in range(CHAIN // 2):
        x = ops.tanh(x) + x
    return x


class Dispatch(Benchmark):
    """Fifty ops on four numbers; "arrays" is the library alone, which sets the least."""

    params = [BACKENDS, ["arrays", "eager", "taped", "gradient", "replayed"]]
    param_names = ["backend", "how"]

    def make(self, how: str) -> Callable[[], Any]:
        x = ops.convert_to_tensor(np.ones(4, "float32"))
        replayed = arraynet.jit(chain)
        return {
            "arrays": lambda: self.arrays(x.array),
            "eager": lambda: chain(x),
            "taped": lambda: self.taped(x)[1],
            "gradient": lambda: (lambda tape, y: tape.gradient(y, x))(*self.taped(x)),
            "replayed": lambda: replayed(x),
        }[how]

    def arrays(self, x: Any) -> Any:
        xp = self.backend.xp
        for _ in range(CHAIN // 2):
            x = xp.tanh(x) + x
        return x

    def taped(self, x: Any) -> Any:
        with arraynet.GradientTape() as tape:
            tape.watch(x)
            y = chain(x)
        return tape, y


class Capture(Benchmark):
    """The first call of a captured function: fifty ops, or a training step."""

    params = [BACKENDS, ["chain", *NETWORKS]]
    param_names = ["backend", "what"]

    def make(self, what: str) -> Callable[[], Any]:
        if what == "chain":
            x = ops.convert_to_tensor(np.ones(4, "float32"))
            return lambda: arraynet.jit(chain)(x)
        network = NETWORKS[what]
        model, (x, y) = network.model(), network.rows(8)

        def anew() -> Any:
            model.optimizer.changed()  # what took part has another version, so the program is stale
            return model.train_on_batch(x, y)

        return anew


class Assign(Benchmark):
    """A Variable that is read and assigned."""

    def make(self) -> Callable[[], Any]:
        v, new = Variable(np.zeros((100, 100), "float32")), ops.ones((100, 100))
        return lambda: v.assign(v.value + new)


class Import:
    """A process of its own that does nothing else."""

    def setup(self) -> None:
        check_source()

    def timeraw_import(self) -> str:
        return "import arraynet"

    def timeraw_first_op(self) -> str:
        return "import arraynet; arraynet.ops.zeros(1)"
