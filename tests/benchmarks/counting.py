"""What a training step does, in numbers that no clock and no other process can change.

These are the gate: `counters.json` holds them as they were committed, and a test compares. More of anything is a
failure; after a change for the better, or a wanted one for the worse, `make counters` writes them anew.
"""

import json
import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from arraynet import config, naming, plugins, random
from arraynet.autodiff import tape
from arraynet.observers import Observer
from arraynet.program import HostProgram
from arraynet.program.layout import VIEWS
from benchmarks.networks import NETWORKS

__all__ = ["COMMITTED", "GATE", "counters", "measured", "problems"]

COMMITTED = Path(__file__).with_name("counters.json")
BATCH, ROWS = 32, 144  # four full batches and a partial one
# Every network on the reference; compiling loops takes seconds, so one network stands for them all.
GATE = [*(("numpy", name) for name in NETWORKS), ("numba", "chapter")]
MEMORY = 2**15  # bytes: what Python keeps differs by less from version to version
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
    with plugins.use_backend(backend):
        network = NETWORKS[name]
        model, (x, y) = network.model(), network.rows(ROWS)
        options = {"batch_size": BATCH, "verbose": 0, "shuffle": False}
        model.fit(x, y, epochs=2, **options)
        jitted = model._step("train")
        found = _of_program(jitted) | {"captures": jitted.captures}
        found["peak_bytes"] = _peak(lambda: model.fit(x, y, **options)) // MEMORY * MEMORY
        return found | _of_eager(model, x[:BATCH], y[:BATCH])


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
        "copies": len(COPY.findall(run.source)),
        "updates_out_of_place": run.in_place.count(False),
        "buffer_bytes": run.buffer_bytes,
    }


def _bytes(value: Any) -> int:
    return 0 if value.shape is None else int(np.prod(value.shape, dtype=np.int64)) * value.dtype.itemsize


def _peak(run: Any) -> int:
    """Most memory that a call takes on top of what it found."""
    run()
    tracemalloc.start()
    try:
        run()  # what is traced for the first time may be counted as new
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        run()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


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
            elif here[counter] > there[counter]:
                yield f"{name}: {there[counter]:,} {counter} have become {here[counter]:,}"


def main() -> None:
    """Write the counters of this checkout."""
    COMMITTED.write_text(json.dumps(measured(), indent=1) + "\n", encoding="utf-8")
    print(f"Wrote {COMMITTED}. Look at the difference before you commit it.")


if __name__ == "__main__":
    main()
