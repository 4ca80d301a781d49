"""Names that Keras has and arraynet has not: the error says so, why, and what may have been meant."""

import importlib
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import arraynet

PACKAGES = {
    "layers": "Dense",
    "losses": "Huber",
    "metrics": "Precision",
    "optimizers": "Adam",
    "callbacks": "History",
    "initializers": "Zeros",
}
README = Path(__file__).parents[2] / "README.md"


def package(name):
    return importlib.import_module(f"arraynet.{name}")


ABSENT = ["Conv1D", "Conv2D", "MaxPooling2D", "LSTM", "GRU", "SimpleRNN", "MultiHeadAttention", "Masking"]


@pytest.mark.parametrize("name", ABSENT)
def test_a_layer_that_arraynet_is_not_for(name):
    with pytest.raises(AttributeError, match=f"'{name}': arraynet has no such layer") as caught:
        getattr(package("layers"), name)
    section = re.search(r"README.md, '(.*?)'", str(caught.value))[1]
    assert f"## {section}\n" in README.read_text(encoding="utf-8")
    assert "no convolutions, recurrent layers or masks" in str(caught.value)


def test_a_policy_for_all_layers_is_answered_with_where_it_is_given():
    with pytest.raises(AttributeError, match=r"no such setting.* given to each layer, as in Dense\(3, dtype='mixed_fl"):
        arraynet.config.set_dtype_policy("mixed_float16")


MISTYPED = [
    ("layers", "BatchNormalisation", "BatchNormalization"),
    ("losses", "MeanSquareError", "MeanSquaredError"),
    ("metrics", "RootMeanSquareError", "RootMeanSquaredError"),
    ("optimizers", "Adan", "Adam"),
    ("callbacks", "EarlyStoping", "EarlyStopping"),
    ("initializers", "HeNorm", "HeNormal"),
    ("ops", "sofmax", "softmax"),
    ("layers", "Dens", "Dense"),
    ("activations", "sigmoyd", "sigmoid"),
    ("regularizers", "L1L3", "L1L2"),
    ("optimizers.schedules", "CosineDecy", "CosineDecay"),
    ("models", "Sequental", "Sequential"),
    ("datasets", "mnits", "mnist"),
    ("utils", "to_categoric", "to_categorical"),
    ("random", "unifrm", "uniform"),
    ("saving", "load_modell", "load_model"),
    ("config", "set_float", "set_floatx"),
    ("testing", "compair", "compare"),
]


@pytest.mark.parametrize(("where", "name", "meant"), MISTYPED)
def test_a_mistyped_name(where, name, meant):
    with pytest.raises(AttributeError, match=f"arraynet has no such [a-z ]+. Did you mean '{meant}'"):
        getattr(package(where), name)


@pytest.mark.parametrize(("name", "meant"), [("Sequental", "Sequential"), ("layer", "layers"), ("set_backnd", "set_b")])
def test_a_mistyped_name_of_the_package(name, meant):
    with pytest.raises(AttributeError, match=f"'arraynet' has no attribute '{name}'.*Did you mean '{meant}"):
        getattr(arraynet, name)


def test_an_op_that_is_looked_for_in_the_package():
    with pytest.raises(AttributeError, match=r"'sin': arraynet has no such name. Use ops.sin\(x\).$"):
        _ = arraynet.sin


METHODS = [
    ("astype", "ops.cast(x, 'float32')"),
    ("backward", "arraynet.GradientTape()"),
    ("requires_grad", "arraynet.GradientTape()"),
    ("detach", "ops.stop_gradient(x)"),
    ("clone", "x itself"),
    ("cuda", "x.to(name)"),
    ("device", "x.backend"),
    ("view", "ops.reshape(x, shape)"),
    ("tolist", "x.numpy().tolist()"),
    ("ravel", "ops.ravel(x)"),  # which is made of other ops
    ("exp", "ops.exp(x)"),
]


@pytest.mark.parametrize(("name", "instead"), METHODS)
@pytest.mark.parametrize("kind", [arraynet.ops.ones, arraynet.Variable])
def test_a_method_of_another_library(name, instead, kind):
    with pytest.raises(AttributeError, match=f"no attribute '{name}'. Use .*{re.escape(instead)}"):
        getattr(kind([1]), name)


def test_a_method_that_nobody_knows():
    with pytest.raises(AttributeError, match=r"no attribute 'nonsense'\.$"):
        _ = arraynet.ops.ones(3).nonsense


@pytest.mark.parametrize("where", PACKAGES)
def test_names_that_are_there_are_not_disturbed(where):
    module = package(where)
    thing = getattr(module, PACKAGES[where])
    assert pickle.loads(pickle.dumps(thing)) is thing
    assert hasattr(module, PACKAGES[where])
    assert not hasattr(module, "NoSuchThing")
    assert getattr(module, "NoSuchThing", None) is None


@pytest.mark.parametrize("where", PACKAGES)
def test_a_star_import_gives_the_public_names_and_no_other(where):
    names = {}
    exec(f"from arraynet.{where} import *", names)
    assert PACKAGES[where] in names
    assert not [name for name in names if "absent" in name]


def test_what_python_asks_by_itself_costs_no_search():
    script = (
        "import sys, arraynet.layers as layers; assert not hasattr(layers, '__wrapped__');"
        "from arraynet.layers import *; assert 'difflib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
