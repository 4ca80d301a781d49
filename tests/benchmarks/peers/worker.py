"""One subject alone in its process: it greets, then answers requests, one JSON object a line. See race.py."""

import ctypes
import json
import math
import os
import resource
import signal
import sys
from importlib import import_module
from importlib.metadata import version
from time import perf_counter

PARTS = {  # what a subject imports; arraynet's name is in the configuration
    "floor": ["numpy"], "jax": ["jax", "optax"], "torch": ["torch"], "sklearn": ["sklearn.neural_network"],
    "keras": ["keras"],
}  # fmt: skip
DISTRIBUTION = {"sklearn": "scikit-learn", "tensorflow": "tensorflow-cpu"}
VERSIONS = ("numpy", "jax", "optax", "torch", "tensorflow", "sklearn", "keras", "arraynet", "numba", "cupy")


def settle(threads):
    """Keep to as many cores as there are threads, and end when race.py ends."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


class Host:
    """The subject, and the requests that it can be sent."""

    def __init__(self, config):
        name, mode = config["subject"].partition(":")[0], config["mode"]
        family = name.partition("-")[0]
        parts = PARTS.get(family, [config["module"]])
        config["module"] = parts[0]
        start = perf_counter()
        for part in parts:
            import_module(part)
        self.facts = {"import s": perf_counter() - start, "import MB": peak_mb()}

        import micro  # only now, as these import NumPy
        import subjects

        kind = subjects.KINDS.get(name) or subjects.KINDS[family]
        if mode not in kind.modes:
            raise subjects.UnsupportedError(f"not made for --mode {mode}")
        self.learns, self.steps = family != "floor", config["steps"]
        if mode == "ops":
            self.micro = micro.Micro(parts[0], config["threads"])
        else:
            self.x, self.y, self.test = subjects.load(config)
            start = perf_counter()
            self.subject = kind(config, self.x, self.y)
            self.subject.train(config["batch"])
            self.facts |= {"first step s": perf_counter() - start, "script MB": peak_mb()}
        if mode == "train":
            self.facts |= self.finish()
        self.facts["versions"] = {
            name: getattr(sys.modules[name], "__version__", None) or version(DISTRIBUTION.get(name, name))
            for name in VERSIONS
            if name in sys.modules
        }

    def train(self):
        return {"value": 1e3 * self.subject.train(len(self.x)) / self.steps}

    def predict(self, batch):
        x, _ = self.test
        start = perf_counter()
        out = self.subject.predict(x, batch)
        seconds = perf_counter() - start
        if out.shape != (len(x), 10) or (self.learns and abs(out.sum(1) - 1).max() > 1e-3):
            raise ValueError(f"no probabilities: {out}")
        return {"value": 1e3 * seconds}

    def evaluate(self, batch):
        start = perf_counter()
        right = self.subject.evaluate(*self.test, batch)
        seconds = perf_counter() - start
        if self.learns and not 0.02 < right <= 1:  # one step may leave it near chance
            raise ValueError(f"no accuracy: {right}")
        return {"value": 1e3 * seconds}

    def op(self, name):
        return {"value": 1e6 * self.micro.seconds(name)}

    def finish(self):
        """The loss on the first 1000 training rows, computed alike for every subject, and the memory so far."""
        if not self.learns:
            return {"peak MB": peak_mb()}
        x, y = self.x[:1000], self.y[:1000]
        if self.subject.squared:
            labels = [[float(k == label) for k in range(10)] for label in y]
            return {"loss": float(((self.subject.predict(x, 250) - labels) ** 2).mean()), "peak MB": peak_mb()}
        right = self.subject.predict(x, 250)[range(len(y)), y].clip(1e-7)
        return {"loss": -sum(map(math.log, right)) / len(y), "peak MB": peak_mb()}


def main():
    config = json.loads(sys.argv[1])
    settle(config["threads"])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    try:
        host = Host(config)
        print(json.dumps(host.facts), file=answers, flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            print(json.dumps(getattr(host, request.pop("do"))(**request)), file=answers, flush=True)
    except Exception as error:
        kind = type(error).__name__
        reason = f"skipped: {error}" if kind == "UnsupportedError" else f"FAILED: {kind}: {error}"
        print(json.dumps({"gone": reason}), file=answers, flush=True)
        raise


if __name__ == "__main__":
    main()
