"""MNIST is found wherever it lies, and a bad file is named, not half loaded."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from arraynet.datasets import cache, mnist

FILE = Path(mnist.__file__).with_name("mnist.npz")


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A machine with an empty home and no file beside the module."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ARRAYNET_HOME", str(tmp_path / "ours"))
    monkeypatch.delenv("ARRAYNET_DATA", raising=False)
    monkeypatch.setattr(cache, "BESIDE", tmp_path / "nothing")
    monkeypatch.setattr(mnist, "URL", "http://127.0.0.1:9/mnist.npz")
    return tmp_path


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A folder that is served; `mnist.URL` leads into it."""
    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr(mnist, "URL", f"http://127.0.0.1:{http.server_port}/mnist.npz")
        yield folder
        http.shutdown()


def write_npz(file, **changed):
    file.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: np.zeros(shape, dtype) for name, (shape, dtype) in mnist.ARRAYS.items()}
    arrays = {name: array for name, array in {**arrays, **changed}.items() if array is not None}
    np.savez_compressed(file, **arrays)
    return file


def test_it_is_mnist():
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    assert np.bincount(y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert x_train.mean() == pytest.approx(33.318421)
    assert x_test.mean() == pytest.approx(33.791224)
    assert {a.dtype.name for a in (x_train, y_train, x_test, y_test)} == {"uint8"}


def test_every_call_returns_fresh_writable_arrays():
    (x, y), _ = mnist.load_data()
    x[0], y[0] = 1, 7
    (again, labels), _ = mnist.load_data()
    assert again[0].min() == 0
    assert labels[0] == 5


@pytest.mark.parametrize("where", ["path", "ARRAYNET_DATA", "beside", "ours/datasets", ".keras/datasets"])
def test_each_place_is_looked_at(elsewhere, monkeypatch, where):
    file = write_npz(elsewhere / where / "mnist.npz", y_test=np.full(10_000, 3, "uint8"))
    if where == "ARRAYNET_DATA":
        monkeypatch.setenv("ARRAYNET_DATA", str(file.parent))
    if where == "beside":
        monkeypatch.setattr(cache, "BESIDE", file.parent)
    _, (_, y_test) = mnist.load_data(file if where == "path" else None)
    assert set(y_test) == {3}


def test_the_order_of_places(elsewhere, monkeypatch):
    files = [
        write_npz(elsewhere / place / "mnist.npz") for place in ("p", "d", "b", "ours/datasets", ".keras/datasets")
    ]
    monkeypatch.setenv("ARRAYNET_DATA", str(files[1].parent))
    monkeypatch.setattr(cache, "BESIDE", files[2].parent)
    locate = partial(cache.locate, "mnist.npz", url=mnist.URL, sha256=mnist.SHA256)
    assert locate(files[0]) == files[0]
    assert locate(None) == files[1]
    monkeypatch.delenv("ARRAYNET_DATA")
    for file in files[2:]:
        assert locate(None) == file
        file.unlink()


@pytest.mark.parametrize("source", ["path", "ARRAYNET_DATA"])
def test_a_file_that_was_named_must_be_there(elsewhere, monkeypatch, source):
    monkeypatch.setenv("ARRAYNET_DATA", str(elsewhere))
    with pytest.raises(FileNotFoundError, match=rf"{source} leads to .*mnist\.npz"):
        mnist.load_data(elsewhere / "mnist.npz" if source == "path" else None)


def test_offline_the_error_names_three_ways_out(elsewhere):
    with pytest.raises(OSError, match=r"path=.*ARRAYNET_DATA.*ours/datasets"):
        mnist.load_data()
    assert not list((elsewhere / "ours/datasets").glob("*"))


def test_download(elsewhere, server, monkeypatch):
    file = write_npz(server / "mnist.npz")
    monkeypatch.setattr(mnist, "SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    mnist.load_data()
    file.unlink()
    mnist.load_data()  # from the cache
    assert [p.name for p in (elsewhere / "ours/datasets").iterdir()] == ["mnist.npz"]


def test_a_download_with_another_checksum_is_refused_and_not_kept(elsewhere, server):
    write_npz(server / "mnist.npz")
    with pytest.raises(OSError, match="hash"):
        mnist.load_data()
    assert not list((elsewhere / "ours/datasets").iterdir())


BAD = {
    "missing": ({"y_test": None}, "y_test' is missing"),
    "shape": ({"x_test": np.zeros((10, 28, 28), "uint8")}, r"x_test' is uint8 of shape \(10, 28, 28\), expected uint8"),
    "dtype": ({"y_train": np.zeros(60_000, "int64")}, "y_train' is int64"),
    "pickled": ({"y_train": np.full(60_000, None, object)}, "y_train' is object"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_file_is_named(tmp_path, name):
    changed, message = BAD[name]
    file = write_npz(tmp_path / "mnist.npz", **changed)
    with pytest.raises(ValueError, match=rf"mnist\.npz holds something else than expected: array '{message}"):
        mnist.load_data(file)


@pytest.mark.parametrize("length", [0, 100, 1_000_000, FILE.stat().st_size - 1])
def test_a_truncated_file_is_named_and_leaves_our_cache(elsewhere, length):
    file = elsewhere / "ours/datasets/mnist.npz"
    file.parent.mkdir(parents=True)
    file.write_bytes(FILE.read_bytes()[:length])
    with pytest.raises(ValueError, match=r"mnist\.npz is truncated .* removed from the cache"):
        mnist.load_data()
    assert not file.exists()


def test_a_damaged_byte_is_found(tmp_path):
    data = bytearray(FILE.read_bytes())
    data[5_000_000] ^= 1
    (tmp_path / "mnist.npz").write_bytes(data)
    with pytest.raises(ValueError, match=r"truncated or not the \.npz file expected"):
        mnist.load_data(tmp_path / "mnist.npz")
