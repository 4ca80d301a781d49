"""Indexing against NumPy, for keys that nobody thought of, and the errors that name what went wrong."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import arraynet as an
from arraynet import grad, hessian, ops
from arraynet.observers import OBSERVERS, Observer

shapes = st.lists(st.integers(0, 4), min_size=1, max_size=4).map(tuple)


@st.composite
def keys(draw, shape, arrays=True):
    """A key for an array of a shape: NumPy's whole grammar but single booleans."""
    index_shape = draw(st.sampled_from([(), (1,), (3,), (2, 1), (2, 3)]))
    masked, items, axis = False, [], 0
    while axis < len(shape) and draw(st.integers(0, 5)):
        n, kind = shape[axis], draw(st.sampled_from(["int", "slice", "slice", "array", "array", "mask", "none"]))
        if kind == "none":
            items.append(None)
            continue
        if kind == "int" and n:
            items.append(draw(st.integers(-n, n - 1)))
        elif kind == "array" and n and arrays:
            one = draw(st.booleans())
            count = 1 if one else int(np.prod(index_shape))
            values = draw(st.lists(st.integers(-n, n - 1), min_size=count, max_size=count))
            items.append(np.array(values, "int64").reshape((1,) if one else index_shape))
        elif kind == "mask" and n and arrays and not masked and index_shape in ((), (1,)):
            masked = True
            mask = np.zeros(n, bool)
            mask[draw(st.lists(st.integers(0, n - 1), max_size=n))] = True
            items.append(mask)
        else:
            bound = st.none() | st.integers(-6, 6)
            items.append(slice(draw(bound), draw(bound), draw(st.sampled_from([None, 1, 2, 3, -1, -2]))))
        axis += 1
    if draw(st.booleans()):
        items.insert(draw(st.integers(0, len(items))), ...)
    return tuple(items)


@st.composite
def arrays_and_keys(draw, arrays=True):
    shape = draw(shapes)
    return np.arange(np.prod(shape, dtype=int), dtype="float64").reshape(shape) + 0.5, draw(keys(shape, arrays))


def reference(x, key):
    try:
        return x[key]
    except IndexError:
        return None


@settings(deadline=None, max_examples=200)
@given(arrays_and_keys())
@pytest.mark.parametrize("name", ["numpy", "strict"])
def test_values_and_gradients_are_numpys(name, case):
    x, key = case
    expected = reference(x, key)
    with an.use_backend(name):
        if expected is None:
            with pytest.raises(IndexError):
                ops.array(x)[key]
            return
        y = ops.array(x)[key]
        assert y.shape == expected.shape
        np.testing.assert_array_equal(y.numpy(), expected)
        weights = np.cos(np.arange(expected.size, dtype="float64")).reshape(expected.shape)
        by_hand = np.zeros_like(x)
        np.add.at(by_hand, key, weights)
        found = grad(lambda t: ops.sum(t[key] * weights))(ops.array(x))
        np.testing.assert_allclose(found.numpy(), by_hand, atol=1e-12)


@settings(deadline=None)
@given(arrays_and_keys(arrays=False))
@example((np.zeros((0, 1, 0)), (..., slice(None), 0)))
def test_basic_indexing_is_a_view(case):
    x, key = case
    tensor = ops.array(x)
    if reference(x, key) is None:  # an ellipsis may move what was drawn for another axis
        with pytest.raises(IndexError):
            tensor[key]
        return
    y = tensor[key]
    assert not y.size or not y.ndim or np.shares_memory(y.numpy(), tensor.numpy())


@settings(deadline=None)
@given(arrays_and_keys())
def test_index_arrays_may_be_tensors(case):
    x, key = case
    expected = reference(x, key)
    if expected is not None:
        key = tuple(ops.array(part) if isinstance(part, np.ndarray) else part for part in key)
        np.testing.assert_array_equal(ops.array(x)[key].numpy(), expected)


@settings(deadline=None)
@given(st.lists(st.integers(-3, 2), max_size=8), st.sampled_from([(), (2,)]))
def test_the_last_update_wins(places, rest):
    x, updates = np.zeros((3, *rest)), np.arange(np.prod((len(places), *rest)), dtype="float64") + 1
    updates = updates.reshape(len(places), *rest)
    expected = np.array(x)
    for place, update in zip(places, updates, strict=True):
        expected[place] = update
    indices = np.array(places, "int32").reshape(-1, 1)
    np.testing.assert_array_equal(ops.scatter_update(x, indices, updates).numpy(), expected)
    np.testing.assert_array_equal(ops.scatter_update(x, ops.array(indices), updates).numpy(), expected)


def test_one_take_and_one_index_add(backend):
    """However many index arrays there are."""
    seen = []

    class Watch(Observer):
        def record(self, op, inputs, static, outputs):
            seen.append(op.name)

    x = ops.ones((3, 4, 5))
    token = OBSERVERS.set((Watch(),))
    try:
        x[[0, 1], :, [2, 3]]
        assert seen.count("take") == 1
        seen.clear()
        x[1:, None, ..., 2]
        assert seen == ["window"]
    finally:
        OBSERVERS.reset(token)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (7, "index 7 is out of range for axis 0 of length 3"),
        ((0, -5), "index -5 is out of range for axis 1 of length 4"),
        ((slice(None), [0, 9]), "index 9 is out of range for axis 1 of length 4"),
        ((0, 0, 0), "Too many indices: 3 for an array of 2 axes"),
        ((..., 0, ...), "at most one Ellipsis"),
        (np.ones((2, 2), bool), "mask of shape (2, 2)"),
        (([0, 1], [0, 1, 2]), "shapes (2,), (3,)"),
        (1.5, "received 1.5"),
        (True, "single boolean"),
    ],
)
def test_errors_say_what_is_wrong(key, words, backend):
    with pytest.raises(IndexError) as caught:
        ops.ones((3, 4))[key]
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: ops.take(x, [3], axis=0), "index 3 is out of range for axis 0 of length 3"),
        (lambda x: ops.take_along_axis(x, [[9]], axis=1), "index 9 is out of range for axis 1 of length 4"),
        (lambda x: ops.scatter([[5]], [1.0], (3,)), "index 5 is out of range for axis 0 of length 3"),
        (lambda x: ops.scatter_update(x, [[0, 4]], [1.0]), "index 4 is out of range for axis 1 of length 4"),
    ],
)
def test_an_index_out_of_range(call, words, backend):
    with pytest.raises(IndexError, match=words):
        call(ops.ones((3, 4)))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: ops.take(x, [0], axis=2), "axis=2 is out of range"),
        (lambda x: ops.take_along_axis(x, [0], axis=0), "as many axes"),
        (lambda x: ops.where(x, 1.0), "x1 and x2"),
        (lambda x: ops.select([], []), "0 conditions"),
        (lambda x: ops.slice(x, (0, 3), (1, 2)), "axis 1 of length 4"),
        (lambda x: ops.slice(x, (0,), (1, 2)), r"each axis of shape \(3, 4\), received 1 starts"),
        (lambda x: ops.slice(x, (1, 0), (-1, 2)), r"negative lengths, received \(-1, 2\)"),
        (lambda x: ops.slice_update(x, (0, 0), 1.5), r"slice_update: .*the lengths \(\)"),
        (lambda x: ops.slice_update(x, (0, 0), ops.ones((1, 1, 2))), r"slice_update: .*\(1, 1, 2\)"),
        (lambda x: ops.slice_update(x, (3, 0), ops.ones((1, 1))), "axis 0 of length 3"),
        (lambda x: ops.scatter(0, 1.0, (3,)), "one index per axis"),
        (lambda x: ops.scatter_update(x, [[0]], x[0], reduction="div"), "'mul', received 'div'"),
        (lambda x: ops.segment_sum(x, x[:, 0], 2), "integers of one axis"),
        (lambda x: ops.one_hot([0], 2, sparse=True), "sparse"),
        (lambda x: ops.multi_hot([0]), "num_classes"),
    ],
)
def test_what_cannot_be_done(call, words, backend):
    with pytest.raises(ValueError, match=words):
        call(ops.ones((3, 4)))


def test_indices_are_integers(backend):
    for indices in ([0.5], ops.ones(2)):
        with pytest.raises(TypeError, match="Indices are integers"):
            ops.take(ops.ones(3), indices, axis=0)


def test_indices_of_every_integer_type(backend):
    x = ops.arange(300)
    for kind in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
        for index in (np.array([1, 2], kind), ops.array(np.array([1, 2], kind))):
            assert ops.take(x, index).numpy().tolist() == [1, 2]
            assert x[index].numpy().tolist() == [1, 2]
        assert int(x[np.dtype(kind).type(7)]) == 7


def test_indices_of_a_variable(backend):
    places = an.Variable([2, 0])
    assert ops.arange(3)[places].numpy().tolist() == [2, 0]
    assert ops.take(ops.arange(3), places).numpy().tolist() == [2, 0]


def test_where_promotes_its_branches_only(backend):
    condition = np.array([1.5, 0.0])
    assert (
        ops.where(condition, np.int32(2), ops.ones(2, "float16" if backend == "numpy" else "float32")).dtype.kind == "f"
    )
    assert ops.where(condition, 1, 0).dtype == "int32"
    assert ops.where(condition, 1, 0.5).dtype == "float32"
    assert ops.where(condition, True, False).dtype == "bool"
    assert ops.where([True, False], ops.array([1, 2]), np.array([3, 4], "int64")).dtype == "int64"
    assert ops.where(True, [1.0, 2.0], 0).numpy().tolist() == [1.0, 2.0]


@pytest.mark.parametrize("captured", [False, True])
def test_where_refuses_an_integer_that_the_dtype_lacks(captured, backend):
    run = an.jit if captured else lambda f: f
    x = ops.array(np.array([1, 2], "int8"))
    for call in (lambda x: ops.where(x > 1, x, 300), lambda x: ops.select([x > 1], [x], -129)):
        with pytest.raises(ValueError, match=r"where: .* is no number of int8; .*x1: int8 of shape \(2,\), x2: "):
            run(call)(x)
    with pytest.raises(ValueError, match="where: -1 is no number of uint8"):
        run(lambda x: ops.where(x > 1, -1, x))(ops.cast(x, "uint8"))
    assert run(lambda x: ops.where(x > 1, x, -128))(x).numpy().tolist() == [-128, 2]
    assert run(lambda x: ops.where(x > 1, x, 300.0))(x).numpy().tolist() == [300, 2]


def test_where_keeps_what_it_does_not_choose_out_of_the_gradient(backend):
    x = ops.array([1.0, 0.0])
    found = grad(lambda t: ops.sum(ops.where(t > 0, 2 * t, np.float32(np.inf))))(x)
    assert found.numpy().tolist() == [2.0, 0.0]


def test_positions_are_int32(backend):
    for found in (ops.nonzero([[0, 3], [1, 0]]), ops.where([[False, True], [True, False]])):
        assert [i.dtype for i in found] == ["int32", "int32"]
        assert [i.numpy().tolist() for i in found] == [[0, 1], [1, 0]]


def test_one_hot_outside_is_a_row_of_zeros(backend):
    assert ops.one_hot([-1, 3, 1], 3).numpy().tolist() == [[0, 0, 0], [0, 0, 0], [0, 1, 0]]
    assert ops.one_hot(np.array([1.0]), 2, dtype="int32").numpy().tolist() == [[0, 1]]
    assert ops.one_hot(1, 2, dtype="bool").numpy().tolist() == [False, True]
    assert ops.one_hot(np.array([200], "uint8"), 1000).numpy().argmax() == 200


@pytest.mark.parametrize("reduction", [None, "add", "max", "min", "mul"])
def test_rows_without_elements_are_updated(reduction, backend):
    rows = ops.ones((3, 0))
    assert ops.scatter_update(rows, [[0], [2]], rows[:2], reduction).shape == (3, 0)


def test_products_with_zeros_have_derivatives(backend):
    """Of 3 * v0 * v2 and 5 * v1, where v0 is 0."""
    put = lambda v: ops.sum(ops.scatter_update([3.0, 5.0], [[0], [1], [0]], v, "mul"))  # noqa: E731
    v = ops.array([0.0, 7.0, 2.0])
    assert grad(put)(v).numpy().tolist() == [6, 5, 0]
    assert hessian(put)(v).numpy().tolist() == [[0, 0, 3], [0, 0, 0], [3, 0, 0]]


def test_segments_outside_are_dropped_and_empty_ones_have_the_neutral_value(backend):
    data, ids = np.array([1, 2, 4, 8]), np.array([-1, 0, 5, 0])
    assert ops.segment_sum(data, ids, 2).numpy().tolist() == [10, 0]
    assert ops.segment_max(data, ids, 2).numpy().tolist() == [8, np.iinfo("int64").min]
    assert ops.segment_min(np.array([1.0, 2, 4, 8]), ids, 2).numpy().tolist() == [2, np.inf]
    assert ops.segment_sum(ops.zeros((0, 3)), np.zeros(0, int), 2).shape == (2, 3)
    assert ops.segment_max(ops.zeros((0, 3)), np.zeros(0, int), 2).numpy().max() == -np.inf
    assert ops.segment_sum([1.0], [4]).shape == (5,)
    assert ops.segment_sum([True, True, False], [0, 0, 1]).numpy().tolist() == [2, 0]
    assert ops.segment_max([True, True, False], [0, 0, 1]).numpy().tolist() == [1, 0]


def test_what_a_tensor_names_outside_is_dropped(backend):
    places = ops.array([[9], [-1], [-9], [0]])
    assert ops.scatter(places, [1.0, 2, 4, 8], (4,)).numpy().tolist() == [8, 0, 0, 2]
    for reduction in (None, "add", "max", "mul"):
        rest = float(reduction == "mul")
        found = ops.scatter_update(ops.full(4, rest), places, [1.0, 2, 4, 8], reduction)
        assert found.numpy().tolist() == [8, rest, rest, 2], reduction
    pairs = ops.array([[0, 1], [1, 2], [1, -3], [-1, -1]])  # each pair is one place, whatever the half outside
    assert ops.scatter(pairs, [1.0, 2, 4, 8], (2, 2)).numpy().tolist() == [[0, 1], [0, 8]]
    assert ops.scatter(ops.array([[0], [3]], "uint8"), ops.ones((2, 2)), (2, 2)).numpy().tolist() == [[1, 1], [0, 0]]
    for reduction in (None, "add", "max", "mul"):
        x = ops.full(4, float(reduction == "mul"))
        found = grad(lambda v, x=x, how=reduction: ops.sum(ops.scatter_update(x, places, v, how)))(ops.arange(1.0, 5))
        assert found.numpy().tolist() == [0, 1, 0, 1], reduction


def test_slice_moves_inwards_for_tensors(backend):
    start = ops.array([3])
    assert ops.slice(ops.arange(5), start, (4,)).numpy().tolist() == [1, 2, 3, 4]
    assert ops.slice_update(ops.arange(5), start, [9, 9, 9]).numpy().tolist() == [0, 1, 9, 9, 9]
    assert ops.slice_update(ops.arange(3), (1,), ops.zeros(0, "int32")).numpy().tolist() == [0, 1, 2]
    for before in (-1, -9):
        start = ops.array([before])
        assert ops.slice(ops.arange(5), start, (4,)).numpy().tolist() == [0, 1, 2, 3]
        assert ops.slice_update(ops.arange(5), start, [9, 9, 9]).numpy().tolist() == [9, 9, 9, 3, 4]
