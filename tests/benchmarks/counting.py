"""What a training step does, in numbers that no clock and no other process can change.

These are the gate: `counters.json` holds them as they were committed, and a test compares. More of anything is a
failure; after a change for the better, or a wanted one for the worse, `make counters` writes them anew.
"""

import json
import re
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from arraynet import config, naming, plugins, random
from arraynet.autodiff import tape
from arraynet.callbacks import Callback
from arraynet.observers import Observer
from arraynet.program import HostProgram
from arraynet.program.layout import VIEWS
from benchmarks.networks import NETWORKS

__all__ = ["COMMITTED", "GATE", "counters", "measured", "problems"]

COMMITTED = Path(__file__).with_name("counters.json")
BATCH, ROWS = 32, 144  # four full batches and a partial one
GATE = [(backend, name) for backend in ("numpy", "numba") for name in NETWORKS]
MEMORY = 2**15  # bytes: what Python keeps differs by less from version to version
SLACK = {"fit_bytes": MEMORY, "step_bytes": MEMORY}
COPY = re.compile(r"\b(?:f_)?(?:copyto|array|copy|ascontiguousarray)(?:_\w+)?\(")


class _Records(Observer):
    """How many ops ran."""

    count = 0

    def record(self, *_: Any) -> None:
        self.count += 1


def counters(backend: str, name: str) -> dict[str, int]:
    """Return what one training step of a network takes on a backend."""
    config.set_seed(0)
    naming.reset_names()
    random.reset_streams()
    with plugins.use_backend(backend), _one_thread(backend):
        network = NETWORKS[name]
        model, (x, y) = network.model(), network.rows(ROWS)
        options = {"batch_size": BATCH, "verbose": 0, "shuffle": False}
        model.fit(x, y, epochs=2, **options)
        jitted = model._step("train")
        found = _of_program(jitted) | {"captures": jitted.captures}
        found |= _memory(lambda **more: model.fit(x, y, **options, **more))
        return found | _of_eager(model, x[:BATCH], y[:BATCH])


def _one_thread(backend: str) -> Any:
    """A context in which programs are compiled for one thread: buffers for more of them would be counted."""
    if backend != "numba":
        return nullcontext()
    from arraynet_numba import chains, team

    return mock.patch.object(chains, "shared_team", return_value=team.ALONE)


def _of_program(jitted: Any) -> dict[str, int]:
    """Counters of the program for full batches, and of its replay."""
    entry = next(iter(jitted._entries.values()))
    if not hasattr(entry, "program"):
        raise RuntimeError(f"The step was not captured: {jitted.reason}.")
    program, run = entry.program, entry.run
    working = [i for i in program.instructions if i.name not in VIEWS]
    found = {
        "launches": len(working),
        "bytes_moved": sum(_bytes(v) for i in working for v in (*i.inputs(), *i.outs)),
    }
    return found | (_of_replay(run) if isinstance(run, HostProgram) else {})


def _of_replay(run: HostProgram) -> dict[str, int]:
    """Counters of a replay on host arrays."""
    return {
        "calls": run.calls,
        "allocations": run.allocations,
        "copies": sum(len(COPY.findall(line)) for line in run.source.splitlines() if not line.startswith("    if ")),
        "updates_out_of_place": run.in_place.count(False),
        "buffer_bytes": run.buffer_bytes,
    }


def _bytes(value: Any) -> int:
    return 0 if value.shape is None else int(np.prod(value.shape, dtype=np.int64)) * value.dtype.itemsize


class _Steady(Callback):
    """Most memory that steps take, once the first of them has made what stays."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch == 0:
            tracemalloc.reset_peak()
            self.before = tracemalloc.get_traced_memory()[0]

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.most = tracemalloc.get_traced_memory()[1] - self.before


def _memory(fit: Callable[..., Any]) -> dict[str, int]:
    """Most memory that `fit` takes on top of what it found, and that its steps take on top of that."""
    tracemalloc.start()
    try:
        fit()  # what Python allocates once, it has then
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        fit()
        fit_bytes = tracemalloc.get_traced_memory()[1] - before
        fit(callbacks=[steady := _Steady()])
    finally:
        tracemalloc.stop()
    return {"fit_bytes": _rounded(fit_bytes), "step_bytes": _rounded(steady.most)}


def _rounded(count: int) -> int:
    return count // MEMORY * MEMORY


def _of_eager(model: Any, x: Any, y: Any) -> dict[str, int]:
    """Ops and tape nodes of a step that is not captured."""
    model.run_eagerly, records = True, _Records()
    with mock.patch.object(tape, "Node", wraps=tape.Node) as node:
        records.during(model.train_step, [(x, y)])
    return {"ops": records.count, "tape_nodes": node.call_count}


def measured() -> dict[str, dict[str, int]]:
    """Return the counters that the gate looks at, by backend and network."""
    return {f"{backend} {name}": counters(backend, name) for backend, name in GATE}


def problems(found: dict[str, dict[str, int]], committed: dict[str, dict[str, int]]) -> Iterator[str]:
    """Yield what is worse than what was committed, or missing on either side."""
    if not found or not committed:
        yield "There is nothing to compare: no network was counted, or none was committed."
    for name in sorted({*found} | {*committed}):
        here, there = found.get(name, {}), committed.get(name, {})
        for counter in sorted({*here} | {*there}):
            if counter not in here or counter not in there:
                yield f"{name}: {counter} is {'not counted' if counter in there else 'not committed'}"
            elif here[counter] > there[counter] + SLACK.get(counter, 0):
                yield f"{name}: {there[counter]:,} {counter} have become {here[counter]:,}"


def main() -> None:
    """Write the counters of this checkout."""
    COMMITTED.write_text(json.dumps(measured(), indent=1) + "\n", encoding="utf-8")
    print(f"Wrote {COMMITTED}. Look at the difference before you commit it.")


if __name__ == "__main__":
    main()
