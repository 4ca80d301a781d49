"""The user's own classes and functions are found by name, registered or for the length of a block."""

import pytest

from arraynet import activations, layers, losses, metrics, optimizers, regularizers
from arraynet.saving import custom_object_scope, register_serializable


@pytest.fixture(autouse=True)
def _unregistered(monkeypatch):
    monkeypatch.setattr("arraynet.custom_objects._registered", {})


def squash(x):
    return x


class Twice(layers.Layer):
    def call(self, inputs):
        return 2 * inputs


class Gentle(optimizers.SGD):
    pass


class Heavy(regularizers.L2):
    pass


OWN = {"squash": squash, "Twice": Twice, "Gentle": Gentle, "Heavy": Heavy}


def found():
    return (
        activations.get("squash") is squash,
        losses.get("squash") is squash,
        metrics.get("squash") is squash,
        type(layers.deserialize({"class_name": "Twice", "config": {}})) is Twice,
        type(optimizers.get({"class_name": "Gentle", "config": {"learning_rate": 0.1}})) is Gentle,
        type(regularizers.get("Heavy")) is Heavy,
    )


def test_in_a_scope():
    with custom_object_scope(OWN):
        assert all(found())
    with pytest.raises(ValueError, match="squash"):
        found()


def test_a_list_has_no_names():
    with pytest.raises(ValueError, match=r"Could not interpret loss identifier: \[1\]"):
        losses.get([1])
    with pytest.raises(TypeError, match="dict from names to classes"), custom_object_scope([squash]):
        pass


def test_a_name_that_nothing_goes_by_may_be_ones_own():
    with pytest.raises(ValueError, match=r"'Squash'\. .* If it is your own, pass it by custom_objects\."):
        regularizers.get("Squash")
    with pytest.raises(ValueError, match=r"identifier: 3\. Known by name: [\w, ]+\.$"):
        regularizers.get(3)


def test_a_class_that_only_has_a_constructor():
    class Plain:
        def __init__(self, rate=1.0):
            self.rate = rate

    for config, rate in (({"rate": 2.0}, 2), (None, 1)):
        made = regularizers.deserialize({"class_name": "Plain", "config": config}, {"Plain": Plain})
        assert made.rate == rate
    assert losses.serialize(losses.Huber) == {"class_name": "Huber", "config": {}}


def test_registered():
    for thing in OWN.values():
        assert register_serializable(thing) is thing
    assert all(found())


def test_an_inner_scope_comes_first_and_what_is_registered_last():
    register_serializable(squash)
    with custom_object_scope({"squash": abs}):
        with custom_object_scope({"squash": round}):
            assert activations.get("squash") is round
        assert activations.get("squash") is abs
    assert activations.get("squash") is squash


def test_ones_own_comes_before_the_library_s():
    with custom_object_scope({"relu": squash, "mse": squash, "Adam": Gentle}):
        assert activations.get("relu") is losses.get("mse") is squash
        assert type(optimizers.get("Adam")) is Gentle


def test_a_scope_ends_with_an_error_too():
    with pytest.raises(KeyError), custom_object_scope(OWN):
        raise KeyError
    with pytest.raises(ValueError, match="Could not interpret activation 'squash'"):
        activations.get("squash")


def test_two_things_of_one_name_are_told_apart():
    register_serializable(squash)

    def other(x):
        return x

    other.__name__ = "squash"
    for qualified in (other.__qualname__, "squash"):
        other.__qualname__, other.__module__ = qualified, "elsewhere"
        with pytest.raises(ValueError, match=r"'squash' is registered already, as .*\.squash"):
            register_serializable(other)


def test_a_cell_may_run_again():
    def define():
        @register_serializable
        def again(x):
            return x

        return again

    define()
    second = define()
    assert activations.get("again") is second
