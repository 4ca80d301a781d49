"""The table of layers, character by character."""

import io
import sys

import numpy as np
import pytest

from arraynet import layers
from arraynet.layers import Dense, Input
from arraynet.models import Model, Sequential
from arraynet.models.summary import readable


def text(model, **kwargs):
    printed = []
    model.summary(print_fn=printed.append, **kwargs)
    assert len(printed) == 1
    return printed[0]


def test_the_table_of_a_built_model():
    model = Sequential([Input((784,)), Dense(512, activation="relu"), Dense(10, activation="softmax")])
    assert text(model, line_length=60).splitlines() == [
        'Model: "sequential"',
        "┏━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┓",
        "┃ Layer (type)             ┃ Output Shape      ┃   Param # ┃",
        "┡━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━┩",
        "│ dense (Dense)            │ (None, 512)       │   401,920 │",
        "├──────────────────────────┼───────────────────┼───────────┤",
        "│ dense_1 (Dense)          │ (None, 10)        │     5,130 │",
        "└──────────────────────────┴───────────────────┴───────────┘",
        " Total params: 407,050 (1.55 MB)",
        " Trainable params: 407,050 (1.55 MB)",
        " Non-trainable params: 0 (0.00 B)",
    ]


def test_an_unbuilt_model_has_question_marks():
    lines = text(Sequential([Dense(3)])).splitlines()
    assert "?" in lines[4]
    assert "0 (unbuilt)" in lines[4]
    assert lines[-3] == " Total params: 0 (0.00 B)"


def test_weights_that_are_not_trained_are_counted_apart():
    model = Sequential([Input((4,)), layers.BatchNormalization(name="bn"), Dense(1)])
    lines = text(model).splitlines()
    assert lines[-3:] == [
        " Total params: 21 (84.00 B)",
        " Trainable params: 13 (52.00 B)",
        " Non-trainable params: 8 (32.00 B)",
    ]
    assert "│ bn (BatchNormalization) " in lines[4]


def test_the_batch_axis_is_unknown_however_the_model_was_built():
    model = Sequential([Dense(3)])
    model(np.ones((8, 2)))
    assert "(None, 3)" in text(model)


def test_a_users_model():
    class Mine(Model):
        def __init__(self):
            super().__init__()
            self.dense = Dense(3)

        def call(self, inputs):
            return self.dense(inputs)

    model = Mine()
    assert "0 (unbuilt)" in text(model)
    model(np.ones((8, 2)))
    assert 'Model: "mine"' in text(model)
    assert "(None, 3)" in text(model)


def test_without_a_function_it_is_printed(capsys):
    Sequential([Input((2,)), Dense(1, name="[out]")], name="[net]").summary()
    out = capsys.readouterr().out
    assert "[out] (Dense)" in out
    assert 'Model: "[net]"' in out
    assert "Total params: 3 (12.00 B)" in out


def test_bytes_are_those_of_the_dtypes():
    model = Sequential([Input((2,)), Dense(1, dtype="float64")])
    model.compile("sgd", "mse")
    model.optimizer.build(model.trainable_variables)
    lines = text(model).splitlines()
    assert lines[-3] == " Trainable params: 3 (24.00 B)"
    assert lines[-1] == " Optimizer params: 2 (8.00 B)"


def test_a_notebook_shows_the_total_of_all_weights():
    assert ">21 (84.00 B)<" in Sequential([Input((4,)), layers.BatchNormalization(), Dense(1)])._repr_html_()


def test_a_terminal_sees_bold_and_a_function_plain_text(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    model = Sequential([Input((2,)), Dense(1)])
    assert "\x1b" not in text(model)
    model.summary()
    assert "\x1b[1m Total params: \x1b[0m3 (12.00 B)" in sys.stdout.getvalue()


def test_the_optimizers_numbers_count_once_they_are_there():
    model = Sequential([Input((784,)), Dense(512), Dense(10)])
    model.compile("rmsprop", "mse")
    assert text(model).splitlines()[-3] == " Total params: 407,050 (1.55 MB)"
    model.optimizer.build(model.trainable_variables)
    assert text(model).splitlines()[-4:] == [
        " Total params: 814,102 (3.11 MB)",
        " Trainable params: 407,050 (1.55 MB)",
        " Non-trainable params: 0 (0.00 B)",
        " Optimizer params: 407,052 (1.55 MB)",
    ]


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0.00 B"), (1023, "1023.00 B"), (1024, "1.00 KB"), (1024**2 * 1.5, "1.50 MB"), (1024**6, "1024.00 PB")],
)
def test_sizes_are_readable(size, expected):
    assert readable(size) == expected


def test_a_layer_that_cannot_run_alone_has_a_question_mark():
    class Two(layers.Layer):
        def call(self, a, b):
            return a + b

    class Mine(Model):
        def __init__(self):
            super().__init__()
            self.two = Two()

        def call(self, inputs):
            return self.two(inputs, inputs)

    model = Mine()
    model(np.ones((8, 2)))
    assert "│ two (Two)" in text(model)
    assert "│ ? " in text(model)


def test_weights_are_counted_before_all_of_a_layer_is_built():
    class Pair(layers.Layer):
        def __init__(self):
            super().__init__()
            self.first, self.second = Dense(3), Dense(3)

    model = Sequential([Pair()])
    model.layers[0].first.build((None, 2))
    assert text(model).splitlines()[4].split("│")[3].split() == ["9"]


def nested():
    inner = Sequential([Input((8,)), Dense(4, name="in"), layers.BatchNormalization(name="bn")], name="inner")
    return Sequential([Input((8,)), inner, layers.ReLU(name="relu"), Dense(2, name="out")], name="outer")


def test_a_summary_is_made_of_what_a_file_can_hold(monkeypatch):
    file = io.TextIOWrapper(io.BytesIO(), "cp1252", newline="\n")
    monkeypatch.setattr(sys, "stdout", file)
    nested().summary(expand_nested=True)
    file.flush()
    assert b"|    - in (Dense)" in file.buffer.getvalue()


def names(lines):
    return [line[2:].split("(")[0].rstrip() for line in lines if line.startswith("│")]


def test_models_inside_show_their_layers_and_what_is_trained():
    model = nested()
    model.layers[0].trainable = False
    lines = text(model, line_length=72, expand_nested=True, show_trainable=True).splitlines()
    assert lines[1:] == [  # what Keras 3.15 prints
        "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┳━━━━━━━┓",
        "┃ Layer (type)               ┃ Output Shape        ┃   Param # ┃ Trai… ┃",
        "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━╇━━━━━━━┩",
        "│ inner (Sequential)         │ (None, 4)           │        52 │   N   │",
        "├────────────────────────────┼─────────────────────┼───────────┼───────┤",
        "│    └ in (Dense)            │ (None, 4)           │        36 │   N   │",
        "├────────────────────────────┼─────────────────────┼───────────┼───────┤",
        "│    └ bn                    │ (None, 4)           │        16 │   N   │",
        "│ (BatchNormalization)       │                     │           │       │",
        "├────────────────────────────┼─────────────────────┼───────────┼───────┤",
        "│ relu (ReLU)                │ (None, 4)           │         0 │   -   │",
        "├────────────────────────────┼─────────────────────┼───────────┼───────┤",
        "│ out (Dense)                │ (None, 2)           │        10 │   Y   │",
        "└────────────────────────────┴─────────────────────┴───────────┴───────┘",
        " Total params: 62 (248.00 B)",
        " Trainable params: 10 (40.00 B)",
        " Non-trainable params: 52 (208.00 B)",
    ]


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        (("relu", "out"), ["relu", "out"]),
        (("inner", "re.*"), ["inner", "relu"]),
        ((".*", ".*"), ["inner", "relu", "out"]),
        (("r", "o"), ["relu", "out"]),  # the beginning of a name is enough, as for Keras
        (("out", "relu"), ["relu", "out"]),
        ((".*", "inner"), ["inner"]),
    ],
)
def test_a_range_of_layers(bounds, expected):
    assert names(text(nested(), layer_range=bounds).splitlines()) == expected


def test_models_inside_models_inside():
    lines = text(Sequential([Input((8,)), nested()]), expand_nested=True).splitlines()
    assert [name for name in names(lines) if name] == [
        "outer", "   └ inner", "      └ in", "      └ bn", "   └ relu", "   └ out"
    ]  # fmt: skip


def test_a_range_that_names_no_layer():
    with pytest.raises(ValueError, match=r"'nothing'.*there are inner, relu, out"):
        text(nested(), layer_range=("nothing", "out"))
    for wrong in (("inner",), ("inner", "relu", "out"), "in", ("inner", 2)):
        with pytest.raises(ValueError, match="must be the names of a first and a last layer, received"):
            text(nested(), layer_range=wrong)


def test_columns_end_where_they_are_told_to():
    assert text(nested(), line_length=60, positions=(0.3, 0.7, 1)).splitlines()[1].index("┳") == 18
    four = text(nested(), line_length=60, positions=(0.3, 0.6, 0.8, 1))  # the last is of Keras' other models
    assert four.splitlines()[2].endswith(" Param # ┃")
    ends = np.array([0.1, 0.5, 1])
    assert text(nested(), line_length=40, positions=ends).splitlines()[1].index("┳") == 4
    with pytest.raises(ValueError, match="needs 4 characters"):
        text(nested(), line_length=40, positions=(0.075, 0.5, 1))


@pytest.mark.parametrize(("columns", "width", "wider"), [(200, 88, 100), (80, 76, 76), (9, 40, 40)])
def test_the_table_is_as_wide_as_the_terminal_allows(monkeypatch, columns, width, wider):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert len(text(nested()).splitlines()[1]) == width
    assert len(text(nested(), show_trainable=True).splitlines()[1]) == wider


def test_a_long_name_is_shown_in_full():
    name = "layer" * 20
    lines = text(Sequential([Input((2,)), Dense(1, name=name)])).splitlines()
    assert name in "".join(line.split("│")[1].strip() for line in lines if line.startswith("│"))


@pytest.mark.parametrize(("options", "why"), [
    ({"line_length": "a"}, "line_length must be a positive int, received 'a'"),
    ({"line_length": 0}, "line_length must be a positive int, received 0"),
    ({"positions": (0.5, 1)}, r"three shares of the width, such as \(0.45, 0.8, 1.0\), received \(0.5, 1\)"),
    ({"positions": "a"}, "positions must be a number, 0 or more, received 'a'"),
])  # fmt: skip
def test_widths_that_are_none_are_refused(options, why):
    with pytest.raises(ValueError, match=why):
        text(Sequential([Dense(3)]), **options)
