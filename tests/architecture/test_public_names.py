"""The names that users type are there, and nothing but them is shown."""

import types

import pytest

import arraynet

NAMES = ["Tensor", "Variable", "Sequential", "Model", "Input", "GradientTape", "grad", "value_and_grad", "vjp", "jvp"]
NAMES += ["Layer", "Loss", "Metric", "Optimizer"]
NAMES += ["jacobian", "hessian", "hvp", "custom_vjp", "stop_gradient", "checkpoint", "jit", "explain"]
NAMES += ["set_backend", "use_backend", "get_backend", "available_backends", "version"]
MODULES = [
    "ops",
    "layers",
    "activations",
    "initializers",
    "losses",
    "metrics",
    "regularizers",
    "optimizers",
    "callbacks",
]
MODULES += ["models", "datasets", "utils", "random", "config", "testing", "saving"]


@pytest.mark.parametrize("name", NAMES)
def test_name(name):
    assert callable(getattr(arraynet, name))
    assert getattr(arraynet, name).__doc__


@pytest.mark.parametrize("name", MODULES)
def test_module(name):
    assert isinstance(getattr(arraynet, name), types.ModuleType)


def test_star_import_gives_the_public_names():
    names = {}
    exec("from arraynet import *", names)
    assert set(names) - {"__builtins__"} == {*NAMES, *MODULES}


@pytest.mark.parametrize("name", [name for name in MODULES if name not in ("testing", "config")])
def test_every_name_of_a_module_is_documented(name):
    module = getattr(arraynet, name)
    for public in getattr(module, "__all__", [n for n in dir(module) if not n.startswith("_")]):
        thing = getattr(module, public)
        assert not callable(thing) or thing.__doc__, f"{name}.{public}"


@pytest.mark.parametrize(("module", "name"), [("layers", "concatenate"), ("initializers", "constant")])
def test_no_file_takes_the_name_of_a_function_of_keras(module, name):
    with pytest.raises(AttributeError, match=f"Did you mean '{name.title()}'"):
        getattr(getattr(arraynet, module), name)
