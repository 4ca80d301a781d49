"""Training against loops written by hand: what is learnt and what is reported."""

import copy
import itertools

import numpy as np
import pytest
from support.classifier import X, Y, net

import arraynet
from arraynet import callbacks, layers, metrics, optimizers
from arraynet.models import Model, Sequential, loop


def by_hand(x, y, weights, batch_size, rate=0.01):
    """SGD on the same net in NumPy: new weights, the losses of the batches, the hits."""
    w1, b1, w2, b2 = (w.astype(np.float64) for w in weights)
    seen, hits = [], 0
    for k in range(0, len(x), batch_size):
        xb, yb = x[k : k + batch_size], np.eye(3)[y[k : k + batch_size]]
        h = np.maximum(xb @ w1 + b1, 0)
        e = np.exp(h @ w2 + b2)
        p = e / e.sum(1, keepdims=True)
        seen.append((len(xb), -np.mean(np.sum(yb * np.log(p), 1))))
        hits += np.sum(p.argmax(1) == yb.argmax(1))
        d2 = (p - yb) / len(xb)
        d1 = (d2 @ w2.T) * (h > 0)
        w2, b2 = w2 - rate * h.T @ d2, b2 - rate * d2.sum(0)
        w1, b1 = w1 - rate * xb.T @ d1, b1 - rate * d1.sum(0)
    return (w1, b1, w2, b2), seen, hits


@pytest.mark.parametrize("eagerly", [False, True])
def test_an_epoch_is_the_loop_written_by_hand(backend, eagerly):
    model = net(run_eagerly=eagerly)
    expected, seen, hits = by_hand(X, Y, model.get_weights(), 16)
    history = model.fit(X, Y, batch_size=16, shuffle=False, verbose=0)
    for weight, wanted in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(weight, wanted, rtol=1e-4, atol=1e-6)
    mean = sum(n * value for n, value in seen) / len(X)  # a partial batch weighs less
    np.testing.assert_allclose(history.history["loss"], [mean], rtol=1e-5)
    np.testing.assert_allclose(history.history["accuracy"], [hits / len(X)], rtol=1e-6)


def test_evaluate_and_predict_agree_with_numpy(backend):
    model = net()
    w1, b1, w2, b2 = model.get_weights()
    e = np.exp(np.maximum(X @ w1 + b1, 0) @ w2 + b2)
    p = e / e.sum(1, keepdims=True)
    predicted = model.predict(X, batch_size=16, verbose=0)
    np.testing.assert_allclose(predicted, p, rtol=1e-5)
    assert type(predicted) is np.ndarray
    assert predicted.flags.writeable
    loss, accuracy = model.evaluate(X, Y, batch_size=16, verbose=0)
    np.testing.assert_allclose(loss, -np.mean(np.log(p[np.arange(50), Y])), rtol=1e-5)
    np.testing.assert_allclose(accuracy, np.mean(p.argmax(1) == Y), rtol=1e-6)
    assert model.evaluate(X, Y, verbose=0, return_dict=True) == pytest.approx({"loss": loss, "accuracy": accuracy})
    assert isinstance(net(metrics=None).evaluate(X, Y, verbose=0), float)


def test_only_training_drops_anything(backend):
    model, ones = Sequential([layers.Dropout(0.5)]), np.ones((50, 6), np.float32)
    model.compile("sgd", "mse")
    assert model.evaluate(ones, ones, verbose=0) == model.test_on_batch(ones, ones) == 0
    np.testing.assert_array_equal(model.predict(ones, verbose=0), ones)


def test_evaluating_and_predicting_change_no_weight(backend):
    model = Sequential([layers.BatchNormalization()])
    model.build((None, 6))
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.evaluate(X, X, verbose=0)
    model.predict(X, verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_training_learns(backend):
    model = net(optimizer=optimizers.Adam(0.02))
    labels = (X[:, 0] > X[:, 1]).astype(int)
    history = model.fit(X, labels, epochs=12, verbose=0).history
    assert history["loss"][-1] < 0.6 * history["loss"][0]
    assert history["accuracy"][-1] > 0.75


def test_history_has_sorted_floats(backend):
    model = net()
    history = model.fit(X, Y, epochs=2, validation_split=0.2, verbose=0)
    assert list(history.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert history.epoch == [0, 1]
    assert all(type(v) is float for values in history.history.values() for v in values)
    assert model.history is history
    assert model.fit(X, Y, verbose=0) is not history
    assert history.epoch == [0, 1]


def test_two_fits_of_one_epoch_equal_one_fit_of_two():
    one, other = net(), net()
    other.set_weights(one.get_weights())
    one.fit(X, Y, epochs=2, verbose=0)
    other.fit(X, Y, verbose=0)
    other.fit(X, Y, verbose=0)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_epochs_take_the_samples_in_different_orders():
    orders = []

    class Order(Model):
        def train_step(self, data):
            orders.append(data[0].numpy()[:, 0].tolist())
            return {}

    model = Order()
    model.compile()
    x = np.arange(8, dtype=np.float32)[:, None]
    model.fit(x, epochs=3, verbose=0)
    assert [sorted(order) for order in orders] == [list(range(8))] * 3
    assert len({tuple(order) for order in orders}) == 3


def test_epochs_that_end_before_they_begin_are_warned_of():
    model = net()
    model.fit(X, Y, epochs=2, verbose=0)
    with pytest.warns(UserWarning, match="Nothing is trained: training ends before epoch 2, .* begins with 2"):
        assert model.fit(X, Y, epochs=2, initial_epoch=2, verbose=0).epoch == []


def test_captured_training_equals_eager_training(backend):
    captured, eager = net(optimizer="rmsprop"), net(optimizer="rmsprop", run_eagerly=True)
    eager.set_weights(captured.get_weights())
    for model in (captured, eager):
        model.fit(X, Y, batch_size=16, epochs=2, verbose=0)
    assert captured._steps["captured train"].reason == ""
    assert captured._steps["captured train"].captures == 2  # the last batch is smaller
    for a, b in zip(captured.get_weights(), eager.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_a_second_fit_captures_nothing_anew():
    model = net()
    for _ in range(3):
        model.fit(X, Y, batch_size=25, verbose=0)
    assert model._steps["captured train"].captures == 1


def test_weights_taken_before_stay_as_they_were(backend):
    model = net()
    before = model.get_weights()
    copies = [w.copy() for w in before]
    model.fit(X, Y, verbose=0)
    for a, b in zip(before, copies, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_users_arrays_are_not_changed(backend):
    x, y = X.astype(np.float64), Y.copy()
    x.flags.writeable = y.flags.writeable = False
    net().fit(x, y, verbose=0)
    np.testing.assert_array_equal(x, X)


def test_sample_and_class_weights_agree(backend):
    one, other = net(weighted_metrics=["accuracy"]), net(weighted_metrics=["accuracy"])
    other.set_weights(one.get_weights())
    weights = np.where(Y == 1, 5.0, 1.0)
    a = one.fit(X, Y, sample_weight=weights, verbose=0).history
    b = other.fit(X, Y, class_weight={1: 5.0}, verbose=0).history
    assert a == b
    assert list(a) == ["accuracy", "loss", "weighted_accuracy"]
    assert a["accuracy"] != a["weighted_accuracy"]


def test_one_batch_at_a_time(backend):
    model = net()
    w = model.get_weights()
    expected, seen, hits = by_hand(X[:10], Y[:10], w, 10)
    tested = model.test_on_batch(X[:10], Y[:10])
    loss, accuracy = model.train_on_batch(X[:10], Y[:10])
    np.testing.assert_allclose([loss, accuracy], [seen[0][1], hits / 10], rtol=1e-5)
    np.testing.assert_allclose(tested, [loss, accuracy], rtol=1e-6)
    np.testing.assert_allclose(model.get_weights()[0], expected[0], rtol=1e-4, atol=1e-6)
    weight = np.where(Y == 1, 5.0, 1.0)
    weighed = model.evaluate(X, Y, batch_size=50, sample_weight=weight, verbose=0, return_dict=True)
    assert model.test_on_batch(X, Y, weight, return_dict=True) == pytest.approx(weighed)
    assert model.train_on_batch(X, Y, class_weight={1: 5.0}, return_dict=True) == pytest.approx(weighed)
    np.testing.assert_allclose(model.predict_on_batch(X[:3]), model.predict(X[:3], verbose=0))


def test_generators_and_loaders_train_like_arrays(backend):
    one, other = net(), net()
    other.set_weights(one.get_weights())
    one.fit(X, Y, batch_size=25, shuffle=False, verbose=0)
    other.fit(((X[k : k + 25], Y[k : k + 25]) for k in (0, 25)), verbose=0)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert other.predict(iter([X[:4], X[4:6]]), verbose=0).shape == (6, 3)
    with pytest.warns(UserWarning, match="ran out") as caught:
        history = other.fit(((X[:5], Y[:5]) for _ in range(3)), steps_per_epoch=2, epochs=4, verbose=0)
    assert history.epoch == [0, 1]
    assert "epoch 2 of 4" in str(caught[-1].message)


def test_epochs_of_few_steps_see_all_rows_also_after_a_restart(tmp_path):
    class Stop(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyError("stopped")

    options = {"batch_size": 10, "steps_per_epoch": 2, "shuffle": False, "epochs": 3, "verbose": 0}
    whole, split, resumed, later = net(), net(), net(), net()
    split.set_weights(whole.get_weights())
    later.set_weights(whole.get_weights())
    before = net()
    before.set_weights(whole.get_weights())
    before.fit(X, Y, batch_size=10, shuffle=False, verbose=0)
    before.fit(X[:10], Y[:10], batch_size=10, shuffle=False, verbose=0)
    whole.fit(X, Y, **options)
    with pytest.raises(KeyError, match="stopped"):
        split.fit(X, Y, callbacks=[callbacks.BackupAndRestore(tmp_path), Stop()], **options)
    resumed.fit(X, Y, callbacks=[callbacks.BackupAndRestore(tmp_path)], **options)
    later.fit(X, Y, initial_epoch=1, **options | {"epochs": 4})  # begins with the first rows, as any fit
    for model in (resumed, before, later):
        for a, b in zip(whole.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_an_evaluation_has_weights_steps_and_callbacks(backend):
    seen, weight = [], np.arange(50.0)
    watch = callbacks.LambdaCallback(on_test_batch_end=lambda batch, logs: seen.append(batch))
    model = net(metrics=None)
    full = model.evaluate(X, Y, batch_size=50, sample_weight=weight, verbose=0)
    assert full == pytest.approx(model.evaluate(X, Y, sample_weight=weight, verbose=0), rel=1e-5)
    assert full != pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-3)
    part = model.evaluate(X, Y, batch_size=10, steps=2, sample_weight=weight, callbacks=[watch], verbose=0)
    assert part == pytest.approx(model.evaluate(X[:20], Y[:20], sample_weight=weight[:20], verbose=0), rel=1e-5)
    assert seen == [0, 1]


def test_logs_are_shown_as_a_dict():
    logs = loop.RunningLogs([metrics.Mean(), metrics.Sum()])
    assert repr(logs) == "{'mean': 0.0, 'sum': 0.0}"


def test_logs_compute_a_value_once_when_they_are_read():
    class Counted(metrics.Mean):
        computed = 0

        def result(self):
            self.computed += 1
            return super().result()

    logs = loop.RunningLogs([metric := Counted("read")])
    for read in range(1, 4):
        assert dict(logs) == {"read": 0.0}
        assert metric.computed == read + 1  # and once to see that it is one number


def test_hooks_see_logs_that_are_fetched_when_read(backend):
    seen = []

    class Watch(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append((batch, dict(logs)))
            assert len(logs) == len(dict(logs)) == 2

    history = net().fit(X, Y, batch_size=20, callbacks=[Watch()], verbose=0).history
    assert [batch for batch, _ in seen] == [0, 1, 2]
    assert seen[-1][1] == {name: values[-1] for name, values in history.items()}
    seen.clear()
    net(steps_per_execution=3).fit(X, Y, batch_size=10, callbacks=[Watch()], verbose=0)
    assert [batch for batch, _ in seen] == [2, 4]
    begun = []
    watch = callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: begun.append(batch))
    net(steps_per_execution=2).fit(X, Y, batch_size=10, callbacks=watch, verbose=0)
    assert begun == [0, 2, 4]


def test_stop_training_is_honoured_after_a_batch():
    seen = []

    def stop(batch, logs):
        seen.append(batch)
        model.stop_training = True

    model = net()
    model.fit(X, Y, batch_size=10, epochs=3, callbacks=callbacks.LambdaCallback(on_train_batch_end=stop), verbose=0)
    assert seen == [0]
    assert model.history.epoch == [0]
    assert model.fit(X, Y, epochs=2, verbose=0).epoch == [0, 1]


@pytest.mark.parametrize(
    ("method", "hook", "stopped"),
    [("evaluate", "on_test_batch_end", "stop_evaluating"), ("predict", "on_predict_batch_end", "stop_predicting")],
)
def test_evaluating_and_predicting_can_be_stopped_too(method, hook, stopped):
    seen = []

    def stop(batch, logs):
        seen.append(batch)
        if batch == 1:
            setattr(model, stopped, True)

    model = net()
    told = callbacks.LambdaCallback(**{hook: stop})
    numbers = itertools.count()
    endless = ((X[:10], Y[:10]) for _ in numbers)
    for _ in range(2):  # the first stop is no stop of the second call
        getattr(model, method)(endless, callbacks=told, verbose=0)
    assert seen == [0, 1, 0, 1]
    assert next(numbers) == 4


def test_moving_a_model_moves_metrics_and_optimizer():
    model = net(optimizer="adam")
    model.fit(X, Y, verbose=0)
    model.to("strict")
    assert {v.backend.name for v in model.optimizer.variables} == {"strict"}
    assert {v.backend.name for m in model.metrics for v in m.variables} == {"strict"}
    model.fit(X, Y, verbose=0)
    assert model.predict(X, verbose=0).shape == (50, 3)


def test_a_model_compiled_elsewhere_trains_where_its_weights_are():
    with arraynet.use_backend("strict"):
        model = net()
        x = arraynet.ops.convert_to_tensor(X)
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.test_step((x, Y))
    model.fit(x, Y, verbose=0)
    model.evaluate(x, Y, verbose=0)
    model.train_on_batch(x, Y)
    np.testing.assert_allclose(model.predict_on_batch(x), model.predict(x, verbose=0))
    assert {w.backend.name for w in model.weights} == {"strict"}


def test_the_moving_average_of_the_weights_is_taken_in_the_end():
    plain, averaged = net(), net(optimizer=optimizers.SGD(0.5, use_ema=True, ema_momentum=0.9))
    averaged.set_weights(plain.get_weights())
    start = averaged.get_weights()
    ended = []
    told = callbacks.LambdaCallback(on_train_end=lambda logs: ended.append(averaged.get_weights()[0]))
    averaged.fit(X, Y, epochs=3, batch_size=50, callbacks=told, verbose=0)
    state = next(v for v in averaged.optimizer.variables if v.name.endswith("average")).numpy()
    np.testing.assert_array_equal(averaged.get_weights()[0], state)
    np.testing.assert_array_equal(ended, [state])
    assert np.abs(state - start[0]).max() > 0


def test_a_copy_trains_itself():
    model = net()
    model.fit(X, Y, verbose=0)
    before = model.get_weights()
    other = copy.deepcopy(model)
    other.fit(X, Y, verbose=0)
    for a, b, c in zip(before, model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
        assert (a != c).any()


@pytest.mark.parametrize("eagerly", [True, False])
def test_what_compute_metrics_returns_may_be_reported(eagerly):
    class Own(Sequential):
        def train_step(self, data):
            x, y = data
            with arraynet.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(x, y, y_pred)
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            return self.compute_metrics(x, y, y_pred)

    histories = []
    for kind in (Own, Sequential):
        arraynet.utils.set_random_seed(0)
        model = kind([layers.Dense(3, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=eagerly)
        histories.append(model.fit(X, Y, epochs=2, verbose=0).history)
    assert histories[0]["accuracy"] == histories[1]["accuracy"]
    assert list(histories[0]) == ["accuracy"]  # nobody told the step's loss


@pytest.mark.parametrize("loss", ["mse", ["mse"]])
def test_a_loop_of_ones_own_computes_the_loss_before_any_fit(loss, backend):
    model = arraynet.Sequential([layers.Dense(1, kernel_initializer="ones")])
    model.compile(optimizer="sgd", loss=loss)
    x, y = np.ones((4, 2), "float32"), np.zeros((4, 1), "float32")
    for sample_weight, expected in ((None, 4.0), (np.full(4, 0.5, "float32"), 2.0)):
        assert float(model.compute_loss(x, y, model(x), sample_weight)) == expected
    model.fit(x, y, verbose=0)
