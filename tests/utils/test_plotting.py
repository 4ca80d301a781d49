import re
import sys

import numpy as np
import pytest

from arraynet import callbacks, layers
from arraynet.models import Sequential
from arraynet.utils import image_grid, training_curves


@pytest.mark.parametrize("shape", [(5, 28, 28), (5, 28, 28, 1), (5, 8, 8, 3)])
def test_image_grid_shows_every_image_under_its_label(shape, tmp_path):
    figure = image_grid(np.random.default_rng(0).random(shape), labels=[3, 1, 4, 1, 5])
    shown = [axis for axis in figure.axes if axis.images]
    assert [axis.get_title() for axis in shown] == ["3", "1", "4", "1", "5"]
    assert len(figure.axes) == 6
    figure.savefig(tmp_path / "grid.png")
    assert (tmp_path / "grid.png").stat().st_size > 1000


def test_a_notebook_shows_it_without_pyplot():
    assert image_grid(np.zeros((1, 2, 2)))._repr_png_()[:4] == b"\x89PNG"


def test_image_grid_columns():
    figure = image_grid(np.zeros((4, 2, 2)), columns=4)
    assert len(figure.axes) == 4
    assert figure.axes[0].get_gridspec().ncols == 4


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [(np.zeros((28, 28)), None, r"received \(28, 28\)"), (np.zeros((2, 3, 3)), [1], "2 images and 1 labels")],
)
def test_image_grid_refuses(images, labels, message):
    with pytest.raises(ValueError, match=message):
        image_grid(images, labels)


def test_training_curves_have_a_panel_a_metric(tmp_path):
    history = {"accuracy": [0.5, 0.75], "loss": [2.0, 1.0], "val_loss": [2.5, 1.5]}
    figure = training_curves(history)
    assert [axis.get_title() for axis in figure.axes] == ["accuracy", "loss"]
    assert [line.get_label() for line in figure.axes[1].lines] == ["loss", "val_loss"]
    np.testing.assert_array_equal(figure.axes[1].lines[1].get_xydata(), [[1, 2.5], [2, 1.5]])
    figure.savefig(tmp_path / "curves.png")


def test_values_of_some_epochs_stand_at_those_epochs():
    x = np.ones((8, 1), np.float32)
    model = Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(x, x, epochs=6, initial_epoch=2, validation_data=(x, x), validation_freq=2, verbose=0)
    drawn = {line.get_label(): line.get_xdata().tolist() for line in history.plot().axes[0].lines}
    assert drawn == {"loss": [3, 4, 5, 6], "val_loss": [4, 6]}
    rows = re.findall(r">(\d)</td><td[^>]*>[\d.e-]+</td><td[^>]*>(.*?)</td>", history._repr_html_())
    assert [(number, bool(value)) for number, value in rows] == [("3", False), ("4", True), ("5", False), ("6", True)]
    history.history["loss"] += [0.5]
    assert training_curves(history).axes[0].lines[0].get_xdata().tolist() == [1, 2, 3, 4, 5]


def test_a_history_that_serves_again_begins_anew():
    x, history = np.ones((8, 1), np.float32), callbacks.History()
    model = Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    shown = []
    for epochs in (1, 2):
        model.fit(x, x, epochs=epochs, validation_data=(x, x), validation_freq=epochs, callbacks=history, verbose=0)
        shown.append(repr(history).split(",")[0])
    assert shown == ["<History of 1 epoch", "<History of 2 epochs"]
    drawn = {line.get_label(): line.get_xdata().tolist() for line in history.plot().axes[0].lines}
    assert drawn == {"loss": [1, 2], "val_loss": [2]}


@pytest.mark.parametrize("draw", [lambda: image_grid(np.zeros((1, 2, 2))), lambda: training_curves({"loss": [1.0]})])
def test_without_matplotlib_the_error_names_the_extra(monkeypatch, draw):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'arraynet\[plot\]'"):
        draw()
