"""Learning-rate schedules, at steps whose rates are easy to work out, and their configurations."""

import math

import pytest

from arraynet.optimizers import schedules

RATES = [  # schedule, rates by step
    (schedules.ExponentialDecay(1.0, 2, 0.25), {0: 1.0, 1: 0.5, 4: 0.0625}),
    (schedules.ExponentialDecay(1.0, 2, 0.25, staircase=True), {0: 1.0, 1: 1.0, 2: 0.25, 3: 0.25}),
    (schedules.InverseTimeDecay(1.0, 2, 0.5), {0: 1.0, 2: 1 / 1.5, 3: 1 / 1.75}),
    (schedules.InverseTimeDecay(1.0, 2, 0.5, staircase=True), {1: 1.0, 3: 1 / 1.5}),
    (schedules.PiecewiseConstantDecay([2, 4], [3.0, 2.0, 1.0]), {0: 3.0, 2: 3.0, 3: 2.0, 4: 2.0, 5: 1.0}),
    (schedules.PolynomialDecay(1.0, 4, 0.0, power=2.0), {0: 1.0, 2: 0.25, 4: 0.0, 9: 0.0}),
    (schedules.PolynomialDecay(1.0, 4), {0: 1.0, 2: 0.9999 / 2 + 1e-4, 4: 1e-4}),
    (schedules.PolynomialDecay(1.0, 4, 0.0, cycle=True), {0: 1.0, 4: 0.0, 5: 3 / 8, 8: 0.0}),
    (schedules.CosineDecay(1.0, 4, alpha=0.5), {0: 1.0, 2: 0.75, 4: 0.5, 9: 0.5}),
    (schedules.CosineDecay(0.0, 4, warmup_target=1.0, warmup_steps=2), {0: 0.0, 1: 0.5, 2: 1.0, 4: 0.5, 6: 0.0}),
    (schedules.CosineDecay(1.0, 4, warmup_target=3.0, warmup_steps=2), {0: 1.0, 1: 2.0, 2: 3.0, 4: 1.5, 9: 0.0}),
    (schedules.CosineDecayRestarts(1.0, 1, t_mul=3.0), {1: 1.0, 2: 0.75, 4: 1.0, 7: 0.75, 13: 1.0}),
    (schedules.CosineDecayRestarts(1.0, 2), {0: 1.0, 1: 0.5, 2: 1.0, 4: 0.5, 6: 1.0, 10: 0.5, 14: 1.0}),
    (schedules.CosineDecayRestarts(1.0, 2, t_mul=1.0, m_mul=0.5, alpha=0.5), {0: 1.0, 1: 0.75, 2: 0.75, 3: 0.625}),
]


@pytest.mark.parametrize(("schedule", "rates"), RATES)
def test_rates(schedule, rates):
    found = {step: schedule(step) for step in rates}
    assert found == pytest.approx(rates, abs=1e-12)
    assert all(isinstance(rate, float) for rate in found.values())


@pytest.mark.parametrize("schedule", [schedule for schedule, _ in RATES])
def test_configurations(schedule):
    again = schedules.deserialize(schedules.serialize(schedule))
    assert type(again) is type(schedule)
    assert [again(s) for s in range(5)] == [schedule(s) for s in range(5)]


def test_steps_must_be_positive():
    with pytest.raises(ValueError, match="decay_steps must be positive"):
        schedules.ExponentialDecay(1.0, 0, 0.5)
    with pytest.raises(ValueError, match="first_decay_steps must be positive"):
        schedules.CosineDecayRestarts(1.0, -1)


def test_boundaries_and_values_must_match():
    with pytest.raises(ValueError, match="one more"):
        schedules.PiecewiseConstantDecay([1, 2], [1.0, 0.5])


@pytest.mark.parametrize(("cls", "arguments", "message"), [
    (schedules.PiecewiseConstantDecay, ([200, 100], [0.3, 0.2, 0.1]), "boundaries must grow"),
    (schedules.PiecewiseConstantDecay, ([100, 100], [0.3, 0.2, 0.1]), "boundaries must grow"),
    (schedules.InverseTimeDecay, (0.1, 4, -0.5), "decay_rate must be a number, 0 or more"),
    (schedules.CosineDecay, (0.1, 4, -0.5), "alpha must be a number, 0 or more"),
    (schedules.ExponentialDecay, (0.1, "4", 0.5), "decay_steps must be a number"),
    (schedules.PiecewiseConstantDecay, ([1], [0.3, -0.1]), "values must be a number, 0 or more"),
    (schedules.PiecewiseConstantDecay, (["a"], [0.3, 0.1]), "boundaries must be a number"),
    (schedules.CosineDecayRestarts, (0.01, 4, 0.5), "t_mul must be a number, 1 or more"),
    (schedules.ExponentialDecay, (0.1, 4, -0.5), "decay_rate must be a number, 0 or more"),
    (schedules.PolynomialDecay, (0.1, 4, 0.0, -1.0), "power must be a number, 0 or more"),
    (schedules.ExponentialDecay, (0.1, 4, 0.5, "False"), "staircase must be True or False"),
])  # fmt: skip
def test_what_ends_in_no_rate_is_refused(cls, arguments, message):
    with pytest.raises(ValueError, match=f"{cls.__name__}: {message}"):
        cls(*arguments)


def test_a_schedule_of_ones_own_needs_a_configuration_to_be_saved():
    class Mine(schedules.LearningRateSchedule):
        def __call__(self, step):
            return math.exp(-step)

    assert Mine()(0) == 1.0
    with pytest.raises(NotImplementedError, match="Mine needs"):
        Mine().get_config()
    with pytest.raises(NotImplementedError, match="__call__"):
        schedules.LearningRateSchedule()(0)
