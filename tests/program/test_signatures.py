"""What tells calls of a captured function apart: numbers, functions, and what sets and dataclasses hold."""

import gc
from dataclasses import dataclass, field

import numpy as np
import pytest

from arraynet import ops
from arraynet.program import jit


@pytest.mark.parametrize("kind", [np.float32, np.int64])
def test_numpy_numbers_as_arguments(kind):
    f = jit(lambda x, s: x * s)
    for k in range(1, 8):
        assert float(f(ops.array(1.0), kind(k))) == k
        gc.collect()


def test_functions_as_arguments():
    f = jit(lambda x, s: s(x))
    for k in range(1, 7):
        assert float(f(ops.array(1.0), lambda v, k=k: v * k)) == k


@dataclass
class Settings:
    scale: float = 1.0
    rates: list = field(default_factory=list)
    owner: object = None


def test_what_a_set_or_a_dataclass_holds_may_change_between_calls():
    one, few = Settings(), {1.0}
    one.owner = one
    scaled = jit(lambda x, s: x * s.scale + sum(s.rates))
    summed = jit(lambda x, s: x * sum(s))
    assert [float(scaled(2.0, one)), float(summed(2.0, few))] == [2.0, 2.0]
    one.scale, _ = 3.0, few.add(4.0)  # what it had been had counted
    assert [float(scaled(2.0, one)), float(summed(2.0, few))] == [6.0, 10.0]
    one.rates.append(1.0)
    assert [float(scaled(2.0, one)), float(scaled(2.0, one)), scaled.captures] == [7.0, 7.0, 3]


def test_dataclasses_that_hold_one_another_often_and_deeply_are_looked_at_once():
    crowd = [Settings() for _ in range(30)]  # all paths through them would be more than 30!
    for one in crowd:
        one.rates = crowd
    chain = Settings()
    for _ in range(5000):
        chain = Settings(owner=chain)
    scaled = jit(lambda x, s: x * s.scale)
    assert [float(scaled(2.0, s)) for s in (crowd[0], chain)] == [2.0, 2.0]
    crowd[-1].scale, chain.owner.owner.scale = 5.0, 5.0
    assert [float(scaled(2.0, s)) for s in (crowd[0], chain)] == [2.0, 2.0]
    assert scaled.captures == 4


def test_zeros_of_both_signs_as_arguments():
    f = jit(lambda x, s: x / s)
    assert [float(f(ops.array(1.0), s)) for s in (0.0, -0.0)] == [np.inf, -np.inf]
