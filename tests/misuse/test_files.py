"""Files that are missing, foreign, damaged or hostile: refused by name, and neither model nor old file is touched."""

import zipfile

import numpy as np
import pytest
from support.classifier import X, Y, net
from support.misuse import refused, table

from arraynet import Sequential, callbacks, datasets, layers, models
from arraynet.saving.weights import named_weights


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def truncated(folder, name):
    model, path = net(), folder / name
    model.save(path) if name.endswith(".arraynet") else model.save_weights(path)
    return written(folder, name, path.read_bytes()[:-40])


def saved(folder, name, units=5):
    net(units=units).save_weights(folder / name)
    return folder / name


def pickled(folder):
    objects = {name: np.array([{"a": 1}], dtype=object) for name in named_weights(net())}
    np.savez(folder / "pickled.npz", **objects)
    return folder / "pickled.npz"


def rezipped(folder, change, compression=zipfile.ZIP_STORED):
    """A saved model whose members went through a function."""
    net().save(folder / "good.arraynet")
    with (
        zipfile.ZipFile(folder / "good.arraynet") as good,
        zipfile.ZipFile(folder / "bad.arraynet", "w", compression) as bad,
    ):
        for name, data in change({name: good.read(name) for name in good.namelist()}).items():
            bad.writestr(name, data)
    return folder / "bad.arraynet"


def stranger(members):
    return members | {"config.json": members["config.json"].replace(b'"Dense"', b'"os.system"')}


def bomb(members):
    return dict.fromkeys(members, b" " * 50_000_000)


@table(
    ("no such file", lambda m, t: m.load_weights(t / "no.npz"), ValueError, "no file|no.npz"),
    ("a folder", lambda m, t: m.load_weights(t), ValueError, ".safetensors or .npz"),
    ("another suffix", lambda m, t: m.load_weights(t / "w.h5"), ValueError, ".safetensors or .npz|w.h5"),
    ("no bytes", lambda m, t: m.load_weights(written(t, "w.npz", b"")), ValueError, "w.npz|.npz file expected"),
    ("text", lambda m, t: m.load_weights(written(t, "w.safetensors", b"hello" * 99)), ValueError, "w.safetensors"),
    ("half a npz", lambda m, t: m.load_weights(truncated(t, "w.npz")), ValueError, "w.npz|truncated"),
    ("half a table", lambda m, t: m.load_weights(truncated(t, "w.safetensors")), ValueError, "w.safetensors|damaged"),
    ("pickled objects", lambda m, t: m.load_weights(pickled(t)), ValueError, "pickled.npz|object"),
    ("other shapes", lambda m, t: m.load_weights(saved(t, "w.safetensors")), ValueError, "(8, 5)|(8, 3)|Nothing was"),
    ("other shapes in npz", lambda m, t: m.load_weights(saved(t, "w.npz")), ValueError, "(8, 5)|(8, 3)|dense_1"),
    ("no such model", lambda m, t: models.load_model(t / "m.arraynet"), ValueError, "no file|m.arraynet"),
    ("half a model", lambda m, t: models.load_model(truncated(t, "m.arraynet")), ValueError, "m.arraynet|damaged"),
    ("a foreign class", lambda m, t: models.load_model(rezipped(t, stranger)), ValueError, "os.system|custom_objects"),
    (
        "a bomb",
        lambda m, t: models.load_model(rezipped(t, bomb, zipfile.ZIP_DEFLATED)),
        ValueError,
        "bad.arraynet|compressed",
    ),
    (
        "a way out of the folder",
        lambda m, t: models.load_model(rezipped(t, lambda members: members | {"../../evil": b""})),
        ValueError,
        "bad.arraynet|../../evil",
    ),
    ("no folder to save in", lambda m, t: m.save_weights(t / "no" / "w.npz"), FileNotFoundError, "no folder|w.npz"),
    ("no folder for the model", lambda m, t: m.save(t / "no" / "m.arraynet"), FileNotFoundError, "no folder"),
    ("another suffix to save", lambda m, t: m.save(t / "m.keras"), ValueError, ".arraynet|m.keras"),
    ("no weights to save", lambda m, t: unbuilt().save_weights(t / "w.npz"), ValueError, "no weights|build"),
    ("digits that are not there", lambda m, t: datasets.mnist.load_data(t / "x.npz"), FileNotFoundError, "x.npz"),
    ("digits that are none", lambda m, t: datasets.mnist.load_data(saved(t, "w.npz")), ValueError, "x_train|missing"),
    ("a name that is not reported", lambda m, t: checkpointed(m, t / "{val_los}.arraynet"), ValueError, "'val_los'"),
)
def test_files(program, error, words, tmp_path):
    model = net()
    before = model.get_weights()
    refused(program, error, words, model, tmp_path)
    if "val_los" not in words:
        for old, new in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
    assert not list(tmp_path.glob(".*.tmp"))


def unbuilt():
    return Sequential([layers.Dense(3)])


def checkpointed(model, path):
    model.fit(X, Y, verbose=0, callbacks=[callbacks.ModelCheckpoint(path)])


def test_a_folder_in_the_way_is_not_replaced(tmp_path):
    (tmp_path / "w.npz").mkdir()
    refused(net().save_weights, IsADirectoryError, "is a folder|w.npz", tmp_path / "w.npz")


@pytest.mark.parametrize("name", ["w.npz", "w.safetensors", "m.arraynet"])
def test_a_save_that_fails_leaves_the_old_file(name, tmp_path, monkeypatch):
    model, path = net(), tmp_path / name
    save = model.save if name == "m.arraynet" else model.save_weights
    save(path)
    old = path.read_bytes()
    monkeypatch.setattr("os.fsync", lambda descriptor: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save(path)
    assert path.read_bytes() == old
    assert [file.name for file in tmp_path.iterdir()] == [name]
