"""Settings and hyper-parameters: what may be, and what is refused when it is passed."""

import numpy as np
import pytest

from arraynet import Variable, ops, optimizers
from arraynet.optimizers import SGD, Adam, Lion


@pytest.mark.parametrize(("cls", "arguments", "message"), [
    (SGD, {"momentum": 1.5}, "momentum"),
    (SGD, {"momentum": True}, "SGD: momentum"),
    (SGD, {"nesterov": "False"}, "nesterov must be True or False"),
    (SGD, {"use_ema": "False"}, "use_ema must be True or False"),
    (Adam, {"amsgrad": "no"}, "amsgrad must be True or False"),
    (Adam, {"beta_1": 1.0}, "beta_1 must be below 1"),
    (Adam, {"beta_1": True}, "beta_1 must be a number"),
    (Adam, {"epsilon": -1.0}, "epsilon must be a number, 0 or more"),
    (optimizers.Nadam, {"beta_2": 1}, "beta_2 must be below 1"),
    (optimizers.Lamb, {"beta_2": 1}, "beta_2 must be below 1"),
    (optimizers.Adamax, {"beta_1": 1}, "beta_1 must be below 1"),
    (optimizers.Adagrad, {"initial_accumulator_value": -1.0}, "initial_accumulator_value"),
    (SGD, {"decay": 0.1}, "does not know the arguments decay"),
    (SGD, {"momentum": None}, "SGD: momentum"),
    (SGD, {"use_ema": None}, "use_ema must be True or False"),
    (SGD, {"clipnorm": -1.0}, "positive"),
    (SGD, {"clipvalue": 0.0}, "positive"),
    (SGD, {"gradient_accumulation_steps": 1}, "gradient_accumulation_steps"),
    (SGD, {"gradient_accumulation_steps": 2.5}, "gradient_accumulation_steps"),
    (SGD, {"ema_overwrite_frequency": 1.5}, "ema_overwrite_frequency"),
    (SGD, {"ema_momentum": 2.0}, "ema_momentum"),
    (SGD, {"ema_overwrite_frequency": 0}, "ema_overwrite_frequency"),
    (SGD, {"ema_overwrite_frequency": True}, "SGD: ema_overwrite_frequency must be a positive int, received True"),
    (Lion, {"beta_1": 0.0}, "beta_1"),
    (optimizers.Ftrl, {"learning_rate_power": 0.5}, "learning_rate_power"),
    (optimizers.Ftrl, {"beta": "1"}, "beta must be a number"),
    (optimizers.Ftrl, {"l1_regularization_strength": -1.0}, "l1_regularization_strength"),
])  # fmt: skip
def test_settings_that_mean_nothing_are_refused(cls, arguments, message):
    with pytest.raises(ValueError, match=message):
        cls(**arguments)


def test_an_optimizer_of_ones_own_may_have_flags():
    class Own(SGD):
        hyper = (*SGD.hyper, "quick")

    optimizer = Own(momentum=0)  # a number, as for RMSprop
    optimizer.quick = True
    assert optimizer.get_config()["quick"] is True
    optimizers.Adamax(beta_2=1)  # the running maximum needs no bound below


@pytest.mark.parametrize(("name", "value"), [("clipnorm", -1.0), ("gradient_accumulation_steps", 1.5)])
def test_settings_that_mean_nothing_are_refused_when_they_are_set_later_too(name, value):
    with pytest.raises(ValueError, match=f"SGD: {name} must be"):
        setattr(SGD(), name, value)


def test_one_bound_on_gradients_takes_the_place_of_another_once_that_is_none():
    optimizer = SGD(clipvalue=1.0)
    with pytest.raises(ValueError, match=r"At most one .*'clipnorm': 2\.0, 'clipvalue': 1\.0.*to None"):
        optimizer.clipnorm = 2.0
    optimizer.clipvalue, optimizer.clipnorm = None, 2.0
    assert (optimizer.clipvalue, optimizer.clipnorm) == (None, 2.0)


def test_the_frequency_of_overwriting_is_a_count():
    optimizer = SGD(use_ema=True, ema_overwrite_frequency=np.int64(2))
    assert type(optimizer.get_config()["ema_overwrite_frequency"]) is int
    with pytest.raises(ValueError, match=r"ema_overwrite_frequency must be a positive int, received 0\.5"):
        optimizer.ema_overwrite_frequency = 0.5


@pytest.mark.parametrize("grads", [ops.ones((1, 2)), np.ones((1, 2)), Variable([[1.0, 1.0]]), None, 1.0])
def test_gradients_come_in_a_list(grads):
    with pytest.raises(TypeError, match=r"sgd.*\.apply takes a list of gradients, one for each variable, received a"):
        optimizers.SGD().apply(grads, [Variable([1.0, 1.0])])


@pytest.mark.parametrize("wrong", [ops.ones(2), [1.0], {"w": 1.0}, None, 3])
def test_an_optimizer_is_built_with_variables(wrong):
    with pytest.raises(TypeError, match=r"sgd.* updates Variables, received"):
        SGD().build(wrong)


def test_no_optimizer_stands_for_none():
    assert optimizers.get(None) is None


def test_a_single_variable_needs_no_list():
    w = Variable([1.0, 1.0])
    SGD(0.5).apply([np.ones(2, "float32")], w)
    assert w.numpy().tolist() == [0.5, 0.5]
