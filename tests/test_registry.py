"""Configurations that are read off constructors, the same way for all that has one, and the way back from them."""

import functools
import json

import numpy as np
import pytest

from arraynet import initializers, layers, losses, metrics, ops, optimizers, random, regularizers
from arraynet.dispatch import op

FAMILIES = (layers.Layer, losses.Loss, metrics.Metric, initializers.Initializer, regularizers.Regularizer)


@op(promote=None)
def plain_step(xp, w, g, /, learning_rate):
    return w - g * learning_rate


class Halving(optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.5**step

    def get_config(self):
        return {}


@pytest.mark.parametrize("base", FAMILIES, ids=lambda base: base.__name__)
def test_a_constructor_that_names_only_its_own_arguments(base):
    class Mine(base):
        def __init__(self, share, names=("a", "b")):
            super().__init__()
            self.share, self.names = share, names

    config = Mine(ops.ones((2,))).get_config()
    assert config == {"share": [1.0, 1.0], "names": ["a", "b"]}
    assert Mine.from_config(config).get_config() == config


@pytest.mark.parametrize("base", FAMILIES, ids=lambda base: base.__name__)
def test_an_argument_that_is_not_kept_is_named(base):
    class Mine(base):
        def __init__(self, share=0.5):
            super().__init__()
            self._share = share

    with pytest.raises(TypeError, match=r"Mine does not keep its argument share .* set self.share, or define get_conf"):
        Mine().get_config()


def sharing(base):
    """A class of a family whose configuration is its own."""

    class Mine(base):
        def __init__(self, share=0.5):
            super().__init__()
            self._share = share

        def get_config(self):
            return super().get_config() | {"share": self._share}

    return Mine


@pytest.mark.parametrize("base", FAMILIES, ids=lambda base: base.__name__)
def test_a_configuration_of_ones_own_may_add_to_the_inherited_one(base):
    assert sharing(base)(0.25).get_config() == {"share": 0.25}


@pytest.mark.parametrize("given", [{"units": 3, "activation": "relu"}, {}])
def test_arguments_that_go_on_to_a_base_are_kept_if_they_were_passed(given):
    class Wide(layers.Dense):
        def __init__(self, share=0.5, **kwargs):
            super().__init__(**{"units": 7} | kwargs)
            self.share = share

    config = Wide(**given).get_config()
    assert {name: config[name] for name in config if name not in ("name", "trainable", "dtype")} == {
        "share": 0.5
    } | given
    assert Wide.from_config(config).units == given.get("units", 7)


@pytest.mark.parametrize("base", FAMILIES, ids=lambda base: base.__name__)
def test_a_class_below_one_whose_configuration_is_its_own(base):
    Mine = sharing(base)

    class Below(Mine):
        def __init__(self, share=0.1):
            super().__init__(share)

    class More(Mine):
        def __init__(self, share=0.1, more=1):
            super().__init__(share)

    assert Below.from_config(Below(0.25).get_config()).get_config() == {"share": 0.25}
    with pytest.raises(TypeError, match="More does not keep its argument more as"):
        More().get_config()


@pytest.mark.parametrize("base", FAMILIES, ids=lambda base: base.__name__)
def test_a_configuration_from_a_class_that_is_mixed_in(base):
    class Sharing:
        def get_config(self):
            return super().get_config() | {"share": self._share}

    class Mine(Sharing, base):
        def __init__(self, share=0.5):
            super().__init__()
            self._share = share

    assert Mine(0.25).get_config() == {"share": 0.25}


@pytest.mark.parametrize("base", FAMILIES, ids=lambda base: base.__name__)
def test_an_argument_may_be_a_property_or_a_slot(base):
    class Mine(base):
        __slots__ = ("other",)

        def __init__(self, share=0.5, other=2):
            super().__init__()
            self._share, self.other = share, other

        @property
        def share(self):
            return self._share

    assert Mine(0.25).get_config() == {"share": 0.25, "other": 2}


def test_a_property_of_the_library_keeps_no_argument():
    class Mine(layers.Layer):
        def __init__(self, weights):
            super().__init__()
            self._given = weights

    with pytest.raises(TypeError, match="Mine does not keep its argument weights"):
        Mine([1.0]).get_config()


@pytest.mark.parametrize("base", [layers.Layer, losses.Loss, metrics.Metric])
def test_names_of_ones_own_and_a_constructor_behind_new(base):
    class Mine(base):
        def __new__(cls, *args, **kwargs):
            return super().__new__(cls)

        def __init__(self, share=0.5):
            super().__init__()
            self.share, self._passed, self._kept = share, 3, [4]

    assert Mine(0.25).get_config() == {"share": 0.25}


@pytest.mark.parametrize("base", [initializers.Initializer, regularizers.Regularizer])
def test_a_constructor_that_is_mixed_in(base):
    class Shared:
        def __init__(self, share):
            self.share = share

    class Mine(base, Shared):
        """Without a constructor of its own."""

    class Calling(base, Shared):
        def __init__(self):
            super().__init__(0.5)

    assert Mine(0.25).get_config() == {"share": 0.25}
    assert Calling().share == 0.5
    with pytest.raises(TypeError, match=r"takes no arguments"):
        base(3)


@pytest.mark.parametrize("base", FAMILIES, ids=lambda base: base.__name__)
def test_what_makes_the_object_may_be_mixed_in(base):
    class Made:
        def __new__(cls, share):
            made = super().__new__(cls)
            made.given = share
            return made

    class Mine(base, Made):
        def __init__(self, share):
            super().__init__()
            self.share = share

    assert Mine(0.25).given == 0.25


@pytest.mark.parametrize("base", FAMILIES, ids=lambda base: base.__name__)
def test_a_class_among_the_arguments_is_named(base):
    class Mine(base):
        def __init__(self, kind=np.float32):
            super().__init__()
            self.kind = kind

    assert Mine().get_config() == {"kind": "float32"}


def test_an_initializer_that_cannot_be_saved_can_be_printed():
    class Mine(initializers.Initializer):
        def __init__(self, share):
            self._share = share

    assert repr(Mine(3)) == "Mine()"


def test_an_initializer_that_takes_no_seed():
    class Mine(initializers.RandomNormal):
        def __init__(self):
            super().__init__(0.0, 2.0)

    assert Mine.from_config(Mine().get_config()).stddev == 2


def test_arguments_without_names_are_refused():
    class Stacked(layers.Layer):
        def __init__(self, *sizes, **kwargs):
            super().__init__(**kwargs)
            self.sizes = sizes

    with pytest.raises(TypeError, match=r"Stacked takes \*sizes, which no configuration names: name its arguments"):
        Stacked(1, 2).get_config()


def test_an_optimizer_without_a_name_among_its_arguments():
    class Mine(optimizers.Optimizer):
        step = plain_step

        def __init__(self, learning_rate=0.1):
            super().__init__(learning_rate)

    config = optimizers.serialize(Mine(0.5))
    assert config == {"class_name": "Mine", "config": {"learning_rate": 0.5}}
    assert optimizers.deserialize(config, {"Mine": Mine}).learning_rate == 0.5


@pytest.mark.parametrize(("base", "fixed"), [
    (optimizers.SGD, {"momentum": 0.5}), (losses.Huber, {"delta": 2.0}), (metrics.BinaryAccuracy, {"threshold": 0.25}),
])  # fmt: skip
def test_what_a_constructor_fixes_is_not_among_its_arguments(base, fixed):
    class Mine(base):
        def __init__(self):
            super().__init__(**fixed)

    config = Mine().get_config()
    assert config == {}
    assert vars(Mine.from_config(config)).items() >= fixed.items()


def test_classes_of_ones_own_come_first_and_reach_what_lies_inside():
    class Adam(optimizers.Adam):
        """One's own, of the same name."""

    config = optimizers.serialize(Adam(Halving()))
    made = optimizers.deserialize(config, {"Adam": Adam, "Halving": Halving})
    assert type(made) is Adam
    assert made.learning_rate == 1.0


def test_a_stream_among_the_arguments():
    config = initializers.serialize(initializers.RandomUniform(seed=random.SeedGenerator(3, "mine")))
    assert config["config"]["seed"] == {"class_name": "SeedGenerator", "config": {"seed": 3, "name": "mine"}}
    assert initializers.deserialize(config).seed.key == (3, 0)


def test_a_metric_made_of_a_function_comes_back():
    def gap(y_true, y_pred, factor=1.0):
        return ops.mean(ops.absolute(y_true - y_pred), axis=-1) * factor

    config = json.loads(json.dumps(metrics.serialize(metrics.MeanMetricWrapper(gap, factor=2.0))))
    again = metrics.deserialize(config, {"gap": gap})
    assert float(again(ops.array([[1.0]]), ops.array([[4.0]]))) == 6
    with pytest.raises(ValueError, match=r"MeanMetricWrapper: fn .* has no name to be saved under"):
        metrics.MeanMetricWrapper(lambda y_true, y_pred: y_pred, "mine").get_config()


@pytest.mark.parametrize("base", [metrics.MeanMetricWrapper, type("Mine", (metrics.MeanMetricWrapper,), {})])
def test_a_metric_made_of_a_function_that_has_a_metric_s_name_is_no_mean_of_means(base):
    metric = base.from_config(base(losses.mean_absolute_error).get_config())
    for wrong in (1.0, 2.0, 9.0):
        metric.update_state([[0.0]], [[wrong]])
    assert float(metric.result()) == 4


def test_arguments_without_a_name_that_go_on_to_a_base():
    class Mine(layers.Dense):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)

    class Below(Mine):
        def __init__(self, factor, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.factor = factor

    class Unnamed(layers.Dense):
        def __init__(self, *args):
            super().__init__(*args)

    assert Mine.from_config(Mine(3, "relu").get_config()).get_config() == Mine(3, "relu", name="mine").get_config()
    assert Below.from_config(Below(2, 3).get_config()).units == 3
    with pytest.raises(TypeError, match=r"Unnamed takes \*args, which no configuration names: name its arguments"):
        Unnamed(3).get_config()


def test_arguments_without_a_name_pass_constructors_that_have_no_place_for_them():
    class Tagged:
        def __init__(self, *args, tag="", **kwargs):
            super().__init__(*args, **kwargs)
            self.tag = tag

    class Mine(Tagged, layers.Dense):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)

    class Taking(layers.Layer):
        def __init__(self, *args, **kwargs):
            super().__init__(**kwargs)
            self.units = args[0]

    again = Mine.from_config(Mine(3, "relu", tag="x").get_config())
    assert (again.units, again.get_config()["activation"], again.tag) == (3, "relu", "x")
    with pytest.raises(TypeError, match=r"Taking takes \*args, which no configuration names: name its arguments"):
        Taking(3).get_config()


def test_an_argument_that_takes_no_name():
    class Mine(regularizers.Regularizer):
        def __init__(self, factor, /, power=2):
            self.factor, self.power = factor, power

    assert vars(Mine.from_config(Mine(0.5).get_config())).items() >= {"factor": 0.5, "power": 2}.items()


def test_a_constructor_below_one_whose_configuration_tells_its_unnamed_arguments():
    class Stacked(layers.Layer):
        def __init__(self, *sizes):
            super().__init__()
            self._sizes = list(sizes)

        def get_config(self):
            return super().get_config() | {"sizes": self._sizes}

        @classmethod
        def from_config(cls, config):
            return cls(*config["sizes"])

    class Below(Stacked):
        def __init__(self, *sizes):
            super().__init__(*sizes)

    assert Below.from_config(Below(1, 2).get_config()).get_config() == {"sizes": [1, 2]}


@pytest.mark.parametrize(("cls", "given", "message"), [
    (initializers.HeNormal, {"scale": 2}, r"HeNormal\(seed, input_axes, output_axes\): got an .* argument 'scale'"),
    (metrics.Recall, {"threshold": 0.5}, r"Recall\(thresholds, top_k, class_id, name, dtype\): got an unexpected"),
])  # fmt: skip
def test_arguments_that_a_class_does_not_take_are_told_by_its_own_name(cls, given, message):
    with pytest.raises(TypeError, match=message):
        cls(**given)  # its constructor is that of a private base


def test_a_constructor_that_a_decorator_hands_arguments_to_is_taken_as_it_is():
    def handed(constructor):
        return functools.wraps(constructor)(lambda self, **kwargs: constructor(self, 5, **kwargs))

    class Base(layers.Layer):
        @handed
        def __init__(self, five, **kwargs):
            super().__init__(**kwargs)
            self.five = five

    class Derived(Base):
        pass

    assert Derived(name="mine").five == 5
