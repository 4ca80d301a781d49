"""How a run on a GPU is told from one on the CPU, and what is written down of it."""

import types

import cupy_host
import pytest
from support import gpu

import arraynet


def config(expression):
    return types.SimpleNamespace(option=types.SimpleNamespace(markexpr=expression))


@pytest.fixture
def records(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "RECORDS", tmp_path / "runs.md")
    return gpu.RECORDS


def test_a_run_on_a_device_is_written_down(records, monkeypatch, on_cupy):
    monkeypatch.setattr(gpu, "_missing", lambda: "")
    stats = {"passed": [1] * 40, "failed": [1], "deselected": [1] * 9}
    gpu.record(config("gpu"), types.SimpleNamespace(stats=stats))
    (line,) = records.read_text().splitlines()
    assert arraynet.plugins.load("cupy").describe() in line
    assert line.endswith("| 40 passed, 1 failed |")


@pytest.mark.parametrize(("expression", "missing"), [("", ""), ("not gpu", ""), ("gpu", "no driver")])
def test_no_other_run_is(records, monkeypatch, expression, missing):
    monkeypatch.setattr(gpu, "_missing", lambda: missing)
    gpu.record(config(expression), types.SimpleNamespace(stats={"passed": [1]}))
    assert not records.exists()


def test_of_several_workers_none_writes_a_line_of_its_own(records, monkeypatch):
    monkeypatch.setattr(gpu, "_missing", lambda: "")
    worker = config("gpu")
    worker.workerinput = {"workerid": "gw0"}
    gpu.record(worker, types.SimpleNamespace(stats={"passed": [1]}))
    assert not records.exists()


@pytest.mark.parametrize(
    ("expression", "missing", "reasons"), [("gpu", "no driver", ["no driver"]), ("gpu", "", []), ("", "no driver", [])]
)
def test_a_run_for_a_device_that_is_not_there_skips_all_with_the_reason(monkeypatch, expression, missing, reasons):
    monkeypatch.setattr(gpu, "_missing", lambda: missing)
    marks = []
    gpu.mark(config(expression), [types.SimpleNamespace(fixturenames=["on_device"], add_marker=marks.append)])
    assert marks[0].name == "gpu"
    assert [mark.kwargs["reason"] for mark in marks[1:]] == reasons


def test_the_header_says_where_cupy_runs(monkeypatch):
    monkeypatch.setattr(cupy_host, "why_not", str)
    assert gpu.header(config("")) == "cupy: no GPU: CuPy is executed on the CPU"
    monkeypatch.setattr(gpu, "_missing", lambda: "no driver")
    assert gpu.header(config("gpu")) == "cupy: no driver"


def test_a_limit_of_the_host_is_recognised_behind_other_errors():
    limit, wrapped = cupy_host.NotOnHostError("sort"), ValueError("sort: no")
    wrapped.__cause__ = limit
    assert gpu.limit(limit) == gpu.limit(wrapped) == "sort"
    assert gpu.limit(ValueError("sort")) == ""
