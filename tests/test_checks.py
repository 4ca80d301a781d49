"""Checks of arguments: what passes, and as what."""

import json

import numpy as np
import pytest

from arraynet import Input, Sequential, checks, layers, metrics, optimizers


@pytest.mark.parametrize("value", [2, 1.0, "False", None, np.ones(2)])
def test_nothing_else_is_a_flag(value):
    with pytest.raises(ValueError, match="use_bias must be True or False"):
        checks.flag("use_bias", value)


@pytest.mark.parametrize("value", [np.float32(0.5), np.float64(0.5), 0.5])
def test_numbers_are_those_of_python(value):
    assert type(checks.number("rate", value, 0, 1)) is float


@pytest.mark.parametrize("kind", [np.int64, np.array], ids=["integer", "array"])
def test_whole_numbers_of_numpy_s_are_ints(kind):
    three, last = kind(3), kind(-1)
    model = Sequential([Input((three,), batch_size=three), layers.Dense(three), layers.BatchNormalization(axis=last)])
    assert model.layers[0].units == 3
    assert json.loads(json.dumps(model.get_config()["build_input_shape"])) == [None, 3]
    with pytest.warns(UserWarning, match=r"Dense\(input_shape=\(3,\)\)"):
        layers.Dense(2, input_shape=(three,))
    assert [type(n) for n in layers.Layer().add_weight((three,)).shape] == [int]
    for layer in (layers.LayerNormalization(axis=last), layers.Normalization(axis=last), layers.Dense(1)):
        layer.build((None, three))
        assert layer(np.ones((1, 3))).shape[0] == 1
    assert optimizers.SGD(gradient_accumulation_steps=three).gradient_accumulation_steps == 3


@pytest.mark.parametrize("value", [True, np.True_, 2.0, np.ones(1, int), np.array(2.0), "2", None])
def test_nothing_else_is_a_count(value):
    with pytest.raises(ValueError, match="units must be a positive int"):
        checks.positive_int("units", value)


@pytest.mark.parametrize("value", ["rows", None, ["row"], np.ones(2)])
def test_a_choice_is_one_of_some_words(value):
    assert checks.choice("mode", "row", ("row", "column")) == "row"
    with pytest.raises(ValueError, match="mode must be one of 'row', 'column'"):
        checks.choice("mode", value, ("row", "column"))


def test_what_is_asked_for_too_early_is_not_there():
    class Early(metrics.Metric):
        def __init__(self):
            self.there = hasattr(self, "cache")
            super().__init__()

    assert Early().there is False


@pytest.mark.parametrize("value", [1, np.int64(1), True, np.True_])
def test_a_flag_is_true_or_false_or_says_so(value):
    assert checks.flag("x", value) is True
    assert checks.flag("x", 1 - int(value)) is False


def test_an_array_of_no_axis_is_a_number():
    assert checks.number("x", np.array(0.5)) == 0.5


def test_code_in_no_module_goes_on():
    done = []
    exec("warn('careful'); done.append(1)", {"warn": checks.warn, "__name__": None, "done": done})
    assert done == [1]
