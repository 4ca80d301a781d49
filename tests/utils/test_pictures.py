"""Pictures of models, recorded ops, weights and confusions: what they show, and that nothing overlaps."""

import sys
from xml.etree import ElementTree

import numpy as np
import pytest

import arraynet
from arraynet import GradientTape, Input, Model, Sequential, Variable, layers, ops, utils

pytest.importorskip("matplotlib")


def net():
    stack = [Input((4, 4)), layers.Flatten(), layers.Dense(8, "relu"), layers.Dropout(0.5), layers.Dense(3, "softmax")]
    return Sequential(stack, name="net")


class Residual(Model):
    """Layers that are called twice, ops between layers, two paths that meet."""

    def __init__(self):
        super().__init__(name="residual")
        self.first, self.shared = layers.Dense(4, name="first"), layers.Dense(4, name="shared")
        self.join, self.last = layers.Concatenate(name="join"), layers.Dense(2, name="last")

    def call(self, inputs):
        x = self.first(inputs)
        y = ops.relu(self.shared(self.shared(x)) + x)
        return self.last(self.join([y, inputs]))


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def check_layout(figure):
    """Boxes with their text lie within the figure, and no two of them overlap."""
    axes = figure.axes[0]
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    np.testing.assert_allclose(figure.get_size_inches(), (right - left, top - bottom))
    boxes = [p for p in axes.patches if type(p).__name__ == "FancyBboxPatch"]
    corners = [(b.get_x(), b.get_y(), b.get_x() + b.get_width(), b.get_y() + b.get_height()) for b in boxes]
    for k, (x0, y0, x1, y1) in enumerate(corners):
        assert left <= x0 < x1 <= right
        assert bottom <= y0 < y1 <= top
        assert all(x1 < a0 or a1 < x0 or y1 < b0 or b1 < y0 for a0, b0, a1, b1 in corners[:k])
    figure.canvas.draw()
    for text in axes.texts[1:]:
        extent = text.get_window_extent()
        assert extent.x0 >= 0
        assert extent.x1 <= figure.bbox.width
    boxed = {text.get_position(): text for text in axes.texts}
    for x0, y0, x1, y1 in corners:
        text = next(t for (x, y), t in boxed.items() if abs(x - (x0 + x1) / 2) < 1e-9 and abs(y - (y0 + y1) / 2) < 1e-9)
        assert text.get_window_extent().width <= (x1 - x0) * figure.dpi
    return len(boxes)


def test_a_sequential_model(backend):
    figure = utils.plot_model(net())
    assert texts(figure)[0] == "Sequential net"
    shapes = [text for text in texts(figure) if text.startswith("(")]
    assert shapes == ["(None, 4, 4)", "(None, 16)", "(None, 8)", "(None, 8)", "(None, 3)"]
    assert "dense (Dense)\n136 weights" in texts(figure)
    assert "dropout (Dropout)" in texts(figure)
    assert check_layout(figure) == 4 + 2
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["input", "layer", "output"]


def test_a_model_of_ones_own_is_drawn_as_it_computes(backend):
    model = Residual()
    figure = utils.plot_model(model, inputs=np.ones((5, 3), np.float32))
    shown = texts(figure)
    assert shown.count("shared (Dense)\n20 weights") == 2
    assert {"add", "relu", "join (Concatenate)", "last (Dense)\n16 weights"} <= set(shown)
    assert shown.count("(None, 3)") == 2
    assert "(None, 7)" in shown
    assert check_layout(figure) == 8 + 1
    arrows = [p for p in figure.axes[0].patches if type(p).__name__ == "FancyArrowPatch"]
    assert len(arrows) == 10
    assert "call" not in vars(model)
    assert "call" not in vars(model.first)


def test_drawing_changes_nothing():
    model = Residual()
    x = np.ones((5, 3), np.float32)
    before = np.asarray(model(x))
    version = arraynet.observers.latest_version()
    utils.plot_model(model)
    assert arraynet.observers.latest_version() == version
    np.testing.assert_array_equal(np.asarray(model(x)), before)


def test_svg_and_png(tmp_path):
    utils.plot_model(net(), tmp_path / "net.svg")
    utils.plot_model(net(), tmp_path / "net.png", dpi=50)
    assert ElementTree.parse(tmp_path / "net.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "net.png").read_bytes().startswith(b"\x89PNG")


def test_an_unknown_input_is_refused():
    with pytest.raises(ValueError, match=r"does not know the shape of its input.*pass inputs="):
        utils.plot_model(Sequential([layers.Dense(1)]))
    assert utils.plot_model(Sequential([layers.Dense(1)]), inputs=np.ones((2, 3)))


@pytest.mark.parametrize(("suffix", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_ops_are_written_to_a_file(suffix, start, tmp_path):
    file = tmp_path / f"graph.{suffix}"
    utils.plot_graph(lambda x: x + 1, ops.ones(1), to_file=file)
    assert file.read_bytes().startswith(start)


def test_the_ops_of_a_tape(backend):
    w, b = Variable(np.ones((3, 2)), name="w"), Variable(np.ones(2), name="b")
    x = ops.ones((4, 3))
    with GradientTape() as tape:
        loss = ops.mean((ops.matmul(x, w) + b) ** 2)
    figure = utils.plot_graph(tape)
    assert {"w", "b", "constant", "matmul", "add", "power(·, 2)", "mean", "(4, 3)", "(3, 2)", "(2,)"} <= set(
        texts(figure)
    )
    assert check_layout(figure) == 3 + 4
    tape.gradient(loss, [w, b])
    with pytest.raises(ValueError, match="the tape holds no ops"):
        utils.plot_graph(tape)


def test_watched_tensors_are_inputs():
    x = ops.ones(3)
    with GradientTape() as tape:
        tape.watch(x)
        ops.sum(x * x)
    assert texts(utils.plot_graph(tape)).count("watched") == 1


def test_the_ops_of_a_function(backend):
    figure = utils.plot_graph(lambda left, right: ops.tanh(left @ right), np.ones((2, 3)), np.ones((3, 4)))
    assert {"left", "right", "matmul", "tanh", "output", "(2, 4)"} <= set(texts(figure))
    assert check_layout(figure) == 5


def test_the_ops_of_a_model_name_its_layers():
    figure = utils.plot_graph(Sequential([layers.Dense(2, "relu", name="hidden")]), np.ones((1, 3)))
    assert {"matmul\nhidden", "add\nhidden", "relu\nhidden", "inputs"} <= set(texts(figure))


def test_a_function_with_its_gradient():
    figure = utils.plot_graph(arraynet.grad(lambda x: ops.sum(ops.sin(x) * x)), ops.ones(3))
    assert "cos" in texts(figure)
    check_layout(figure)


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (lambda: utils.plot_graph(lambda: 3), ValueError, "no op was recorded"),
        (lambda: utils.plot_graph(arraynet.GradientTape(), "graph.png"), TypeError, "to_file='graph.svg'"),
        (lambda: utils.plot_graph(7), TypeError, "a GradientTape or a function"),
        (lambda: utils.plot_graph(lambda x: [x := x + 1 for _ in range(500)], ops.ones(1)), ValueError, "draw a part"),
        (lambda: utils.plot_weights(Sequential([layers.Dense(1)])), ValueError, "has no weights"),
        (lambda: utils.plot_confusion([0, 1], [0]), ValueError, "2 true classes and 1"),
        (lambda: utils.plot_confusion([0, 1], [0.2, 0.7]), ValueError, "p > 0.5"),
        (lambda: utils.plot_confusion([0, 2], [0, 1], ["a", "b"]), ValueError, "2 labels for 3 classes"),
    ],
)
def test_what_cannot_be_drawn_is_explained(draw, error, message):
    with pytest.raises(error, match=message):
        draw()


def test_weights(backend):
    figure = utils.plot_weights(net())
    assert len(figure.axes) == 4
    assert figure.axes[0].get_title() == "net/dense/kernel\n(16, 8)"
    assert sum(bar.get_height() for bar in figure.axes[0].patches) == 16 * 8
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("value", "weights")


def test_weights_that_are_lost_are_counted():
    variable = Variable(np.array([1.0, np.nan, np.inf]), name="w")
    assert "2 not finite" in utils.plot_weights([variable]).axes[0].get_title()


@pytest.mark.parametrize("truth", [[0, 1, 2, 2, 1], np.eye(3)[[0, 1, 2, 2, 1]], np.array([[0], [1], [2], [2], [1]])])
def test_confusion(truth):
    guess = np.eye(3)[[0, 1, 2, 1, 1]] * 0.8 + 0.1
    figure = utils.plot_confusion(truth, guess, ["a", "b", "c"])
    axes = figure.axes[0]
    assert axes.get_title() == "80.00% of 5 right"
    assert [text.get_text() for text in axes.texts] == ["1", "", "", "", "2", "", "", "1", "1"]
    np.testing.assert_allclose(axes.images[0].get_array(), [[1, 0, 0], [0, 1, 0], [0, 0.5, 0.5]])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["a", "b", "c"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")


def test_a_history_plots_itself():
    model = net()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(np.ones((8, 4, 4), np.float32), np.zeros(8, int), epochs=2, verbose=0)
    assert [axis.get_title() for axis in history.plot().axes] == ["accuracy", "loss"]


@pytest.mark.parametrize(
    "draw",
    [
        lambda: utils.plot_model(net()),
        lambda: utils.plot_graph(lambda x: x + 1, ops.ones(1)),
        lambda: utils.plot_weights(net()),
        lambda: utils.plot_confusion([0, 1], [0, 1]),
    ],
)
def test_without_matplotlib_the_error_names_the_extra(monkeypatch, draw):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'arraynet\[plot\]'"):
        draw()
