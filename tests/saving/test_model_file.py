"""A whole model survives its file, training goes on from it bit for bit, and a bad file is refused."""

import json
import pickle
import subprocess
import sys
import zipfile
from importlib import metadata

import numpy as np
import pytest

import arraynet
from arraynet import config, layers, losses, metrics, models, naming, optimizers, random, utils
from arraynet.models import Model, Sequential
from arraynet.saving import load_model, register_serializable, save_model
from arraynet.saving.tensors import decoded, encoded
from arraynet.saving.weights import named_weights

X = np.ones(2, "float32")


@pytest.fixture(params=[name for name in ("numpy", "numba") if name in arraynet.available_backends()])
def host(request):
    with arraynet.use_backend(request.param):
        yield request.param


def net():
    return Sequential(
        [
            layers.Input((4,)),
            layers.Dense(8, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax", name="out"),
        ]
    )


def data(n=40):
    return np.random.default_rng(0).normal(size=(n, 4)).astype("float32"), np.random.default_rng(1).integers(0, 3, n)


def trained(optimizer="adam", epochs=1):
    model = net()
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*data(), batch_size=16, epochs=epochs, verbose=0)
    return model


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_model_comes_back(tmp_path, backend):
    model = net()
    model.save(tmp_path / "m.arraynet")
    naming.auto_name("dense")  # as if other models had been made in between
    other = models.load_model(tmp_path / "m.arraynet")
    assert other is not model
    assert same(model.get_weights(), other.get_weights())
    assert other.get_config() == model.get_config()
    assert list(named_weights(other)) == list(named_weights(model))
    assert np.array_equal(model.predict(data()[0], verbose=0), other.predict(data()[0], verbose=0))
    assert {w.backend.name for w in other.weights} == {backend}


def test_a_copy_that_was_not_installed_saves_too(tmp_path, monkeypatch):
    def nothing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", nothing)
    net().save(tmp_path / "net.arraynet")
    assert arraynet.__version__[0].isdigit()


def test_arguments_that_are_numpys_come_back(tmp_path):
    half, kernel = np.float32(0.5), np.arange(6, dtype="float32").reshape(2, 3) / 7
    model = Sequential(
        [
            layers.Input((2,)),
            layers.Normalization(mean=np.float32([1, 2]), variance=np.float64([4, 0.3])),
            layers.Rescaling(np.float32([0.1, 0.2]), half),
            layers.Dense(3, kernel_initializer=kernel),
            layers.Dropout(half, seed=np.int64(3)),
            layers.ReLU(half, half, half),
        ]
    )
    model.compile(optimizers.Adam(beta_1=half, weight_decay=half, ema_momentum=half), losses.Huber(half))
    model.save(tmp_path / "m.arraynet")
    other = load_model(tmp_path / "m.arraynet")
    x = np.float32([[1, 2], [3, 5]])
    assert same([model.predict(x, verbose=0)], [other.predict(x, verbose=0)])
    assert other.layers[2].kernel_initializer((2, 3)).numpy().tolist() == kernel.tolist()
    assert other.get_config() == model.get_config()
    assert other.optimizer.get_config() == model.optimizer.get_config()


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam", "nadam", "sgd"])
def test_training_goes_on_bit_for_bit(tmp_path, optimizer, host):
    utils.set_random_seed(1)
    whole = trained(optimizer, epochs=3)
    utils.set_random_seed(1)
    model = trained(optimizer)
    model.save(tmp_path / "m.arraynet")
    utils.set_random_seed(2)  # the file knows its seeds
    other = load_model(tmp_path / "m.arraynet")
    assert other.optimizer.iterations == model.optimizer.iterations == 3
    other.fit(*data(), batch_size=16, epochs=2, verbose=0)
    assert same(whole.get_weights(), other.get_weights())
    assert same([v.numpy() for v in whole.optimizer.variables], [v.numpy() for v in other.optimizer.variables])
    assert other.evaluate(*data(), verbose=0) == whole.evaluate(*data(), verbose=0)


def test_a_changed_learning_rate_is_kept(tmp_path):
    model = trained()
    model.optimizer.learning_rate = 0.123
    model.save(tmp_path / "m.arraynet")
    assert load_model(tmp_path / "m.arraynet").optimizer.learning_rate == 0.123


def test_training_goes_on_in_another_process(tmp_path, monkeypatch, host):
    monkeypatch.setenv("ARRAYNET_BACKEND", host)
    utils.set_random_seed(1)
    whole = trained(epochs=2)
    utils.set_random_seed(1)
    trained().save(tmp_path / "m.arraynet")
    np.savez(tmp_path / "data.npz", x=data()[0], y=data()[1])
    script = (
        "import numpy as np; from arraynet.models import load_model; m = load_model('m.arraynet');"
        "d = np.load('data.npz'); m.fit(d['x'], d['y'], batch_size=16, verbose=0); m.save_weights('w.npz')"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path)
    other = net()
    other.load_weights(tmp_path / "w.npz")
    assert same(whole.get_weights(), other.get_weights())


def test_the_same_model_gives_the_same_bytes(tmp_path):
    model = trained()
    model.save(tmp_path / "a.arraynet")
    load_model(tmp_path / "a.arraynet").save(tmp_path / "b.arraynet")
    assert (tmp_path / "a.arraynet").read_bytes() == (tmp_path / "b.arraynet").read_bytes()


def test_saving_changes_nothing(tmp_path):
    utils.set_random_seed(1)
    plain = trained(epochs=2)
    utils.set_random_seed(1)
    model = trained()
    model.save(tmp_path / "m.arraynet")
    model.fit(*data(), batch_size=16, verbose=0)
    assert same(plain.get_weights(), model.get_weights())


@pytest.mark.parametrize("call", [lambda path: net().save(path), load_model])
@pytest.mark.parametrize("name", ["m.keras", "m", "m.zip"])
def test_another_suffix_is_refused(tmp_path, call, name):
    with pytest.raises(ValueError, match=r"ending in \.arraynet, received .*" + name):
        call(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_missing_file_is_a_value_error(tmp_path):
    with pytest.raises(ValueError, match="There is no file"):
        load_model(tmp_path / "m.arraynet")


class Scale(layers.Layer):
    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return self.factor * inputs


class Classifier(Model):
    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.hidden = layers.Dense(5, activation="relu")
        self.out = layers.Dense(units)

    def call(self, inputs):
        return self.out(self.hidden(inputs))


def my_loss(y_true, y_pred):
    return (y_true - y_pred) ** 2


def test_custom_objects_are_named_or_registered(tmp_path, monkeypatch):
    model = Sequential([layers.Input((4,)), Scale(3.0), layers.Dense(1)])
    model.compile("sgd", my_loss, metrics=[my_loss, "mae"])
    model.save(tmp_path / "m.arraynet")
    with pytest.raises(ValueError, match=r"m\.arraynet cannot be loaded: Unknown layer class 'Scale'.*custom_objects"):
        load_model(tmp_path / "m.arraynet")
    own = {"Scale": Scale, "my_loss": my_loss}
    x = data()[0]
    other = load_model(tmp_path / "m.arraynet", own)
    assert np.array_equal(model(x), other(x))
    assert other.evaluate(x, x[:, :1], verbose=0) == model.evaluate(x, x[:, :1], verbose=0)
    monkeypatch.setattr("arraynet.custom_objects._registered", {})
    for thing in own.values():
        register_serializable(thing)
    assert np.array_equal(model(x), load_model(tmp_path / "m.arraynet")(x))


def test_a_model_class_of_the_users_own(tmp_path):
    model = Classifier(units=2)
    x = data()[0]
    expected = model(x).numpy()
    save_model(model, tmp_path / "m.arraynet")
    other = load_model(tmp_path / "m.arraynet", {"Classifier": Classifier})
    assert type(other) is Classifier
    assert np.array_equal(other(x).numpy(), expected)


def test_what_each_output_was_compiled_with_comes_back():
    given = {"a": [metrics.Precision(0.3), "mae"], "b": ["mse"]}
    model, other = Classifier(), Classifier()
    model.compile(
        "sgd", {"a": losses.Huber(0.5), "b": "mse"}, metrics=given, weighted_metrics=[["mse"], [metrics.Recall()]]
    )
    described = json.loads(json.dumps(model.get_compile_config()))
    other.compile_from_config(described)
    assert other.get_compile_config() == described
    assert (type(other.loss["a"]), other.loss["b"]) == (losses.Huber, "mse")
    found = other._compiled_metrics.given
    assert [type(m) for m in found["metrics"]["a"]] == [metrics.Precision, str]
    assert type(found["weighted_metrics"][1][0]) is metrics.Recall


def test_a_model_that_adds_its_own_loss_comes_back(tmp_path):
    model = Sequential([layers.Input((4,)), layers.Dense(2, activity_regularizer="l2")])
    model.compile("sgd")
    model.fit(data()[0], verbose=0)
    model.save(tmp_path / "m.arraynet")
    other = load_model(tmp_path / "m.arraynet")
    for each in (model, other):
        each.fit(data()[0], verbose=0)
    assert same(model.get_weights(), other.get_weights())


class Jitter(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.generators = [random.SeedGenerator(1), random.SeedGenerator(2)]

    def call(self, inputs, training=None):
        return inputs + sum(random.normal((1,), seed=generator) for generator in self.generators)


def test_random_streams_in_lists_go_on(tmp_path):
    model = Sequential([layers.Input((4,)), Jitter(), layers.Dense(1)])
    model(data()[0])
    model.save(tmp_path / "m.arraynet")
    other = load_model(tmp_path / "m.arraynet", {"Jitter": Jitter})
    counters = [[s.counter for s in m.seed_generators] for m in (model, other)]
    assert counters[0] == counters[1]
    assert all(counters[1][1:])
    assert np.array_equal(model(data()[0]), other(data()[0]))


@pytest.mark.parametrize("spared", [{"var_names": ["kernel", "gamma"]}, {"var_list": [1, 2]}])
def test_weights_without_decay_and_an_unscaled_loss_stay_so(tmp_path, spared):
    model = net()
    model.compile("adamw", "sparse_categorical_crossentropy", auto_scale_loss=False)
    if "var_list" in spared:
        spared = {"var_list": [model.weights[k] for k in spared["var_list"]]}
    model.optimizer.exclude_from_weight_decay(**spared)
    model.save(tmp_path / "m.arraynet")
    other = load_model(tmp_path / "m.arraynet")
    decay = [[m.optimizer._decays(w) for w in m.weights] for m in (model, other)]
    assert decay[0] == decay[1]
    assert not all(decay[1])
    assert other.get_compile_config()["auto_scale_loss"] is False
    changed_member(tmp_path / "m.arraynet", "config.json", without_what_is_new)
    older = load_model(tmp_path / "m.arraynet")
    assert older.get_compile_config()["auto_scale_loss"] is True
    assert all(older.optimizer._decays(w) for w in older.weights)


def without_what_is_new(old):
    described = json.loads(old)
    del described["spared"], described["compile"]["auto_scale_loss"]
    return json.dumps(described).encode()


LAMBDAS = {
    "Dense 'odd': activation": {"activation": lambda x: 2 * x},
    "Dense 'odd': kernel_initializer": {"kernel_initializer": lambda shape, dtype: np.ones(shape, dtype)},
    "Loss or metric": {"loss": lambda y_true, y_pred: y_true - y_pred},
    "metric": {"metrics": ["mae", lambda y_true, y_pred: y_true - y_pred]},
}


@pytest.mark.parametrize("what", LAMBDAS)
def test_functions_without_a_name_are_refused(tmp_path, what):
    options = dict(LAMBDAS[what])
    given = {"optimizer": "sgd", "loss": "mse"} | {k: options.pop(k) for k in ("loss", "metrics") if k in options}
    model = Sequential([layers.Input((4,)), layers.Dense(1, name="odd", **options)])
    model.compile(**given)
    with pytest.raises(ValueError, match=rf"{what} <function .*<lambda>.* has no name to be saved under"):
        model.save(tmp_path / "m.arraynet")
    assert not list(tmp_path.iterdir())


def test_an_optimizer_of_weights_that_are_gone_is_refused(tmp_path):
    model = trained()
    model.pop()
    model.add(layers.Dense(3, activation="softmax"))
    with pytest.raises(ValueError, match=r"adam.* was built with .*out/kernel, .*compile it again, then save it"):
        model.save(tmp_path / "m.arraynet")
    assert not list(tmp_path.iterdir())


def changed_member(file, name, change):
    """Write the archive again with one member changed, renamed or added."""
    with zipfile.ZipFile(file) as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    members[name] = change(members.get(name))
    with zipfile.ZipFile(file, "w") as archive:
        for member, content in members.items():
            if content is not None:
                archive.writestr(member, content)


def edited(**changes):
    return lambda old: json.dumps(json.loads(old) | changes).encode()


OTHER = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"units": 2}}]}}
HOSTILE = {
    "no config": ("config.json", lambda old: None, "expected .*config.json"),
    "traversal": ("../evil.py", lambda old: b"x", r"it holds .*\.\./evil\.py"),
    "absolute": ("/tmp/evil.py", lambda old: b"x", "it holds"),
    "pickle": ("weights.safetensors", lambda old: pickle.dumps([1]), "no safetensors file"),
    "empty weights": ("weights.safetensors", lambda old: b"", "no safetensors file"),
    "cut weights": ("weights.safetensors", lambda old: old[:-4], "no safetensors file"),
    "cut optimizer": ("optimizer.safetensors", lambda old: old[:-4], "no safetensors file"),
    "no optimizer": ("optimizer.safetensors", lambda old: None, "optimizer.safetensors"),
    "not json": ("config.json", lambda old: b"{", "config.json is not readable"),
    "nested json": ("config.json", lambda old: b"[" * 200_000, "config.json is not readable"),
    "a list": ("config.json", lambda old: b"[]", "config.json holds list"),
    "empty": ("config.json", lambda old: b"{}", "cannot be loaded"),
    "unknown class": ("config.json", edited(model={"class_name": "os.system", "config": {}}), "Unknown layer class"),
    "no class": ("config.json", edited(model={"class_name": "import_module", "config": {}}), "Unknown layer class"),
    "bad config": ("config.json", edited(model={"class_name": "Dense", "config": {"unit": 3}}), "cannot be loaded"),
    "another model": ("config.json", edited(model=OTHER), "cannot be loaded"),
    "future": ("metadata.json", edited(format=2), "format 2, this arraynet reads format 1"),
    "no streams": ("metadata.json", edited(streams=[]), "holds 0 random streams.*this model has 2"),
    "more weights": ("weights.safetensors", lambda old: encoded(decoded(old, "") | {"c": X}), "holds 'c'"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    member, change, message = HOSTILE[name]
    trained().save("m.arraynet")
    changed_member("m.arraynet", member, change)
    with pytest.raises(ValueError, match=rf"(?s)m\.arraynet.*{message}"):
        load_model("m.arraynet")
    assert [p.name for p in tmp_path.iterdir()] == ["m.arraynet"]


def test_a_compressed_member_is_refused_unread(tmp_path):
    trained().save(tmp_path / "m.arraynet")
    with zipfile.ZipFile(tmp_path / "bomb.arraynet", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("metadata.json", "config.json", "weights.safetensors"):
            archive.writestr(name, bytes(10_000_000))
    with pytest.raises(ValueError, match="compressed, which a saved model's members never are"):
        load_model(tmp_path / "bomb.arraynet")


def test_a_member_given_twice_is_refused(tmp_path):
    trained().save(tmp_path / "m.arraynet")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(tmp_path / "m.arraynet", "a") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(ValueError, match="it holds"):
        load_model(tmp_path / "m.arraynet")


def test_every_truncation_is_refused(tmp_path):
    trained().save(tmp_path / "m.arraynet")
    content = (tmp_path / "m.arraynet").read_bytes()
    for length in range(0, len(content), 97):
        (tmp_path / "m.arraynet").write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"m\.arraynet"):
            load_model(tmp_path / "m.arraynet")


def test_the_default_seed_stays(tmp_path):
    net().save(tmp_path / "m.arraynet")
    config.set_seed(99)
    load_model(tmp_path / "m.arraynet")
    assert config.seed() == 99
