"""The gate: no commit makes a training step do more than the committed counters say, and the gate can fail."""

import json

import pytest
from benchmarks.counting import COMMITTED, GATE, counters, problems

import arraynet
from arraynet.models import batches
from arraynet.operators import OPS
from arraynet.program import HostProgram

EXPECTED = json.loads(COMMITTED.read_text(encoding="utf-8"))


def worse(backend, name):
    key = f"{backend} {name}"
    return list(problems({key: counters(backend, name)}, {key: EXPECTED[key]}))


def test_every_network_is_committed():
    assert list(EXPECTED) == [f"{backend} {name}" for backend, name in GATE]


@pytest.mark.parametrize(("where", "name"), GATE)
def test_a_step_does_no_more_than_it_did(where, name):
    if where not in arraynet.available_backends():
        pytest.skip(f"the backend {where} is not installed")
    assert not worse(where, name), "If this is wanted: make counters"


def test_a_planted_copy_fails(monkeypatch):
    form = OPS["relu"].form
    monkeypatch.setattr(OPS["relu"], "form", lambda xp, x: form(xp, xp.asarray(x, copy=True)))
    found = worse("numpy", "chapter")
    for counter in ("launches", "calls", "allocations", "bytes_moved"):
        assert any(counter in problem for problem in found)


def test_a_copy_planted_in_the_replay_fails(monkeypatch):
    finish = HostProgram._finish
    monkeypatch.setattr(HostProgram, "_finish", lambda self: self.lines.append("copyto(w0, w0)") or finish(self))
    assert any("copies" in problem for problem in worse("numpy", "chapter"))


def test_a_copy_planted_in_the_input_fails(monkeypatch):
    batch = batches.ArrayData._batch
    copied = lambda *given: tuple(None if part is None else part.copy() for part in batch(*given))  # noqa: E731
    monkeypatch.setattr(batches.ArrayData, "_batch", copied)
    assert any("step_bytes" in problem for problem in worse("numpy", "chapter"))


def test_a_planted_op_fails_on_the_tape(monkeypatch):
    call = arraynet.layers.Dense.call
    monkeypatch.setattr(arraynet.layers.Dense, "call", lambda self, x: call(self, x) + 0)
    assert any("tape_nodes" in problem for problem in worse("numpy", "chapter"))


def test_a_change_of_words_passes(monkeypatch):
    monkeypatch.setattr(OPS["relu"], "__doc__", "Other words.")
    assert not worse("numpy", "chapter")


def test_an_empty_run_fails():
    assert "nothing to compare" in next(problems({}, EXPECTED))
    assert "nothing to compare" in next(problems(EXPECTED, {}))
    assert any("not counted" in problem for problem in problems({}, EXPECTED))
    key = next(iter(EXPECTED))
    assert any(
        "not committed" in problem for problem in problems(EXPECTED | {key: EXPECTED[key] | {"new": 1}}, EXPECTED)
    )


def test_less_passes_and_more_does_not():
    committed = {"a": {"calls": 2}}
    assert not list(problems({"a": {"calls": 1}}, committed))
    assert list(problems({"a": {"calls": 3}}, committed)) == ["a: 2 calls have become 3"]
