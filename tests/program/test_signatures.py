"""What tells calls of a captured function apart: numbers, functions, and what sets and dataclasses hold."""

import gc
from dataclasses import dataclass, field

import numpy as np
import pytest

import arraynet
from arraynet import config, ops
from arraynet.program import jit


@pytest.mark.parametrize("kind", [np.float32, np.int64])
def test_numpy_numbers_as_arguments(kind):
    f = jit(lambda x, s: x * s)
    for k in range(1, 8):
        assert float(f(ops.array(1.0), kind(k))) == k
        gc.collect()


def test_true_is_not_one():
    f = jit(lambda x, s: x * (3 if s is True else 5))
    assert [float(f(1.0, s)) for s in (True, 1, 1.0, True)] == [3, 5, 5, 3]


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


def test_what_moves_from_one_list_of_a_dataclass_to_another():
    one = Settings(rates=[1.0, 2.0], owner=[3.0])
    f = jit(lambda x, s: x * sum(s.rates) + 10 * sum(s.owner))
    assert float(f(1.0, one)) == float(f(1.0, one)) == 33.0
    one.owner.insert(0, one.rates.pop())
    assert float(f(1.0, one)) == 51.0


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


@pytest.mark.parametrize("made", [np.asarray, ops.array])
def test_dtypes(made, backend):
    f, numbers = jit(lambda x: (x / 2, x + 1, ops.sum(x))), np.arange(1, 4)
    for name in ("float32", "int32", "float64", "uint8", "float32", "int32"):
        given = made(numbers.astype(name))
        for a, b in zip(f(given), f.function(ops.array(given)), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert f.captures == 4


def test_settings(backend):
    f = jit(lambda x: (ops.zeros(3) + ops.cast(x, "int32"), x + config.epsilon()))
    expected = ("float32", 1e-7), ("float64", 1e-7), ("float64", 0.5), ("float32", 0.5), ("float32", 1e-7)
    for floats, epsilon in expected:
        config.set_floatx(floats)
        config.set_epsilon(epsilon)
        zeros, more = f(np.zeros(3, "float64"))
        assert (zeros.dtype, more.numpy()[0]) == (floats, epsilon)
    assert f.captures == 4


def test_backends_share_no_program():
    f = jit(lambda: ops.ones(3) * 2)
    for name in ("numpy", "strict", "numpy", "strict"):
        with arraynet.use_backend(name):
            assert f().backend.name == name
    assert f.captures == 2


def test_tensors_of_two_backends_meet_in_no_program():
    f = jit(lambda x, y: x + y)
    x, y = (ops.array(np.ones(3)) for _ in range(2))
    f(x, y), f(x, y)
    naive = pytest.importorskip("arraynet_numba", reason="the plugin arraynet-numba is not installed").NaiveBackend()
    with pytest.raises(ValueError, match="two backends"):
        f(x, y.to(naive))
