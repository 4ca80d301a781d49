"""Weights survive files, and a file that does not fit, or is hostile, changes nothing."""

import io
import json
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest

from arraynet import Variable, layers, models, naming, ops, saving
from arraynet.models import Sequential
from arraynet.saving import load_weights, save_weights
from arraynet.saving.weights import named_weights

SUFFIXES = (".safetensors", ".npz")
each_suffix = pytest.mark.parametrize("suffix", SUFFIXES)


def net(units=3):
    return Sequential([layers.Input((4,)), layers.Dense(units, activation="relu"), layers.Dense(2)])


def changed(model):
    """The same model with other weights."""
    model.set_weights([w + 1 for w in model.get_weights()])
    return model


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def arrays_of(model, **replaced):
    names = ("dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias")
    return dict(zip(names, model.get_weights(), strict=True)) | replaced


@each_suffix
def test_weights_come_back_bit_for_bit(tmp_path, backend, suffix):
    model, other = net(), changed(net())
    save_weights(model, tmp_path / f"w{suffix}")
    load_weights(other, tmp_path / f"w{suffix}")
    assert same(model.get_weights(), other.get_weights())
    assert {w.backend.name for w in other.weights} == {backend}


def test_libraries_read_the_files_by_the_weights_names(tmp_path):
    from safetensors.numpy import load_file

    model = net()
    for suffix, read in ((".safetensors", load_file), (".npz", np.load)):
        save_weights(model, tmp_path / f"w{suffix}")
        found = read(tmp_path / f"w{suffix}")
        assert sorted(found) == ["dense/bias", "dense/kernel", "dense_1/bias", "dense_1/kernel"]
        assert np.array_equal(found["dense_1/kernel"], model.get_weights()[2])


def test_files_of_other_writers_are_read(tmp_path):
    from safetensors.numpy import save_file

    model = net()
    arrays = arrays_of(model)
    save_file(arrays, tmp_path / "w.safetensors")
    np.savez_compressed(tmp_path / "w.npz", **{n: np.asfortranarray(a) for n, a in arrays.items()})
    for suffix in SUFFIXES:
        other = changed(net())
        load_weights(other, tmp_path / f"w{suffix}")
        assert same(model.get_weights(), other.get_weights())


@pytest.mark.parametrize("call", [save_weights, load_weights])
@pytest.mark.parametrize("name", ["w.h5", "w", "w.pkl"])
def test_another_suffix_is_refused(tmp_path, call, name):
    with pytest.raises(ValueError, match=r"ending in \.safetensors or \.npz, received .*" + name):
        call(net(), tmp_path / name)
    assert not list(tmp_path.iterdir())


@each_suffix
def test_a_missing_file_is_a_value_error(tmp_path, suffix):
    with pytest.raises(ValueError, match=r"There is no file .*nowhere"):
        load_weights(net(), tmp_path / f"nowhere{suffix}")


def test_a_model_without_weights(tmp_path):
    with pytest.raises(ValueError, match="has no weights to save"):
        save_weights(Sequential([layers.Dense(2)]), tmp_path / "w.npz")
    save_weights(net(), tmp_path / "w.npz")
    with pytest.raises(ValueError, match="is not built"):
        load_weights(Sequential([layers.Dense(2)]), tmp_path / "w.npz")


def test_names_are_those_of_the_layers_that_own_the_weights():
    model = net()
    before = list(named_weights(model))
    model(np.zeros((1, 4), "float32"))
    model(np.zeros((1, 4), "float32"))
    assert list(named_weights(model)) == before == list(arrays_of(model))


class Tied(layers.Layer):
    """Its weights are another layer's, and both know each other."""

    def __init__(self, other):
        super().__init__()
        self.other, other.tied = other, self
        self.kernel = other.kernel

    def call(self, inputs):
        return ops.matmul(inputs, ops.transpose(self.kernel))


def test_a_weight_of_two_layers_is_saved_once():
    first = layers.Dense(3)
    first.build((None, 4))
    model = Sequential([layers.Input((4,)), first, Tied(first)])
    assert list(named_weights(model)) == ["dense/kernel", "dense/bias"]


def write(file, arrays):
    from safetensors.numpy import save_file

    save_file(arrays, file) if file.suffix == ".safetensors" else np.savez(file, **arrays)


MISFITS = {
    "shape": ({"dense_1/bias": np.zeros(3, "float32")}, "'dense_1/bias'.*float32 of shape"),
    "dtype": ({"dense_1/bias": np.zeros(2, "float64")}, "'dense_1/bias'.*float64"),
    "surplus": ({"extra": np.zeros(2, "float32")}, "lacks nothing and holds 'extra'"),
}


@each_suffix
@pytest.mark.parametrize("misfit", MISFITS)
def test_a_file_that_does_not_fit_changes_nothing(tmp_path, suffix, misfit):
    replaced, message = MISFITS[misfit]
    model = net()
    before, file = model.get_weights(), tmp_path / f"w{suffix}"
    write(file, arrays_of(changed(net()), **replaced))
    with pytest.raises(ValueError, match=message):
        load_weights(model, file)
    assert same(before, model.get_weights())


def test_weights_of_another_width_are_no_damage(tmp_path):
    write(tmp_path / "w.npz", arrays_of(net(), **{"dense_1/bias": np.zeros(3, "float32")}))
    with pytest.raises(ValueError, match=r"w.npz holds something else than expected: .*'dense_1/bias'.*\(3,\).*\(2,\)"):
        load_weights(net(), tmp_path / "w.npz")


@each_suffix
def test_a_missing_weight_is_named(tmp_path, suffix):
    arrays = arrays_of(net())
    del arrays["dense_1/bias"]
    write(tmp_path / f"w{suffix}", arrays)
    with pytest.raises(ValueError, match="lacks 'dense_1/bias' and holds nothing"):
        load_weights(net(), tmp_path / f"w{suffix}")


@each_suffix
def test_every_truncation_is_refused(tmp_path, suffix):
    model = net()
    file, before = tmp_path / f"w{suffix}", model.get_weights()
    save_weights(changed(net()), file)
    data = file.read_bytes()
    for length in range(0, len(data), 37):
        file.write_bytes(data[:length])
        with pytest.raises(ValueError, match=f"w{suffix}"):
            load_weights(model, file)
    assert same(before, model.get_weights())


class Trap:
    """Pickled, it makes a folder when it is loaded."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_pickled_objects_are_refused_and_do_not_run(tmp_path):
    trap = np.full(2, Trap(tmp_path / "sprung"), object)
    np.savez(tmp_path / "w.npz", **arrays_of(net(), **{"dense_1/bias": trap}))
    with pytest.raises(ValueError, match="'dense_1/bias' is object"):
        load_weights(net(), tmp_path / "w.npz")
    (tmp_path / "w.npz").write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    with pytest.raises(ValueError, match=r"not the .npz file"):
        load_weights(net(), tmp_path / "w.npz")
    assert not (tmp_path / "sprung").exists()


def npy_header(text):
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def test_an_array_that_claims_more_than_it_needs_is_refused(tmp_path):
    """A bomb: small when compressed, gigabytes when it is not."""
    arrays = arrays_of(net())
    with zipfile.ZipFile(tmp_path / "w.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            stream = io.BytesIO()
            np.save(stream, array)
            padding = bytes(50_000_000) if name == "dense/kernel" else b""
            archive.writestr(f"{name}.npy", stream.getvalue() + padding)
    with pytest.raises(ValueError, match=r"'dense/kernel' takes 50000176 bytes, more than"):
        load_weights(net(), tmp_path / "w.npz")


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }\n",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }\n",
        "__import__('os').mkdir('sprung')\n",
        "(" * 9000 + "\n",
        "",
    ],
)
def test_hostile_array_headers_are_refused(tmp_path, monkeypatch, header):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "w.npz", {n: a for n, a in arrays_of(net()).items() if n != "dense_1/bias"})
    with zipfile.ZipFile(tmp_path / "w.npz", "a") as archive:
        archive.writestr("dense_1/bias.npy", npy_header(header) + bytes(8))
    with pytest.raises(ValueError, match=r"w\.npz"):
        load_weights(net(), tmp_path / "w.npz")
    assert [p.name for p in tmp_path.iterdir()] == ["w.npz"]


def header(**tensors):
    text = json.dumps(tensors).encode()
    return struct.pack("<Q", len(text)) + text


BIG = {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}
HOSTILE = {
    "huge header": struct.pack("<Q", 2**62) + b"{}",
    "no header": struct.pack("<Q", 0),
    "not json": struct.pack("<Q", 4) + b"[[[[",
    "huge tensor": header(x=BIG) + bytes(8),
    "overlap": header(x={**BIG, "shape": [2], "data_offsets": [0, 8]}, y={**BIG, "shape": [2], "data_offsets": [4, 12]})
    + bytes(12),
    "unknown dtype": header(x={"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}) + bytes(4),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_safetensors_are_refused(tmp_path, name):
    (tmp_path / "w.safetensors").write_bytes(HOSTILE[name])
    with pytest.raises(ValueError, match=r"w\.safetensors is no safetensors file, or a damaged one"):
        load_weights(net(), tmp_path / "w.safetensors")


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_model_from_a_configuration_reads_the_weights_of_its_original(tmp_path, suffix):
    layers.Dense(1), layers.Dense(1)  # so that automatic names do not start at none
    model = Sequential([layers.Input((3,)), layers.Dense(4), layers.Dense(2, name="chosen"), layers.Dense(2)])
    again = Sequential.from_config(model.get_config())
    again.set_weights([w + 1 for w in model.get_weights()])
    model.save_weights(tmp_path / f"w{suffix}")
    again.load_weights(tmp_path / f"w{suffix}")
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


class Unnamed(layers.Layer):
    """Makes Variables without names."""

    def build(self, input_shape):
        self.w, self.b = Variable(np.ones((input_shape[-1], 2), "float32")), Variable(np.zeros(2, "float32"))

    def call(self, inputs):
        return inputs @ self.w + self.b


@pytest.mark.parametrize("name", ["m.npz", "m.safetensors", "m.arraynet"])
def test_variables_without_names_are_found_again_in_the_same_process(name, tmp_path):
    first, second = Sequential([Unnamed(), Unnamed()]), Sequential([Unnamed(), Unnamed()])
    for model in (first, second):
        model.compile("adam", "mse")
        model.fit(np.ones((4, 2)), np.ones((4, 2)), epochs=2 - (model is second), verbose=0)
    if name.endswith("arraynet"):
        first.save(tmp_path / name)
        second = models.load_model(tmp_path / name, {"Unnamed": Unnamed})
    else:
        first.save_weights(tmp_path / name)
        second.load_weights(tmp_path / name)
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["m.npz", "m.safetensors", "m.arraynet"])
def test_older_files_counted_variables_without_names_through_the_process(name, tmp_path, monkeypatch):
    def built():
        naming.reset_names()
        return Sequential([layers.Input((2,)), Unnamed(), Unnamed()])

    def counted(model):
        old = ["unnamed/variable", "unnamed/variable_1", "unnamed_1/variable_2", "unnamed_1/variable_3"]
        return dict(zip(old, named_weights(model).values(), strict=True))

    first = changed(built())
    with monkeypatch.context() as older:
        older.setattr("arraynet.saving.weights.named_weights", counted)
        older.setattr("arraynet.saving.model_file.named_weights", counted)
        (first.save if name.endswith("arraynet") else first.save_weights)(tmp_path / name)
    naming.reset_names()
    if name.endswith("arraynet"):
        second = models.load_model(tmp_path / name, {"Unnamed": Unnamed})
    else:
        second = built()
        second.load_weights(tmp_path / name)
    assert same(second.get_weights(), first.get_weights())


def test_arguments_have_the_names_of_keras(tmp_path):
    model = net()
    saving.save_weights(model=model, filepath=tmp_path / "w.npz")
    saving.load_weights(model=model, filepath=tmp_path / "w.npz")
    saving.save_model(model=model, filepath=tmp_path / "m.arraynet")
    with saving.custom_object_scope(custom_objects={}):
        again = saving.load_model(filepath=tmp_path / "m.arraynet", custom_objects=None)
    assert same(again.get_weights(), model.get_weights())
