"""Wrong data, labels, weights and callables in training: refused before a weight has changed."""

import warnings

import numpy as np
import pytest
from support.classifier import ONE_HOT, X, Y, net
from support.misuse import refused, table

import arraynet
from arraynet import GradientTape, Variable, callbacks, layers, losses, metrics, models, ops, optimizers
from arraynet.checks import TooEarlyError

NAN = np.where(np.arange(6) == 2, np.nan, X)
TEXT = ["cat", "dog"] * 25
CATEGORICAL = {"loss": "categorical_crossentropy"}


def binary():
    return net("sigmoid", 1, loss="binary_crossentropy", metrics=[])


def regression():
    return net(None, 1, loss="mse", metrics=[])


def stream(*batches):
    yield from batches


@table(
    ("labels of fewer samples", lambda m: m.fit(X, Y[:40]), ValueError, "x: 50|y: 40"),
    ("no data", lambda m: m.fit(None, Y), ValueError, "no data|pass x"),
    ("empty data", lambda m: m.fit(X[:0], Y[:0]), ValueError, "x is empty"),
    ("no labels", lambda m: m.fit(X), ValueError, "no labels|pass y"),
    (
        "inputs in a dict",
        lambda m: m.fit({"x": X}, Y),
        ValueError,
        "dense|expects an array|a dict of ['x']|inputs['x']",
    ),
    ("labels in a dict", lambda m: m.fit(X, {"y": Y}), ValueError, "y names|['y']|one output|without the dict"),
    ("samples in a list", lambda m: m.fit(list(X), Y), ValueError, "x: 50 arrays of 6|y: 50|numpy.stack(x)"),
    ("labels in a list", lambda m: m.fit(X, list(ONE_HOT)), ValueError, "y: 50 arrays of 3|numpy.stack(y)"),
    ("both in one tuple", lambda m: m.fit((X, Y)), ValueError, "no labels|pass y"),
    ("a generator function", lambda m: m.fit(stream, Y), TypeError, "stream|fit(stream())"),
    ("one number", lambda m: m.fit(5, Y), ValueError, "samples along its first axis|5"),
    ("objects", lambda m: m.fit(X.astype(object), Y), TypeError, "x: |dtype object|astype"),
    ("None among numbers", lambda m: m.fit([[None] * 6] * 50, Y), TypeError, "x: |None"),
    ("text", lambda m: m.fit([["a"] * 6] * 50, Y), TypeError, "x: |'a'|words, x = numpy.unique(x"),
    ("rows of different lengths", lambda m: m.fit([[1.0] * 6] * 49 + [[1.0]], Y), ValueError, "x: |inhomogeneous"),
    ("complex numbers", lambda m: m.fit(X.astype(complex), Y), TypeError, "x: |complex128"),
    ("NaN", lambda m: m.fit(NAN, Y), ValueError, "NaN|50 of 50|np.nan_to_num(x)"),
    ("infinity", lambda m: m.fit(np.where(X > 0.99, np.inf, X), Y), ValueError, "infinity|sample"),
    ("a wrong last axis", lambda m: m.fit(X[:, :4], Y), ValueError, "dense|length 6|(2, 4)|nothing has been trained"),
    (
        "labels as text",
        lambda m: m.fit(X, TEXT),
        TypeError,
        "y: |'cat'|names, y = numpy.unique(y, return_inverse=True)",
    ),
    ("labels as objects", lambda m: m.fit(X, np.array(TEXT, object)[:, None]), TypeError, "y: |'cat'|numpy.unique(y"),
    ("numbers as text", lambda m: m.fit(X, Y.astype(str)), TypeError, "y: |whole numbers as text|astype('int32')"),
    ("negative labels", lambda m: m.fit(X, Y - 1), ValueError, "between 0 and 2|-1 to 1|numpy.unique(y"),
    ("two columns", lambda m: m.fit(X, np.stack([Y, Y], 1)), ValueError, "(50, 2)|a whole number|(None,)|one column"),
    ("rows of fractions", lambda m: m.fit(X, X[:, :3]), ValueError, "(50, 3)|a whole number|(None,)|one column"),
    ("too many classes", lambda m: m.fit(X, Y + 1), ValueError, "1 to 3|4 units|dense"),
    ("fractions", lambda m: m.fit(X, Y + 0.5), ValueError, "whole numbers|0.5 to 2.5|mse"),
    ("one-hot labels", lambda m: m.fit(X, ONE_HOT), ValueError, "(50, 3)|categorical_crossentropy"),
    ("no samples a batch", lambda m: m.fit(X, Y, batch_size=0), ValueError, "batch_size|positive int|0"),
    ("a batch of a fraction", lambda m: m.fit(X, Y, batch_size=32.0), ValueError, "batch_size|32.0"),
    ("no epochs", lambda m: m.fit(X, Y, epochs=0), ValueError, "epochs|received 0"),
    ("epochs as text", lambda m: m.fit(X, Y, epochs="5"), ValueError, "epochs|'5'"),
    ("a negative first epoch", lambda m: m.fit(X, Y, initial_epoch=-1), ValueError, "initial_epoch|-1"),
    ("verbose as text", lambda m: m.fit(X, Y, verbose="yes"), ValueError, "verbose|'auto'|'yes'"),
    ("a share above one", lambda m: m.fit(X, Y, validation_split=1.5), ValueError, "validation_split|1.5"),
    ("a share of nothing", lambda m: m.fit(X[:3], Y[:3], validation_split=0.9), ValueError, "0.9|3 samples"),
    ("validation lengths", lambda m: m.fit(X, Y, validation_data=(X, Y[:3])), ValueError, "validation_data|y: 3"),
    ("validation labels", lambda m: m.fit(X, Y, validation_data=(X, Y + 5)), ValueError, "validation_data|5 to 7"),
    ("validation without labels", lambda m: m.fit(X, Y, validation_data=X), ValueError, "validation_data|no labels"),
    ("validation in four", lambda m: m.fit(X, Y, validation_data=(X, Y, Y, Y)), ValueError, "validation_data|4 parts"),
    (
        "no samples a validation batch",
        lambda m: m.fit(X, Y, validation_data=(X, Y), validation_batch_size=0),
        ValueError,
        "validation_batch_size|received 0",
    ),
    ("no steps", lambda m: m.fit(X, Y, steps_per_epoch=0), ValueError, "steps_per_epoch|received 0"),
    ("no validation", lambda m: m.fit(X, Y, validation_steps=0), ValueError, "validation_steps|received 0"),
    ("an order as text", lambda m: m.fit(X, Y, shuffle="none"), ValueError, "shuffle|True or False|'batch'|'none'"),
    ("a class by name", lambda m: m.fit(X, Y, class_weight={"cat": 1.0}), ValueError, "class_weight|'cat'"),
    ("a list of class weights", lambda m: m.fit(X, Y, class_weight=[1, 2, 3]), ValueError, "class_weight|[1, 2, 3]"),
    ("a negative class weight", lambda m: m.fit(X, Y, class_weight={0: -2.0}), ValueError, "class_weight|-2.0"),
    ("weights of fewer samples", lambda m: m.fit(X, Y, sample_weight=np.ones(9)), ValueError, "sample_weight: 9"),
    ("weights as text", lambda m: m.fit(X, Y, sample_weight=TEXT), TypeError, "sample_weight: |'cat'"),
    ("a callback by name", lambda m: m.fit(X, Y, callbacks=["early"]), TypeError, "callbacks|'early'"),
    ("a function as callback", lambda m: m.fit(X, Y, callbacks=print), TypeError, "callbacks|print"),
    ("the class of a callback", lambda m: m.fit(X, Y, callbacks=[callbacks.History]), TypeError, "call it: History()"),
    ("a hook with one argument", lambda m: m.fit(X, Y, callbacks=[OneArgument()]), TypeError, "on_epoch_end|logs"),
    ("no batches", lambda m: m.fit(stream()), ValueError, "no batch|empty"),
    ("batches in four", lambda m: m.fit(stream((X, Y, Y, Y))), ValueError, "4 parts|(x, y)"),
    ("batches of text", lambda m: m.fit(stream("ab")), TypeError, "x: |'ab'"),
    ("batches and labels", lambda m: m.fit(stream((X, Y)), Y), ValueError, "generator|leave y"),
    ("batches and their size", lambda m: m.fit(stream((X, Y)), batch_size=3), ValueError, "leave batch_size out"),
    ("batches split", lambda m: m.fit(stream((X, Y)), validation_split=0.2), ValueError, "validation_data"),
    ("one batch of the wrong width", lambda m: m.train_on_batch(X[:, :2], Y), ValueError, "length 6|(50, 2)"),
    ("one batch without labels", lambda m: m.test_on_batch(X), ValueError, "no labels"),
    ("predicting text", lambda m: m.predict("x"), TypeError, "x: |'x'"),
    ("predicting one sample", lambda m: m.predict(X[0]), ValueError, "rank 2|(6,)"),
    ("fewer weights", lambda m: m.set_weights(m.get_weights()[:2]), ValueError, "4 weights|2 arrays|kernel (6, 8)"),
    ("weights of another model", lambda m: m.set_weights(net(units=5).get_weights()), ValueError, "(8, 3)|(8, 5)"),
    ("no weights", lambda m: m.set_weights(None), TypeError, "set_weights|get_weights"),
    ("weights in a list too many", lambda m: m.set_weights([m.get_weights()]), ValueError, "set_weights|get_weights"),
)
def test_a_trained_model_is_left_alone(program, error, words):
    model = net()
    model.fit(X, Y, verbose=0)
    before = model.get_weights()
    refused(program, error, words, model)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    model.fit(X, Y, verbose=0)  # it can still be trained


class OneArgument(callbacks.Callback):
    def on_epoch_end(self, epoch):
        """Called with two arguments."""


@table(
    ("integers for a categorical loss", lambda: net(**CATEGORICAL).fit(X, Y), ValueError, "sparse_categorical|(50,)"),
    (
        "rows too wide",
        lambda: net(**CATEGORICAL).fit(X, np.eye(5)[Y]),
        ValueError,
        "(50, 5)|(None, 3)|Give the last layer 5 units",
    ),
    ("three classes for a binary loss", lambda: binary().fit(X, Y), ValueError, "between 0 and 1|0 to 2"),
    ("one number for three outputs", lambda: net(loss="mse").fit(X, Y), ValueError, "(50,)|(None, 3)|1 unit|'softmax'"),
    ("pictures for rows", lambda: net(loss="mse").fit(X, np.ones((50, 2, 2))), ValueError, "(50, 2, 2)|(None, 3)"),
    ("fractions for classes", lambda: net(**CATEGORICAL).fit(X, X[:, 0]), ValueError, "whole numbers|loss='mse'"),
    ("ten classes for three", lambda: net(**CATEGORICAL).fit(X, Y + 7), ValueError, "7 to 9|10 units"),
    (
        "yes or no for three units",
        lambda: net("sigmoid", loss="binary_crossentropy").fit(X, Y % 2),
        ValueError,
        "(50,)|(None, 3)|1 unit|'sigmoid'",
    ),
    (
        "two classes for one unit",
        lambda: net("sigmoid", 1).fit(X, Y % 2),
        ValueError,
        "0 to 1|binary_crossentropy|2 units",
    ),
    ("weights of fractions", lambda: regression().fit(X, X[:, 0], class_weight={0: 2.0}), ValueError, "class_weight"),
    (
        "a metric of rows",
        lambda: net(metrics=["mae"]).fit(X, Y),
        ValueError,
        "(2,)|(2, 3)|the metric 'mae'|first samples|nothing has been trained",
    ),
    (
        "a metric of several values",
        lambda: net(loss="mse", metrics=[metrics.Precision([0.1, 0.2], name="p")]).fit(X, ONE_HOT),
        ValueError,
        "'p'|(2,)|one metric for each|nothing has been trained",
    ),
    ("no loss", lambda: net(loss=None, metrics=[]).fit(X, Y), ValueError, "no loss|compile(loss="),
    ("a loss of None", lambda: net(loss=lambda a, b: None).fit(X, Y), TypeError, "must return a Tensor|NoneType"),
    ("a loss in NumPy", lambda: net(loss=lambda a, b: np.mean(b)).fit(X, Y), TypeError, "Tensor|arraynet.ops"),
    ("a loss of some", lambda: net(loss=lambda a, b: b[:1, 0][[0, 0, 0]]).fit(X, Y), ValueError, "one loss per sample"),
    ("outputs by a wrong name", lambda: net(loss={"foo": "mse"}).fit(X, Y), ValueError, "['foo']|one output"),
    ("too many losses", lambda: net(loss=["mse", "mae"]).fit(X, Y), ValueError, "2 entries|1 outputs"),
    ("shapes of a loss", lambda: losses.MeanSquaredError()(ONE_HOT, X), ValueError, "(50, 3)|(50, 6)"),
    ("shapes of a metric", lambda: metrics.CategoricalAccuracy()(ONE_HOT, X), ValueError, "(50, 3)|(50, 6)"),
    ("classes for precision", lambda: metrics.Precision()(Y, ONE_HOT), ValueError, "(50,)|(50, 3)|sparse_categorical"),
    ("classes for recall", lambda: metrics.Recall()(Y, ONE_HOT), ValueError, "y_true (50,)|y_pred (50, 3)"),
    ("one-hot for sparse", lambda: metrics.SparseCategoricalAccuracy()(ONE_HOT, X), ValueError, "sparse accuracy"),
    ("weights of a metric", lambda: metrics.Mean()([1.0, 2.0], [1.0] * 3), ValueError, "sample_weight|(3,)|(2,)"),
)
def test_losses_and_labels_that_do_not_go_together(program, error, words):
    refused(program, error, words)


def words_beyond(vectors):
    model = models.Sequential([layers.Embedding(vectors, 3), layers.Flatten(), layers.Dense(1)])
    return compiled(model).fit(np.array([[0, 1], [2, 9]]), np.ones((2, 1)), verbose=0)


GUESS = ops.softmax(ops.ones((50, 3)))


@table(
    (
        "integers",
        lambda: losses.sparse_categorical_crossentropy(GUESS, Y),
        ValueError,
        "(50, 3)|(50,)|Labels come first",
    ),
    ("of a class", lambda: losses.SparseCategoricalCrossentropy()(GUESS, Y), ValueError, "Labels come first"),
    ("of another", lambda: losses.CategoricalCrossentropy()(GUESS, Y), ValueError, "(50, 3)|(50,)|Labels come first"),
)
def test_labels_and_predictions_exchanged(program, error, words):
    refused(program, error, words)


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "binary_crossentropy", "categorical_focal_crossentropy"])
def test_labels_and_predictions_of_one_shape_exchanged(loss):
    with pytest.warns(UserWarning, match="y_true is the output of a softmax.*Labels come first"):
        losses.get(loss)(GUESS, ONE_HOT)


def test_a_teachers_answers_are_labels():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        losses.categorical_crossentropy(GUESS, ops.softmax(X[:, :3]))
        losses.categorical_crossentropy(GUESS, X[:, :3], from_logits=True)


class Forgetful(layers.Layer):
    def __init__(self):
        self.units = 3

    def call(self, x):
        return x


class ForgetfulLoss(losses.Loss):
    def __init__(self):
        self.margin = 1.0


class ForgetfulMetric(metrics.Metric):
    def __init__(self):
        self.seen = 0


class ForgetfulOptimizer(optimizers.SGD):
    def __init__(self):
        self.seen = 0


class Empty(layers.Layer):
    def forward(self, x):
        return x


class Silent(layers.Layer):
    def call(self, x):
        ops.relu(x)


class Misshapen(layers.Layer):
    def build(self, input_shape):
        self.w = self.add_weight((input_shape[-1] + 1, 3))

    def call(self, x):
        return ops.matmul(x, self.w)


class Named(layers.Layer):
    def build(self, input_shape):
        self.w = self.add_weight("kernel", (3, 3))


class Late(layers.Layer):
    def call(self, x):
        return x * self.add_weight((1,), name="w")


class Uncalled(models.Model):
    pass


def compiled(model):
    model.compile("sgd", "mse")
    return model


def unbuilt():
    return compiled(models.Sequential([layers.Dense(6)]))


def without_shape():
    class Shapeless(layers.Layer):
        def build(self):
            """Not given the shape."""


@table(
    ("no super().__init__", lambda: Forgetful()(X), TooEarlyError, "Forgetful|super().__init__()"),
    ("nor in a loss", lambda: net(loss=ForgetfulLoss()).fit(X, Y), TooEarlyError, "ForgetfulLoss|super().__init__()"),
    ("nor in a metric", lambda: net(metrics=[ForgetfulMetric()]).fit(X, Y), TooEarlyError, "Metric|super().__init__()"),
    (
        "nor in an optimizer",
        lambda: net(optimizer=ForgetfulOptimizer()).fit(X, Y),
        TooEarlyError,
        "ForgetfulOptimizer|super().__init__()",
    ),
    ("a model without an input", lambda: unbuilt().fit({"x": X}, X), ValueError, "Dense|expects an array|['x']"),
    ("forward for call", lambda: Empty()(X), TypeError, "Empty|call(self, inputs)"),
    ("no return", lambda: Silent()(X), TypeError, "Silent.call returned None|return"),
    ("a kernel of the wrong shape", lambda: Misshapen()(X), ValueError, "matmul|(50, 6)|(7, 3)|Misshapen"),
    ("the name first", lambda: Named()(X), ValueError, "add_weight|shape|'kernel'"),
    ("a weight made in call", lambda: Late()(X), RuntimeError, "Late|in call|build(self, input_shape)"),
    ("build without a shape", without_shape, TypeError, "Shapeless.build|build(self, input_shape)"),
    ("a model without call", lambda: compiled(Uncalled()).fit(X, X), TypeError, "Uncalled|call(self, inputs)"),
    ("a vector to Dense", lambda: layers.Dense(3)(X[0]), ValueError, "Dense|rank 2|(6,)"),
    ("a masked array", lambda: ops.sum(np.ma.array([1.0, 9.0], mask=[False, True])), TypeError, "masked|x.filled(0)"),
    ("text to Dense", lambda: layers.Dense(3)("hello"), TypeError, "Expected numbers|'hello'"),
    ("nothing to Dense", lambda: layers.Dense(3)(None), TypeError, "Dense|expects an array|None"),
    ("two inputs to Dense", lambda: layers.Dense(3)([X, X]), ValueError, "Dense|expects an array|2 of them"),
    ("shapes to add", lambda: layers.Add()([X, X[:, :4]]), ValueError, "add|(50, 6)|(50, 4)"),
    ("one to concatenate", lambda: layers.Concatenate()(X), ValueError, "Concatenate|two inputs"),
    ("a sample that does not fit", lambda: layers.Reshape((4, 4))(X), ValueError, "Reshape|(6,)|(4, 4)"),
    ("an axis of a batch", lambda: layers.BatchNormalization(axis=5)(X), ValueError, "axis 5|(50, 6)"),
    ("words without vectors", lambda: words_beyond(9), ValueError, "Embedding|0 to 8|0 to 9|input_dim=10"),
    ("a scalar to flatten", lambda: layers.Flatten()(2.0), ValueError, "Flatten|rank 1|()"),
)
def test_layers(program, error, words):
    refused(program, error, words)


def taped(used):
    x = Variable([1.0, 2.0], name="x")
    with GradientTape() as tape:
        y = ops.sum(x * x)
    return used(tape, x, y)


def reused(first, second):
    optimizer = optimizers.Adam()
    optimizer.apply_gradients([([1.0], first)])
    optimizer.apply_gradients([([1.0], second)])


def applied(pairs):
    optimizers.SGD(name="sgd").apply_gradients(pairs)


@table(
    ("a tape twice", lambda: taped(lambda t, x, y: (t.gradient(y, x), t.gradient(y, x))), RuntimeError, "persistent"),
    ("a float as target", lambda: taped(lambda t, x, y: t.gradient(float(y), x)), TypeError, "target|float"),
    ("an array as source", lambda: taped(lambda t, x, y: t.gradient(y, x.numpy())), TypeError, "sources|ndarray"),
    ("unconnected", lambda: taped(lambda t, x, y: t.gradient(y, x, None, "zeros")), ValueError, "'none'|'zeros'"),
    ("two targets", lambda: taped(lambda t, x, y: t.jacobian([y, y], x)), ValueError, "jacobian|one target|received 2"),
    ("watching integers", lambda: GradientTape().watch(ops.ones(3, "int32")), TypeError, "floating|int32"),
    ("the gradient of a vector", lambda: arraynet.grad(lambda x: x * 2)(X), TypeError, "scalar|(50, 6)|jacobian"),
    ("the gradient of an int", lambda: arraynet.grad(lambda x: x * 2)(3), TypeError, "floating|int32"),
    ("NumPy inside", lambda: arraynet.grad(lambda x: np.sum(np.sin(x)))(X), TypeError, "returns Tensors|float32"),
    ("an argument too far", lambda: arraynet.grad(ops.sum, argnums=3)(1.0), ValueError, "argnums=3"),
    ("another model's optimizer", lambda: reused(Variable([1.0]), Variable([2.0])), ValueError, "new optimizer"),
    ("gradients without variables", lambda: applied([1, 2]), ValueError, "sgd|zip(gradients, variables)"),
    ("pairs turned round", lambda: applied([(Variable([1.0]), ops.ones(1))]), TypeError, "sgd|(gradient, variable)"),
    ("a gradient too long", lambda: applied([(np.ones(3), Variable([1.0], name="w"))]), ValueError, "w|(3,)|(1,)"),
    ("integers to update", lambda: applied([([1.0], Variable([1], name="n"))]), TypeError, "floating|n"),
    ("no auxiliary output", lambda: arraynet.grad(ops.sum, has_aux=True)(X), TypeError, "has_aux|pair|Tensor"),
    ("a gradient that is missing", lambda: ops.custom_gradient(ops.sum)(X), TypeError, "custom_gradient|pair"),
    ("no gradients", lambda: applied([(None, Variable([1.0], name="w"))]), ValueError, "No gradients|w"),
)
def test_gradients(program, error, words):
    refused(program, error, words)


@pytest.mark.parametrize("misuse", [ops.add, lambda a, b: layers.Add()([a, b]), lambda a, b: Variable(a).assign(b)])
def test_tensors_of_two_backends_do_not_meet(misuse):
    with arraynet.use_backend("strict"):
        far = ops.ones((3,))
    refused(misuse, ValueError, "'numpy'|'strict'|.to(", ops.ones((3,)), far)


def test_arrays_of_another_library_do_not_enter_unasked():
    with arraynet.use_backend("strict"):
        foreign = ops.ones((50, 6)).array
    refused(lambda: ops.exp(foreign), TypeError, "array_api_strict|np.asarray(x)")
    refused(lambda: net().fit(foreign, Y, verbose=0), TypeError, "x: |array_api_strict|np.asarray(x)")


@pytest.mark.parametrize("kind", ["metrics", "weighted_metrics"])
def test_metrics_are_tried_before_the_first_step(kind):
    model = net(**{kind: ["categorical_accuracy"]})
    before = model.get_weights()
    refused(lambda: model.fit(X, Y, verbose=0), ValueError, "sparse_categorical|'categorical_accuracy'")
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.optimizer.iterations == 0


def test_later_batches_are_looked_at_too():
    model = net()
    refused(lambda: model.fit(stream((X, Y), (X, Y + 9)), verbose=0), ValueError, "9 to 11|dense")
    refused(lambda: model.train_on_batch(X, Y - 1), ValueError, "-1 to 1")


def test_labels_that_did_not_fit_do_not_settle_the_metrics():
    model = net()
    refused(lambda: model.fit(X, ONE_HOT, verbose=0), ValueError, "categorical_crossentropy")
    model.fit(X, Y, verbose=0)
    right = model.predict(X, verbose=0).argmax(-1) == Y
    assert model.evaluate(X, Y, verbose=0)[1] == pytest.approx(right.mean())
