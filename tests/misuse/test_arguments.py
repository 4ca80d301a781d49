"""Wrong arguments to constructors and functions: refused when they are passed, not when they are used."""

import math

import numpy as np
from support.classifier import X, Y, net
from support.misuse import refused, table

from arraynet import (
    Input,
    Model,
    Sequential,
    Variable,
    callbacks,
    config,
    initializers,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    random,
    regularizers,
    set_backend,
    utils,
)
from arraynet.dispatch import op

schedules = optimizers.schedules
DENSE = [layers.Dense(3) for _ in range(4)]


class OfKeras(optimizers.Optimizer):
    def update_step(self, gradient, variable, learning_rate):
        variable.assign(variable - gradient * learning_rate)


@op(promote=None)
def generous(xp, w, g, /, learning_rate):
    return w - g * learning_rate, g


class Generous(optimizers.Optimizer):
    step = generous


class Slotless(optimizers.Optimizer):
    step = op(promote=None, name="slotted")(lambda xp, w, g, mean, /, learning_rate: (w - g * learning_rate, mean))


class Ruleless(optimizers.Optimizer):
    @staticmethod
    def step(w, g, learning_rate):
        return w - g * learning_rate


@table(
    ("no units", lambda: layers.Dense(0), ValueError, "Dense|units|positive int|received 0"),
    ("units as text", lambda: layers.Dense("x"), ValueError, "units|positive int|'x'"),
    ("units as float", lambda: layers.Dense(3.0), ValueError, "units|positive int|3.0"),
    ("units forgotten for an activation", lambda: layers.Dense("relu"), ValueError, "units|'relu'"),
    ("an unknown keyword", lambda: layers.Dense(3, unit=4), ValueError, "Dense|unit|It knows|kernel_initializer"),
    ("the class of an activation", lambda: layers.Dense(3, layers.ReLU), ValueError, "ReLU|is a class|ReLU()"),
    ("a metric as loss", lambda: net(loss=metrics.MeanSquaredError()), ValueError, "mean_squared_error|is a metric"),
    ("a metric's class as loss", lambda: net(loss=metrics.Recall), ValueError, "recall|is a metric|arraynet.losses"),
    ("a misspelt activation", lambda: layers.Dense(3, "rellu"), ValueError, "activation|'rellu'|relu, "),
    ("a misspelt initializer", lambda: layers.Dense(3, kernel_initializer="glorot"), ValueError, "GlorotUniform"),
    ("a misspelt regularizer", lambda: layers.Dense(3, kernel_regularizer="l3"), ValueError, "'l3'|L1L2"),
    ("a number as regularizer", lambda: layers.Dense(3, kernel_regularizer=0.01), ValueError, "regularizer|0.01"),
    ("a misspelt dtype", lambda: layers.Dense(3, dtype="floa32"), ValueError, "dtype|float32|'floa32'"),
    ("a slash in a name", lambda: layers.Dense(3, name="a/b"), ValueError, "name|'/'|'a/b'"),
    ("trainable as text", lambda: layers.Dense(3, trainable="no"), ValueError, "trainable|True or False|'no'"),
    ("a share above one", lambda: layers.Dropout(1.5), ValueError, "Dropout|rate|0 to 1|1.5"),
    ("a negative spread", lambda: layers.GaussianNoise(-1), ValueError, "GaussianNoise|stddev|-1"),
    ("a slope as text", lambda: layers.LeakyReLU("a"), ValueError, "LeakyReLU|negative_slope|number|'a'"),
    ("alpha as text", lambda: layers.ELU("b"), ValueError, "ELU|alpha|number|'b'"),
    ("momentum above one", lambda: layers.BatchNormalization(momentum=3), ValueError, "momentum|0 to 1|3"),
    ("epsilon below zero", lambda: layers.LayerNormalization(epsilon=-1), ValueError, "LayerNormalization|epsilon|-1"),
    ("a bias as text", lambda: layers.Dense(3, use_bias="False"), ValueError, "Dense|use_bias|True or False|'False'"),
    ("a centre as text", lambda: layers.BatchNormalization(center="no"), ValueError, "BatchNormalization|center|'no'"),
    ("a scale as text", lambda: layers.LayerNormalization(scale="no"), ValueError, "LayerNormalization|scale|'no'"),
    ("a text to invert", lambda: layers.Normalization(invert="no"), ValueError, "Normalization|invert|'no'"),
    ("masks as text", lambda: layers.Embedding(9, 3, mask_zero="no"), ValueError, "Embedding|True or False|'no'"),
    ("masks", lambda: layers.Embedding(9, 3, mask_zero=True), ValueError, "mask_zero|not supported"),
    ("a scale as text", lambda: layers.Rescaling("a"), TypeError, "Expected numbers|'a'"),
    ("half of the moments", lambda: layers.Normalization(mean=1.0), ValueError, "mean and variance"),
    ("an input of an int", lambda: Input(784), ValueError, "Input|tuple|784"),
    ("an input of a negative length", lambda: Input((-1,)), ValueError, "Input|positive|-1"),
)
def test_layers(program, error, words):
    refused(program, error, words)


@table(
    ("a text in the stack", lambda: Sequential([layers.Dense(3), "relu"]), ValueError, "stack of layers|'relu'"),
    ("a class in the stack", lambda: Sequential([layers.Dense]), ValueError, "Did you mean Dense(...)?"),
    ("layers without brackets", lambda: Sequential(*DENSE[:2]), ValueError, "Sequential([Dense(...), Dense(...)])"),
    ("four without brackets", lambda: Sequential(*DENSE), ValueError, "one list of layers|Dense(...), Dense(...)])"),
    ("one name twice", lambda: Sequential([layers.Dense(1, name="a")] * 2), ValueError, "'a'|unique|name=|layer twice"),
    ("a second input", lambda: Sequential([Input((3,)), Input((3,))]), ValueError, "Input comes first|only once"),
    ("a text for the stack", lambda: Sequential("dense"), ValueError, "list of layers|'dense'"),
    ("no layers", lambda: Sequential().build((None, 3)), ValueError, "no layers|model.add"),
    ("no layers to call", lambda: Sequential()(X), ValueError, "no layers|model.add"),
    ("no layer to pop", lambda: Sequential().pop(), ValueError, "no layer to pop"),
    ("a shape as text", lambda: Sequential([layers.Dense(2)]).build("a"), ValueError, "shape|(None, 784)|'a'"),
    ("another shape than the input's", lambda: net().build((None, 9)), ValueError, "(None, 6)|(None, 9)"),
    ("an unknown layer", lambda: net().get_layer("foo"), ValueError, "'foo'|Layers: dense"),
    ("no configuration", lambda: Sequential.from_config({"a": 1}), ValueError, "get_config|{'a': 1}"),
    ("the functional style", lambda: layers.Dense(3)(Input((4,))), TypeError, "Dense|Sequential([...])|call(self"),
    ("a model of tensors", lambda: Model(inputs=1, outputs=2), TypeError, "Sequential([...])|call(self, inputs)"),
)
def test_models(program, error, words):
    refused(program, error, words)


@table(
    ("a misspelt optimizer", lambda: net(optimizer="adm"), ValueError, "'adm'|Adam, "),
    ("the class of an optimizer", lambda: net(optimizer=optimizers.SGD), ValueError, "SGD|call it"),
    ("a rate for an optimizer", lambda: net(optimizer=0.1), ValueError, "optimizer|0.1"),
    ("a misspelt loss", lambda: net(loss="cross_entropy"), ValueError, "loss|'cross_entropy'|CategoricalCrossentropy"),
    ("a number for a loss", lambda: net(loss=3), ValueError, "loss|3"),
    ("a misspelt metric", lambda: net(metrics=["acuracy"]), ValueError, "metric|'acuracy'|Accuracy"),
    ("a metric without brackets", lambda: net(metrics="accuracy"), ValueError, "list|write ['accuracy']"),
    ("metrics in third place", lambda: Sequential().compile("sgd", "mse", ["mae"]), ValueError, "metrics=[...]|'mae'"),
    ("a weight of text", lambda: net(loss_weights={"a": "2"}), ValueError, "loss_weights|a number|'2'"),
    ("no steps per execution", lambda: net(steps_per_execution=0), ValueError, "steps_per_execution|received 0"),
    ("jit_compile as text", lambda: net(jit_compile="yes"), ValueError, "jit_compile|'auto'|'yes'"),
    ("before compile", lambda: Sequential([layers.Dense(3)]).fit(X, Y), ValueError, "compiled before fit|compile("),
)
def test_compile(program, error, words):
    refused(program, error, words)


@table(
    ("no optimizer", lambda: net().compile(None), ValueError, "compile: optimizer|received None|leave it out"),
    ("a negative int as rate", lambda: optimizers.SGD(-1), ValueError, "learning_rate|0 or more|received -1"),
    ("an int as rate", lambda: optimizers.SGD(1), ValueError, "learning_rate|float|received 1|Write 1.0"),
    ("a text as rate", lambda: optimizers.SGD("fast"), ValueError, "learning_rate|'fast'"),
    ("NaN as rate", lambda: optimizers.SGD(math.nan), ValueError, "learning_rate|nan"),
    ("an int assigned", lambda: setattr(optimizers.SGD(), "learning_rate", 1), ValueError, "learning_rate|Write 1.0"),
    ("the old name of the rate", lambda: optimizers.SGD(lr=0.1), ValueError, "SGD|arguments lr|'learning_rate'?"),
    ("it assigned", lambda: setattr(optimizers.SGD(), "lr", 0.1), AttributeError, "SGD|'lr'|'learning_rate'?"),
    ("a misspelt beta", lambda: optimizers.Adam(beta1=0.9), ValueError, "Adam|arguments beta1|'beta_1'?|It knows"),
    ("a negative rate", lambda: optimizers.SGD(-0.1), ValueError, "learning_rate|0 or more|-0.1"),
    ("it assigned", lambda: setattr(optimizers.SGD(), "learning_rate", -0.1), ValueError, "learning_rate|0 or more"),
    ("a negative start", lambda: schedules.CosineDecay(-0.1, 9), ValueError, "CosineDecay|initial_learning_rate|-0.1"),
    ("momentum above one", lambda: optimizers.SGD(momentum=2.0), ValueError, "momentum|0 to 1|2.0"),
    ("beta above one", lambda: optimizers.Adam(beta_1=1.5), ValueError, "Adam|beta_1|0 to 1|1.5"),
    ("epsilon as text", lambda: optimizers.Adam(epsilon="a"), ValueError, "Adam|epsilon|number|'a'"),
    ("negative decay", lambda: optimizers.SGD(weight_decay=-1.0), ValueError, "weight_decay|-1.0"),
    ("two bounds", lambda: optimizers.SGD(clipnorm=1.0, clipvalue=1.0), ValueError, "At most one|clipnorm"),
    ("a bound as text", lambda: optimizers.SGD(clipvalue="a"), ValueError, "clipvalue|number|'a'"),
    ("Keras' update_step", lambda: OfKeras(0.1), TypeError, "OfKeras|step = |update_step|docs/extend/optimizer.md"),
    (
        "a step of too much",
        lambda: Generous(0.1).apply([[1.0]], [Variable([1.0])]),
        TypeError,
        "generous|w, for Generous|2",
    ),
    (
        "a slot that nobody names",
        lambda: Slotless(0.1).apply([[1.0]], [Variable([1.0])]),
        TypeError,
        "slotted|w, g, mean|slots()|Slotless are none",
    ),
    ("a rate of 0 to divide by", lambda: net(optimizer=optimizers.Ftrl(0.0)).fit(X, Y), ValueError, "Ftrl|rate|is 0"),
    ("a step that is no op", lambda: Ruleless(0.1), TypeError, "Ruleless|@op(promote=None)"),
    ("no steps to decay", lambda: schedules.CosineDecay(0.1, 0), ValueError, "decay_steps|positive|0"),
    ("a schedule of text", lambda: schedules.ExponentialDecay("a", 9, 0.9), ValueError, "initial_learning_rate|'a'"),
    ("a reduction", lambda: losses.MeanSquaredError(reduction="avg"), ValueError, "reduction|'avg'|'sum'"),
    ("a flag as text", lambda: losses.BinaryCrossentropy("False"), ValueError, "from_logits|True or False|'False'"),
    (
        "another flag",
        lambda: losses.BinaryFocalCrossentropy(apply_class_balancing="no"),
        ValueError,
        "apply_class_balancing|'no'",
    ),
    ("that of a metric", lambda: metrics.BinaryCrossentropy(from_logits="no"), ValueError, "from_logits|'no'"),
    ("smoothing", lambda: losses.BinaryCrossentropy(label_smoothing=2.0), ValueError, "label_smoothing|0 to 1"),
    ("a threshold as text", lambda: metrics.BinaryAccuracy(threshold="a"), ValueError, "threshold|'a'"),
    ("the best none", lambda: metrics.TopKCategoricalAccuracy(k=0), ValueError, "k must be a positive int"),
    ("a negative penalty", lambda: regularizers.L2(-1.0), ValueError, "l2|-1.0"),
    ("a negative deviation", lambda: initializers.RandomNormal(stddev=-1.0), ValueError, "stddev|-1.0"),
    ("a scale", lambda: initializers.VarianceScaling(mode="foo"), ValueError, "mode|fan_in|'foo'"),
)
def test_optimizers_losses_metrics(program, error, words):
    refused(program, error, words)


@table(
    ("patience as text", lambda: callbacks.EarlyStopping(patience="a"), ValueError, "EarlyStopping|patience|'a'"),
    ("a mode", lambda: callbacks.EarlyStopping(mode="lower"), ValueError, "mode|'min'|'lower'"),
    ("a factor above one", lambda: callbacks.ReduceLROnPlateau(factor=2), ValueError, "factor|below 1|2"),
    ("another suffix", lambda: callbacks.ModelCheckpoint("x.h5"), ValueError, "ModelCheckpoint|.arraynet|'x.h5'"),
    ("a rate for a schedule", lambda: callbacks.LearningRateScheduler(0.1), TypeError, "function of the epoch|0.1"),
    ("an unknown hook", lambda: callbacks.LambdaCallback(on_end=print), TypeError, "'on_end'|no hook"),
    ("a hook that is none", lambda: callbacks.LambdaCallback(on_epoch_end=3), TypeError, "on_epoch_end|function|3"),
    ("an empty folder", lambda: callbacks.BackupAndRestore(""), ValueError, "backup_dir|folder"),
    ("no folder", lambda: callbacks.BackupAndRestore(None), ValueError, "BackupAndRestore: backup_dir|folder|None"),
    (
        "Keras' plot",
        lambda: utils.plot_model(net(), show_shapes=True),
        TypeError,
        "no show_shapes: |always|model, to_file",
    ),
    (
        "a tensor to pad with",
        lambda: ops.pad(X, 1, constant_values=ops.array(2.0)),
        TypeError,
        "pad: constant_values|2.",
    ),
    ("norms in a row", lambda: ops.norm(X, np.ones(3)), ValueError, "norm: ord is a number|array([1., 1., 1.])"),
)
def test_callbacks(program, error, words):
    refused(program, error, words)


@table(
    ("no shape", lambda: Variable("zeros"), ValueError, "initializer|needs a shape"),
    ("a misspelt initializer", lambda: Variable("zero5", shape=(2,)), ValueError, "'zero5'|Zeros"),
    ("a negative length", lambda: Variable("zeros", shape=(-1,)), ValueError, "negative|(-1,)"),
    ("a slash", lambda: Variable([1.0], name="a/b"), ValueError, "name|'a/b'"),
    ("another shape", lambda: Variable([1.0, 2.0], shape=(3,)), ValueError, "(3,)|(2,)"),
    ("an initializer of another", lambda: Variable(lambda s, dtype: X, shape=(3,)), ValueError, "(3,)|(50, 6)"),
    ("text", lambda: Variable(["a"]), TypeError, "Expected numbers|['a']"),
    ("assigning another shape", lambda: Variable([1.0, 2.0], name="w").assign([1.0]), ValueError, "'w'|(2,)|(1,)"),
    ("setting an item", lambda: Variable([1.0]).__setitem__(0, 2.0), TypeError, "immutable|scatter_update"),
    ("an axis too many", lambda: ops.sum(X, axis=5), ValueError, "sum|axis=5|(50, 6)"),
    ("an axis as text", lambda: ops.sum(X, axis="rows"), TypeError, "sum|ints|'rows'"),
    ("matrices", lambda: ops.matmul(X, X), ValueError, "matmul|last axis of x1|(50, 6)"),
    ("shapes of a sum", lambda: ops.add(X, X[:, :4]), ValueError, "add|last axis|(50, 6)|(50, 4)"),
    ("a new shape", lambda: ops.reshape(X, (7, 7)), ValueError, "reshape|300|(50, 6)|(7, 7)"),
    ("None", lambda: ops.exp(None), TypeError, "exp|x must be an array|None"),
    ("None to a reduction", lambda: ops.sum(None), TypeError, "sum|x must be an array|None"),
    ("an axis of channels", lambda: ops.batch_normalization(X, Y, Y, 2), ValueError, "axis=2|2 axes"),
    ("no axis of classes", lambda: ops.sparse_categorical_crossentropy(Y, X, axis=None), TypeError, "axis|None"),
    ("too many arguments", lambda: ops.exp(X, X), TypeError, "exp(x|too many"),
    ("an unknown argument", lambda: ops.relu(X, alpha=3), TypeError, "relu(x|'alpha'"),
    ("a ragged list", lambda: ops.convert_to_tensor([[1, 2], [3]]), ValueError, "[[1, 2], [3]]"),
    ("a negative shape", lambda: ops.zeros((-1, 3)), ValueError, "negative|(-1, 3)"),
    ("a shape of a fraction", lambda: random.normal(3.5), TypeError, "ints|3.5"),
    ("segments of fewer rows", lambda: ops.segment_sum(X, Y[:3], 3), ValueError, "segment_ids|(50, 6)|(3,)"),
    ("a step that gives one", lambda: ops.scan(lambda c, x: c, 0.0, ops.ones(3)), TypeError, "scan|pair|float"),
    ("bounds in disorder", lambda: random.uniform((2,), 5, 1), ValueError, "uniform|minval=5|maxval=1"),
    ("a seed as text", lambda: random.normal((2,), seed="a"), ValueError, "seed|'a'"),
    ("an index too large", lambda: ops.ones(3)[9], IndexError, "9|length 3"),
    ("a method of NumPy's", lambda: ops.ones(3).sum(), AttributeError, "Tensor|Use ops.sum(x)"),
    ("the truth of many", lambda: bool(ops.ones(3)), ValueError, "(3,)|ops.any"),
    ("labels as text", lambda: utils.to_categorical(["cat"]), TypeError, "Expected numbers|'cat'"),
    ("negative labels", lambda: utils.to_categorical([-1, 2]), ValueError, "-1 to 2"),
    ("epsilon as text", lambda: config.set_epsilon("a"), ValueError, "epsilon|'a'"),
    (
        "an unknown backend",
        lambda: set_backend("tensorflow"),
        ValueError,
        "'tensorflow'|Installed|numpy|pip install arraynet-numba|docs/extend/backend.md",
    ),
    ("a file by number", lambda: models.load_model("x.h5"), ValueError, ".arraynet|x.h5"),
)
def test_variables_and_ops(program, error, words):
    refused(program, error, words)


def test_array_likes_are_welcome():
    class Frame:
        def __array__(self, dtype=None, copy=None):
            return X

    assert np.isfinite(net().fit(Frame(), Y, verbose=0).history["loss"]).all()
