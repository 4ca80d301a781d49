"""Batches of arrays and iterables: order, dtypes, borrowing, splitting, class weights."""

import numpy as np
import pytest

import arraynet
from arraynet.models.batches import ArrayData, IterableData
from arraynet.models.data import class_weights, data_of, split_off
from arraynet.random.streams import host_permutation
from arraynet.rows import Rows

X = np.arange(22, dtype=np.float32).reshape(11, 2)
Y = np.arange(11)
KEY = (1, 2)


def labels(data, key=None):
    return [y.tolist() for _, y, _ in data.epoch(key)]


def test_batches_in_order_with_a_partial_last_one():
    data = data_of(X, Y, batch_size=4)
    assert data.steps == 3
    assert labels(data) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]
    assert data_of(X, Y).batch_size == 32
    assert data_of(X, Y, steps=2).batch_size == 6


def test_shuffling_takes_every_sample_once_and_rows_stay_together():
    data = data_of(X, Y, batch_size=4, shuffle=True)
    order = np.concatenate(labels(data, KEY)).tolist()
    assert sorted(order) == Y.tolist()
    assert set(order[:4]) != set(Y[:4].tolist())  # across batches
    assert order == np.concatenate(labels(data, KEY)).tolist()
    assert order != np.concatenate(labels(data, (1, 3))).tolist()
    some = data_of(X, Y, batch_size=3, steps=2, shuffle=True)
    some.number = 1
    assert np.concatenate(labels(some, KEY)).tolist() == order[:6]  # the first ones, in whichever epoch
    for x, y, _ in data.epoch(KEY):
        np.testing.assert_array_equal(x, X[y])


def test_shuffling_by_batch_stays_within_batches():
    batches = labels(data_of(X, Y, batch_size=4, shuffle="batch"), KEY)
    assert [sorted(b) for b in batches] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]
    assert batches != [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]
    many, order = np.arange(200), host_permutation(KEY, 200)
    found = labels(data_of(many, many, batch_size=100, shuffle="batch"), KEY)
    assert found == [order[order < 100].tolist(), order[order >= 100].tolist()]  # the stream's order, on any processor


def test_wide_floats_are_narrowed_by_the_batch_and_integers_stay():
    wide, pixels = X.astype(np.float64), X.astype(np.uint8)
    for data in (data_of(wide, Y, np.ones(11), batch_size=4), data_of(iter([(wide, Y, np.ones(11))]))):
        for x, y, weight in data.epoch():
            assert (x.dtype, y.dtype, weight.dtype) == (np.float32, Y.dtype, np.float32)
    assert next(data_of(pixels, Y).epoch())[0].dtype == np.uint8
    assert next(data_of(wide, Y, floats="float64").epoch())[0].dtype == np.float64
    assert next(data_of(X.astype(np.float16), Y).epoch())[0].dtype == np.float16
    assert next(data_of(X.astype(">f4"), Y).epoch())[0].dtype.isnative
    assert [part.dtype for part in next(data_of(wide, wide).epoch())[:2]] == [np.float32] * 2


def test_rows_are_left_where_they_are_for_a_step_that_takes_them():
    class Step:
        takes_rows = True

    for x, y, kind in [(X, Y.astype(float), Rows), (X.astype(float), Y, np.ndarray)]:
        data = data_of(x, y, batch_size=4, shuffle=True)
        data.step = Step
        rows, label, _ = next(data.epoch(KEY))
        assert type(rows) is kind
        assert rows.dtype == np.float32
        assert label.dtype == (np.float32 if kind is Rows else Y.dtype)


def test_arrays_are_borrowed_and_not_written_to():
    x = X.copy()
    x.flags.writeable = False
    data = data_of(x, Y, shuffle=True)
    list(data.epoch(KEY))
    assert data.arrays[0] is x or data.arrays[0].base is x
    np.testing.assert_array_equal(x, X)


def test_several_inputs_are_gathered_alike():
    data = data_of({"a": X, "b": [X * 2]}, Y, batch_size=4, shuffle=True)
    for x, y, weight in data.epoch(KEY):
        np.testing.assert_array_equal(x["a"], X[y])
        np.testing.assert_array_equal(x["b"][0], 2 * X[y])
        assert weight is None
    assert list(next(data_of({"a": X}, Y).epoch())[0]) == ["a"]


def test_nested_lists_of_numbers_are_one_array():
    x, y, _ = next(data_of([[1, 2], [3, 4]], [0, 1]).epoch())
    assert x.shape == (2, 2)
    assert y.tolist() == [0, 1]


def test_tensors_are_data_too(backend):
    x, _, _ = next(data_of(arraynet.ops.convert_to_tensor(X), Y).epoch())
    np.testing.assert_array_equal(x, X)


def test_tensors_of_another_backend_are_refused():
    x = arraynet.ops.convert_to_tensor(X).to("strict")
    with pytest.raises(ValueError, match=r"'strict'.*x\.to\(\"numpy\"\)"):
        data_of(x, Y)


def test_arrays_of_different_length_are_refused_with_their_lengths():
    with pytest.raises(ValueError, match=r"received x: 11, y: 10\.$"):
        data_of(X, Y[:10])
    with pytest.raises(ValueError, match="sample_weight: 2"):
        data_of(X, Y, np.ones(2))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (X[:0], "x is empty"),
        (np.array([object()]), "x: .*dtype object"),
        (3.0, "samples along its first axis"),
        (np.array(["a"]), "x: .*number the words"),
        ([["0.5", "2"]], r"numbers as text: numpy.asarray\(x\).astype\('float32'\)"),
        ("data.csv", r"numpy.genfromtxt\('data.csv'"),
        (np.array([(1, 2.5)], "i4, f4"), "columns have names: numpy.stack"),
    ],
)
def test_unusable_inputs_are_refused_by_name(x, message):
    with pytest.raises((ValueError, TypeError), match=message):
        data_of(x, None)


def test_more_steps_than_data_warn():
    data = data_of(X, Y, batch_size=4, steps=5)
    with pytest.warns(UserWarning, match="ran out after 3 of 5"):
        assert len(list(data.epoch())) == 3
    assert len(list(data_of(X, Y, batch_size=4, steps=2).epoch())) == 2


def test_a_list_of_batches_behind_iter_starts_anew_each_epoch():
    class Loader:
        def __iter__(self):
            return iter([[X[:4], Y[:4]], [X[4:], Y[4:]]])

        def __len__(self):
            return 2

        def __call__(self):
            raise AssertionError("what yields batches is not called")

    data = data_of(Loader())
    assert isinstance(data, IterableData)
    assert data.steps == 2
    assert data.first()[1].tolist() == [0, 1, 2, 3]
    for _ in range(2):
        assert labels(data) == [[0, 1, 2, 3], [4, 5, 6, 7, 8, 9, 10]]
    assert not data.exhausted
    assert data_of(Loader(), steps=1).steps == 1


def test_batches_by_number():
    class Numbered:
        def __len__(self):
            return 2

        def __getitem__(self, k):
            return X[4 * k : 4 * k + 4], Y[4 * k : 4 * k + 4]

    data = data_of(Numbered())
    assert data.steps == 2
    for _ in range(2):
        assert labels(data) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_raw_arrays_of_the_current_backend(backend):
    raw = arraynet.ops.convert_to_tensor(X).array
    np.testing.assert_array_equal(next(data_of(raw, Y).epoch())[0], X)


def test_a_generator_goes_on_from_epoch_to_epoch():
    data = data_of(((X[i : i + 1], Y[i : i + 1]) for i in range(5)), steps=2)
    assert data.first()[1].tolist() == [0]
    assert labels(data) == [[0], [1]]
    assert labels(data) == [[2], [3]]
    assert not data.exhausted
    with pytest.warns(UserWarning, match="ran out after 1 of 2"):
        assert labels(data) == [[4]]
    assert data.exhausted


def test_some_batches_of_an_iterable_are_new_ones_in_training_and_the_same_in_evaluation():
    data = data_of(Batches(), steps=2)
    assert [labels(data, KEY), labels(data, KEY)] == [[[0], [1]], [[2], [3]]]
    data = data_of(Batches(), steps=2)
    assert [labels(data), labels(data)] == [[[0], [1]]] * 2


class Batches:
    def __iter__(self):
        return ((X[k : k + 1], Y[k : k + 1]) for k in range(5))


def test_batches_of_inputs_alone_or_with_weights():
    data = data_of(iter([X[:2], (X[:2],), (X[:2], Y[:2], np.ones(2))]))
    parts = [[part is None for part in batch] for batch in data.epoch()]
    assert parts == [[False, True, True], [False, True, True], [False, False, False]]


def test_bad_batches_are_refused():
    for batch in ((), (X, Y, Y, Y)):
        with pytest.raises(ValueError, match=f"yielded {len(batch)} parts"):
            data_of(iter([batch])).first()
    with pytest.raises(ValueError, match="x: 11, y: 10"):
        data_of(iter([(X, Y[:10])])).first()
    with pytest.raises(ValueError, match=r"y must have samples .* a list of it"):
        data_of(iter([(X[0], 1.0)])).first()
    with pytest.raises(ValueError, match="There is no data"):
        data_of(iter([(None, Y)])).first()
    with pytest.raises(ValueError, match="yielded no batch"):
        data_of(iter([])).first()
    with pytest.raises(ValueError, match="leave y and sample_weight out"):
        data_of(iter([X]), Y)
    with pytest.raises(ValueError, match="leave y and sample_weight out"):
        data_of(iter([X]), sample_weight=np.ones(11))
    with pytest.raises(ValueError, match="leave batch_size out"):
        data_of(iter([X]), batch_size=3)


@pytest.mark.parametrize("y", [np.array([0, 2, 1]), np.array([[0], [2], [1]]), np.eye(3)[[0, 2, 1]]])
def test_class_weights_by_label(y):
    np.testing.assert_array_equal(class_weights(y, {0: 5, "2": 2.0}), [5, 2, 1])
    np.testing.assert_array_equal(class_weights(np.eye(2)[[0, 1]], {0: 5, 1: 0}), [5, 0])


def test_class_weights_of_several_labels_a_sample():
    steps = np.array([[0, 1], [1, 2], [2, 2]])
    expected = [[5, 2], [2, 1], [1, 1]]
    np.testing.assert_array_equal(class_weights(steps[..., None], {0: 5, 1: 2}), expected)
    np.testing.assert_array_equal(class_weights(np.eye(3)[steps], {0: 5, 1: 2}), expected)
    with pytest.raises(ValueError, match=r"one-hot ones; y of shape \(3, 2\) holds 0 to 2.*pass y\[..., None\]"):
        class_weights(steps, {0: 5, 1: 2})  # the place of the largest label in a row is no class


def test_class_weights_weigh_arrays_and_iterables():
    assert next(data_of(X, Y % 2, class_weight={1: 3}).epoch())[2].tolist() == [1, 3] * 5 + [1]
    assert data_of(iter([(X[:2], Y[:2])]), class_weight={1: 3}).first()[2].tolist() == [1, 3]


def test_bad_class_weights_are_refused():
    with pytest.raises(ValueError, match="integer labels to numbers"):
        data_of(X, Y, class_weight={"cat": 1})
    with pytest.raises(ValueError, match="integer labels to numbers"):
        data_of(X, Y, class_weight={0: None})
    for weight in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="finite and not negative"):
            data_of(X, Y, class_weight={0: weight, 1: 1.0})
    with pytest.raises(ValueError, match="received 'balanced'"):
        data_of(X, Y, class_weight="balanced")
    with pytest.raises(ValueError, match="cannot be given together"):
        data_of(X, Y, np.ones(11), class_weight={0: 1})
    with pytest.raises(ValueError, match="only one can weigh"):
        data_of(iter([(X, Y, np.ones(11))]), class_weight={0: 1}).first()
    with pytest.raises(ValueError, match="y as one array"):
        data_of(X, class_weight={0: 1})


def test_the_split_takes_the_last_part():
    train, validation = split_off((X, Y, Y / 10), 0.3)
    assert train[1].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert validation[1].tolist() == [7, 8, 9, 10]
    for x, y, weight in (train, validation):
        np.testing.assert_array_equal(x, X[y])
        np.testing.assert_array_equal(weight, y / 10)
    assert train[0].base is not None  # a view


@pytest.mark.parametrize("share", [1.5, 1.0, -0.1, 1, "0.3"])
def test_shares_outside_of_0_to_1_are_refused(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        split_off((X, Y, None), share)


def test_empty_sides_are_refused():
    with pytest.raises(ValueError, match="0 to train on and 1 to validate"):
        split_off((X[:1], Y[:1], None), 0.5)
    with pytest.raises(ValueError, match="0 to train on"):
        split_off((X[:10], Y[:10], None), 0.9)  # 10 * (1 - 0.9) is a little below 1, in Keras too
    with pytest.raises(ValueError, match="11 to train on and 0 to validate"):
        split_off((X, Y, None), 1e-17)
    for y, weight, found in ((Y[:9], None, "y: 9"), (Y, Y[:9], "y: 11, sample_weight: 9")):
        with pytest.raises(ValueError, match=f"x: 11, {found}"):
            split_off((X, y, weight), 0.3)
    with pytest.raises(ValueError, match="pass validation_data"):
        split_off((iter([X]), None, None), 0.5)


@pytest.mark.parametrize("shuffle", [False, "batch"])
def test_fewer_batches_than_there_are_go_round(shuffle):
    data = data_of(X, Y, batch_size=3, steps=3, shuffle=shuffle)
    seen = []
    for data.number in range(3):
        seen += [sorted(y.tolist()) for _, y, _ in data.epoch(key=(0, data.number))]
    batches = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10]]
    assert seen == [*batches, *batches, batches[0]]


def test_first_is_a_look_at_two_samples():
    assert isinstance(data_of(X, Y), ArrayData)
    assert data_of(X, Y, shuffle=True).first()[1].tolist() == [0, 1]


def test_a_list_of_numpy_numbers_is_one_array():
    data = data_of(X, list(Y))
    np.testing.assert_array_equal(data.arrays[1], Y)
