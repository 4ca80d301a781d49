"""Where the tests of the CuPy backend run: CuPy on the CPU, or with ``pytest -m gpu`` on a device.

The two never mix: without ``-m gpu`` whoever imports CuPy gets the host device, with it nobody does, and a
machine without a GPU skips every test with the reason that the backend's own probe gives.
"""

import os
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

import cupy_host
import pytest

RECORDS = Path(__file__).parents[2] / "docs" / "gpu-runs.md"


def on_device(config):
    """Whether this run is for a device."""
    return config.option.markexpr == "gpu"


def prepare(config):
    """Let the first import of CuPy find the host device; on a run for a device do nothing."""
    os.environ.setdefault("CUPY_HOST_CACHE", str(RECORDS.parents[1] / ".pytest_cache" / "cupy_host"))
    if not on_device(config) and not cupy_host.why_not():
        cupy_host.install_on_import()


def header(config):
    """What pytest says at its start."""
    if on_device(config):
        return f"cupy: {_missing() or 'on the GPU'}"
    return f"cupy: {cupy_host.why_not() or 'no GPU: CuPy is executed on the CPU'}"


def why_not(config):
    """Why tests of the CuPy backend cannot run here; empty where they can."""
    if on_device(config):
        return _missing()
    reason = cupy_host.why_not()
    if not reason:
        _emulate_graphs()
    return reason


@cache
def _emulate_graphs():
    """The host device runs kernels at once and records none: a graph is what queues them, called again.

    While a stream is captured nothing may touch the host: that is looked at.
    """
    from arraynet_cupy import graphs

    def record(stream, body):
        before = cupy_host.counts.copy()
        outputs = body()
        for name in ("uploads", "downloads", "syncs"):
            if cupy_host.counts[name] != before[name]:
                pytest.fail(f"{name} while a program is recorded")  # no error, which would be a reason not to record

        def launch():
            for x, y in zip(body(), outputs, strict=True):
                y[...] = x

        return launch, outputs

    graphs.record = record


def runner(function):
    """Return what replays the only program of a captured function."""
    (entry,) = function._entries.values()
    return entry.run


@cache
def _missing():
    try:
        from arraynet_cupy import probe

        probe()
    except Exception as error:
        return str(error)
    return ""


def limit(error):
    """What the host device lacks, if that is what an error comes from: the line of its printed table; else empty."""
    while error is not None:
        if isinstance(error, cupy_host.NotOnHostError):
            return str(error)
        error = error.__cause__ or error.__context__
    return ""


def assert_none(problems):
    """Fail on what the conformance kit has found; where that is a limit of the host device alone, skip with it."""
    lacking = [cupy_host.REFUSAL.search(text) for text in problems]
    assert [text for text, limit in zip(problems, lacking, strict=True) if not limit] == []
    if lacking:
        pytest.skip(lacking[0][0])


def mark(config, items):
    """Give the marker gpu to tests of the CuPy backend, and to those that ``--backend cupy`` runs on it.

    On a run for a device that is not there, they are skipped with the probe's reason.
    """
    missing = pytest.mark.skip(reason=_missing()) if on_device(config) and _missing() else None
    for item in items:
        params = getattr(getattr(item, "callspec", None), "params", {}).values()
        asked = any(isinstance(p, str) and p == "cupy" for p in params)  # other parameters may be arrays
        if asked or "on_device" in item.fixturenames:
            item.add_marker(pytest.mark.gpu)
            if missing:
                item.add_marker(missing)


def record(config, reporter):
    """Append a line on a run that reached a device to docs/gpu-runs.md; of several workers, who sums them up does."""
    if not on_device(config) or hasattr(config, "workerinput") or _missing():
        return
    import arraynet

    counts = Counter({kind: len(reporter.stats.get(kind, ())) for kind in ("passed", "failed", "error", "skipped")})
    done = ", ".join(f"{n} {kind}" for kind, n in counts.items() if n)
    what = f"arraynet {version('arraynet')}, {arraynet.plugins.load('cupy').describe()}"
    with RECORDS.open("a") as file:
        file.write(f"| {datetime.now(UTC):%Y-%m-%d %H:%M} | {what} | {done} |\n")
