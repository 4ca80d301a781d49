"""Metrics against counts by hand, over batches, with weights; state, names and look-up."""

import copy
import pickle

import numpy as np
import pytest

import arraynet
from arraynet import layers, losses, metrics, ops

SCORES = np.array([[0.1, 0.7, 0.2], [0.4, 0.4, 0.2], [0.2, 0.3, 0.5]], np.float32)
LABELS = np.array([1, 1, 2])
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]
RANKS = np.array([[0, 1, 1], [1, 0, 0], [0, 0, 1]])
RANKED = np.array([[0.5, 0.3, 0.4], [0.2, 0.2, 0.6], [0.95, 0.1, 0.3]], np.float32)


def test_mean_and_sum_weigh_their_values(backend):
    mean, total = metrics.Mean(), metrics.Sum()
    assert mean.result().item() == 0
    mean.update_state([1.0, 3.0])
    mean.update_state([8.0], sample_weight=[2.0])
    total.update_state([1.0, 3.0], sample_weight=[0.5, 2.0])
    assert mean.result().item() == 5
    assert total.result().item() == 6.5
    mean.reset_state()
    assert mean(4.0).item() == 4


@pytest.mark.parametrize(
    ("metric", "labels", "predictions", "expected"),
    [
        (metrics.Accuracy, [1, 2, 3, 4], [0, 2, 3, 4], 0.75),
        (metrics.BinaryAccuracy, [[1], [1], [0], [0]], [[0.98], [0.5], [0.2], [0.6]], 0.5),
        (metrics.CategoricalAccuracy, ONE_HOT, SCORES, 2 / 3),
        (metrics.SparseCategoricalAccuracy, LABELS, SCORES, 2 / 3),
        (metrics.SparseCategoricalAccuracy, LABELS[:, None], SCORES, 2 / 3),
        (lambda: metrics.TopKCategoricalAccuracy(k=1), ONE_HOT, SCORES, 1.0),
        (lambda: metrics.SparseTopKCategoricalAccuracy(k=2), [0, 2, 1], SCORES, 1 / 3),
        (lambda: metrics.TopKCategoricalAccuracy(k=2), np.eye(3)[[0, 2, 1]], SCORES, 1 / 3),
        (metrics.SparseCategoricalAccuracy, [[1, 0]], SCORES[None, :2], 1.0),
        (metrics.CategoricalAccuracy, np.eye(3)[[[1, 0]]], SCORES[None, :2], 1.0),
        (lambda: metrics.TopKCategoricalAccuracy(k=1), np.eye(3)[[[1, 2]]], SCORES[None, :2], 0.5),
        (lambda: metrics.CosineSimilarity(axis=0), [[1.0, 2.0], [0.0, 0.0]], [[1.0, 1.0]] * 2, np.sqrt(0.5)),
        (lambda: metrics.SparseCategoricalCrossentropy(from_logits=True), [0], [[2.0, 0.0]], np.log1p(np.exp(-2))),
        (
            lambda: metrics.SparseCategoricalCrossentropy(axis=1),
            [[2, 0]],
            [[[0.2, 0.5], [0.3, 0.25], [0.5, 0.25]]],
            np.log(2),
        ),
        (metrics.Recall, [1, 1], [0.6, 0.4], 0.5),
        (metrics.RootMeanSquaredError, [[0.0], [0.0]], [[3.0], [1.0]], np.sqrt(5)),
        (metrics.CosineSimilarity, [[0.0, 1.0]], [[1.0, 1.0]], np.sqrt(0.5)),
        (metrics.Precision, [0, 1, 1, 1], [1.0, 0.0, 1.0, 1.0], 2 / 3),
        (metrics.Recall, [0, 1, 1, 1], [1.0, 0.0, 1.0, 1.0], 2 / 3),
        (lambda: metrics.Precision(thresholds=0.3, class_id=0), ONE_HOT, SCORES, 0.0),
        (lambda: metrics.Recall(class_id=2), ONE_HOT, SCORES, 0.0),
        (lambda: metrics.Recall(thresholds=0.45, class_id=2), ONE_HOT, SCORES, 1.0),
        (
            lambda: metrics.SparseTopKCategoricalAccuracy(2, from_sorted_ids=True),
            [[7], [1]],
            [[9, 7, 4], [2, 3, 1]],
            1 / 2,
        ),
        (lambda: metrics.Precision(top_k=2), RANKS, RANKED, 1 / 2),
        (lambda: metrics.Recall(top_k=2), RANKS, RANKED, 3 / 4),
        (lambda: metrics.Recall(top_k=2, class_id=2), RANKS, RANKED, 1.0),
        (lambda: metrics.Precision(thresholds=[0.2, 0.35], top_k=2), RANKS, RANKED, [2 / 5, 1 / 4]),
        (lambda: metrics.Recall(thresholds=(0.2, 0.35)), RANKS, RANKED, [3 / 4, 1 / 4]),
        (lambda: metrics.Recall(thresholds=np.array([0.2, 0.35])), RANKS, RANKED, [3 / 4, 1 / 4]),
        (lambda: metrics.Recall(thresholds=np.array(0.35)), RANKS, RANKED, 1 / 4),
        (lambda: metrics.Recall(thresholds=[0.35]), RANKS, RANKED, 1 / 4),
        (
            lambda: metrics.SparseCategoricalCrossentropy(ignore_class=-1),
            [0, -1, 1],
            [[0.5, 0.5], [0.1, 0.9], [0.25, 0.75]],
            0.32694307,
        ),
    ],
)
def test_metrics_count_right(backend, metric, labels, predictions, expected):
    np.testing.assert_allclose(metric()(labels, predictions).numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "name", [n for n in metrics.errors.__all__ if n not in ("RootMeanSquaredError", "CosineSimilarity")]
)
def test_error_metrics_are_running_means_of_their_losses(backend, name):
    metric = getattr(metrics, name)()
    labels = LABELS if name.startswith("Sparse") else ONE_HOT
    metric.update_state(labels[:1], SCORES[:1])
    metric.update_state(labels[1:], SCORES[1:])
    loss = getattr(losses, "LogCosh" if name == "LogCoshError" else name)()(labels, SCORES).item()
    np.testing.assert_allclose(metric.result().item(), loss, rtol=1e-5)
    assert metric.direction == "down"


def test_metrics_weigh_samples(backend):
    accuracy = metrics.SparseCategoricalAccuracy()
    accuracy.update_state(LABELS, SCORES, sample_weight=[1.0, 2.0, 1.0])
    assert accuracy.result().item() == 0.5
    precision = metrics.Precision()
    precision.update_state([1, 0], [0.9, 0.9], sample_weight=[3.0, 1.0])
    assert precision.result().item() == 0.75


def test_state_has_the_dtype_that_was_asked_for():
    assert metrics.Mean().variables[0].dtype == "float32"
    assert metrics.Mean(dtype="float64").variables[0].dtype == "float64"


def test_state_is_untrainable_variables_that_move(backend):
    metric = metrics.Mean()
    metric.update_state([2.0])
    assert [v.trainable for v in metric.variables] == [False, False]
    metric.move("numpy")
    assert metric.result().backend.name == "numpy"
    assert metric.result().item() == 2


class Squares(metrics.Metric):
    """State set as attributes, as the docstring of `Metric` says, and a weight that is none of its own."""

    def __init__(self, weight=None, **options):
        super().__init__(**options)
        self.total, self.inner, self.weight = arraynet.Variable(0.0), {"mean": [metrics.Mean()]}, weight

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(ops.sum(ops.square(y_pred)))
        self.inner["mean"][0].update_state(y_pred)

    def result(self):
        return self.total.read()


def test_each_sample_counts_once_however_many_values_it_has(backend):
    mean = metrics.Mean()
    for values, weight, expected in [
        ([[1.0, 3.0], [5.0, 7.0]], None, 4.0),
        ([10.0], None, 6.0),
        ([[1.0, 3.0], [5.0, 10.0]], [[1.0, 1.0], [0.0, 2.0]], 6.0),
        ([2.0, 4.0], 3.0, 4.875),
    ]:
        assert mean(values, sample_weight=weight).item() == expected


def test_root_mean_squared_error_weighs_labels_of_one_axis(backend):
    error = metrics.RootMeanSquaredError()
    error.update_state([0.0, 0.0], [1.0, 7.0], sample_weight=[1.0, 0.0])
    error.update_state([0.0, 0.0, 0.0], [1.0, 1.0, 1.0])
    assert error.result().item() == 1


def test_variables_and_metrics_set_as_attributes_are_state(backend):
    metric = Squares()
    for made in (metric, copy.deepcopy(metric), pickle.loads(pickle.dumps(metric))):
        assert [v.name for v in made.variables[1:]] == ["total", "count"]
        assert made([0.0], [1.0, 3.0]).item() == 10
        made.move("numpy")
        assert {v.backend.name for v in made.variables} == {"numpy"}
        made.reset_state()
        assert [float(v) for v in made.variables] == [0, 0, 0]


def test_state_that_was_set_as_an_attribute_begins_anew_with_each_epoch():
    model = arraynet.Sequential([layers.Dense(1, kernel_initializer="ones", use_bias=False)])
    model.compile(arraynet.optimizers.SGD(0.0), "mse", metrics=[Squares(name="squares")])
    history = model.fit(np.ones((4, 2)), np.zeros((4, 1)), batch_size=2, epochs=3, verbose=0).history
    assert history["squares"] == [16, 16, 16]


def test_the_weights_of_a_layer_are_no_state_of_a_metric_that_holds_them():
    layer = layers.Dense(2)
    layer.build((None, 3))
    before, metric = layer.kernel.numpy(), Squares(layer.kernel)
    metric.reset_state()
    assert all(v is not layer.kernel for v in metric.variables)
    np.testing.assert_array_equal(layer.kernel.numpy(), before)


def test_state_begins_as_its_initializer_says(backend):
    metric = metrics.Metric()
    first = metric.add_variable(shape=(2,), initializer="ones", name="first")
    second = metric.add_weight(name="second", dtype="int32")
    assert (first.numpy().tolist(), second.dtype, second.trainable) == ([1, 1], "int32", False)
    assert metric.variables == [first, second]


def test_updates_leave_no_trace_on_a_tape(backend):
    x = arraynet.Variable([1.0, 3.0])
    metric = metrics.Mean()
    with arraynet.GradientTape() as tape:
        y = x * 2
        metric.update_state(y)
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), [2, 2])


def test_names():
    assert metrics.Mean().name == "mean"
    assert metrics.get("mse") is losses.mean_squared_error
    assert isinstance(metrics.get("MeanSquaredError"), metrics.MeanSquaredError)
    assert isinstance(metrics.get("precision"), metrics.Precision)
    assert isinstance(metrics.get("cosine_similarity"), metrics.CosineSimilarity)  # the loss is its negative
    assert isinstance(metrics.get("root_mean_squared_error"), metrics.RootMeanSquaredError)
    assert metrics.MeanMetricWrapper(losses.huber).name == "huber"
    assert repr(metrics.Precision(name="p")) == "<Precision name=p>"
    with pytest.raises(ValueError, match="Could not interpret metric identifier: 'crossentropy'"):
        metrics.get("crossentropy")


def test_configurations_round_trip():
    for metric in (metrics.BinaryAccuracy(threshold=0.7), metrics.Precision([0.1, 0.2], top_k=2), metrics.Mean("m")):
        again = metrics.deserialize(metrics.serialize(metric))
        assert type(again) is type(metric)
        assert again.get_config() == metric.get_config()


def test_bad_thresholds_are_refused():
    for wrong in ([0.1, 1.2], 1.2, -0.1, "0.5"):
        with pytest.raises(ValueError, match="thresholds must be a number from 0 to 1"):
            metrics.Precision(thresholds=wrong)
    with pytest.raises(ValueError, match="top_k must be a positive int, received 0"):
        metrics.Recall(top_k=0)
    with pytest.raises(ValueError, match="from 0 to 1"):
        metrics.BinaryAccuracy(threshold=2.0)
    with pytest.raises(TypeError, match="must define update_state"):
        metrics.Metric()(1)


def test_metrics_may_hold_each_other():
    a, b = metrics.Mean("a"), metrics.Mean("b")
    a.other, b.other = b, a
    a.update_state([3.0])
    b.update_state([4.0])
    assert len(a.variables) == 4
    b.reset_state()
    assert float(a.result()) == float(b.result()) == 0.0
    assert not hasattr(metrics.Mean("c"), "absent")


def test_what_precision_and_recall_count_has_the_names_of_keras():
    precision, recall = metrics.Precision(), metrics.Recall()
    for metric in (precision, recall):
        metric.update_state([1, 1, 1, 0], [0.9, 0.2, 0.1, 0.8])
    assert (precision.true_positives.item(), precision.false_positives.item()) == (1, 1)
    assert (recall.true_positives.item(), recall.false_negatives.item()) == (1, 2)
    assert [v.name for v in recall.variables] == ["true_positives", "false_negatives"]
    with pytest.raises(ValueError, match=r"recall: class_id needs an axis of classes, received the shape \(4,\)"):
        metrics.Recall(class_id=1, name="recall")([1, 1, 1, 0], [0.9, 0.2, 0.1, 0.8])
