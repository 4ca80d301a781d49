"""Whether threads share a call is found by timing both ways, and timing costs next to nothing."""

from unittest.mock import Mock

import pytest

pytest.importorskip("arraynet_numba", reason="the plugin arraynet-numba is not installed")

from arraynet_numba import pace, tasks
from arraynet_numba.team import ALONE, LEAST, Team


class Work:
    """A call that takes as long as `costs` says, on a clock of its own."""

    def __init__(self, monkeypatch, **costs):
        self.costs, self.now, self.calls = costs, 0, []
        monkeypatch.setattr(pace, "perf_counter_ns", lambda: self.now)
        self.run = pace.Pace(self, ["shared", "alone"])

    def __call__(self, way, x):
        self.calls.append(way)
        self.now += self.costs[way]

    def many(self, count):
        """Make calls; return in what way the last one was made, and the share of the other way."""
        self.calls.clear()
        for _ in range(count):
            self.run(None)
        return self.calls[-1], sum(way != self.calls[-1] for way in self.calls) / count


@pytest.mark.parametrize(("shared", "way"), [(250, "shared"), (580, "alone"), (352, "shared"), (360, "shared")])
def test_the_faster_way_is_found(monkeypatch, shared, way):
    work = Work(monkeypatch, shared=shared, alone=350)
    work.many(10)
    assert work.many(1000)[0] == way


def test_it_is_found_anew_when_that_has_changed(monkeypatch):
    work = Work(monkeypatch, shared=250, alone=350)
    for shared, way, calls in [(250, "shared", 100_000), (580, "alone", 2000), (250, "shared", 2000)]:
        work.costs["shared"] = shared
        work.many(2000)
        assert work.many(300)[0] == way
        work.many(calls)  # however long nothing has changed


@pytest.mark.parametrize("before", [8, 100_000])
def test_what_has_changed_is_looked_at_again_soon(monkeypatch, before):
    work = Work(monkeypatch, shared=250, alone=350)
    work.many(before)
    for shared, way in [(580, "alone"), (250, "shared")]:
        work.costs["shared"] = shared
        calls = next(k for k in range(5000) if work.many(1)[0] == work.run.ways[0] == way)
        assert calls < 300 or (before, way) == (100_000, "alone")


@pytest.mark.parametrize("alone", [260, 500, 2500])
def test_trials_cost_little(monkeypatch, alone):
    work = Work(monkeypatch, shared=250, alone=alone)
    work.many(10)
    began = work.now
    work.many(100_000)
    assert began + 250 * 100_000 <= work.now <= began + 250 * 100_000 * 1.003


@pytest.mark.parametrize("way", ["shared", "alone"])
def test_calls_that_were_interrupted_decide_nothing(monkeypatch, way):
    work = Work(monkeypatch, **{"shared": 350, "alone": 350, way: 250})
    for k in range(2000):
        work.costs[way] = 250_000 if k % 4 else 250
        work.run(None)
    assert work.run.ways[0] == way


def test_a_choice_that_was_interrupted_is_made_at_the_next_call(monkeypatch):
    work = Work(monkeypatch, shared=250, alone=350)
    with monkeypatch.context() as patch:
        patch.setattr(pace.Pace, "_choose", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            work.many(8)
    assert work.many(100)[0] == "shared"


def test_a_trial_that_was_disturbed_is_soon_made_good(monkeypatch):
    work = Work(monkeypatch, shared=250, alone=350)
    work.costs["shared"] = 2500
    assert work.many(8)[0] == "alone"
    work.costs["shared"] = 250
    way, others = work.many(100)
    assert way == "shared"
    assert others < 0.3


def test_a_single_way_is_not_timed(monkeypatch):
    work = Work(monkeypatch, alone=350)
    monkeypatch.setattr(pace, "perf_counter_ns", lambda: pytest.fail("the clock was read"))
    work.run = pace.Pace(work, ["alone"])
    assert work.many(20) == ("alone", 0)


@pytest.mark.parametrize(("members", "work", "ways"), [(2, [1, LEAST], 2), (2, [LEAST - 1], 1), (1, [LEAST], 1)])
def test_what_is_not_shared_is_not_timed(members, work, ways):
    team = Team(members) if members > 1 else ALONE
    calls = tasks.Calls([tasks.Task(0, ("int64",), [0], n) for n in work], [], set(), team)
    assert len(calls.run.ways) == ways
    if team is not ALONE:
        team.stop()
