"""Tensors and Variables as their users meet them: operators, conversions, copies, errors."""

import copy
import math
import operator
import pickle

import numpy as np
import pytest

import arraynet as an
from arraynet import Tensor, Variable, grad, ops

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
BITS = [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift]


def other_backend(name):
    return "strict" if name == "numpy" else "numpy"


@pytest.mark.parametrize("function", ARITHMETIC + COMPARISONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", [Tensor, Variable])
def test_operators_in_both_directions(function, kind, backend):
    host = np.array([1.0, 2.0, 4.0], "float32")
    x = Variable(host) if kind is Variable else ops.array(host)
    for other in (
        2,
        2.0,
        np.float32(2),
        np.float64(2),
        np.int64(2),
        np.array([2.0, 1, 4]),
        [2.0, 1.0, 4.0],
        ops.array(host),
    ):
        plain = np.asarray(other.numpy() if isinstance(other, Tensor) else other, "float32")
        for found, expected in (
            (function(x, other), function(host, plain)),
            (function(other, x), function(plain, host)),
        ):
            assert type(found) is Tensor
            assert found.backend.name == backend
            assert found.dtype == ("bool" if function in COMPARISONS else "float32")
            np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("function", BITS, ids=lambda f: f.__name__)
def test_operators_on_bits(function, backend):
    host = np.array([1, 2, 3], "int32")
    for found, expected in (
        (function(ops.array(host), 2), function(host, 2)),
        (function(2, ops.array(host)), function(2, host)),
        (function(host, ops.array(host)), function(host, host)),
    ):
        np.testing.assert_array_equal(found.numpy(), expected)


def test_operators_of_one_operand(backend):
    x = ops.array([-1.5, 2.0])
    assert (-x).numpy().tolist() == [1.5, -2.0]
    assert abs(x).numpy().tolist() == [1.5, 2.0]
    assert (+x) is x
    assert (~(x > 0)).numpy().tolist() == [True, False]
    assert round(ops.array([1.26]), 1).numpy() == np.float32(1.3)


def test_matmul_in_both_directions(backend):
    host = np.arange(4.0, dtype="float32").reshape(2, 2)
    for found in (ops.array(host) @ host, host @ ops.array(host), Variable(host) @ Variable(host)):
        assert type(found) is Tensor
        np.testing.assert_array_equal(found.numpy(), host @ host)


@pytest.mark.parametrize("mine", ["int32", "int64", "uint8", "float32"])
@pytest.mark.parametrize("theirs", INTEGERS)
def test_equality_with_host_labels(mine, theirs, backend):
    """``predicted_labels == test_labels``, whatever integers the labels are."""
    predicted, labels = np.array([3, 0, 100], mine), np.array([3, 1, 100], theirs)
    for found in (ops.array(predicted) == labels, labels == ops.array(predicted)):
        assert type(found) is Tensor
        assert found.numpy().tolist() == [True, False, True]
    assert float(ops.mean(ops.array(predicted) == labels)) == pytest.approx(2 / 3)


def test_equality_with_what_is_no_number(backend):
    x = ops.ones(2)
    assert (x == None) is False  # noqa: E711
    assert (x != None) is True  # noqa: E711
    assert (x == "x") is False
    with pytest.raises(TypeError):
        x + None
    with pytest.raises(TypeError):
        operator.lt(x, "x")


def test_numpy_functions_return_arrays(backend):
    x = ops.array([1.0, 4.0])
    assert type(np.sqrt(x)) is np.ndarray
    assert np.asarray(x, "float64").dtype == "float64"
    assert np.array(x).flags.writeable
    assert np.stack([x, x]).shape == (2, 2)
    assert np.asarray(Variable([1.0])).tolist() == [1.0]


def test_numbers(backend):
    loss = ops.array(0.12345)
    assert f"{loss:.4f}" == "0.1235" == f"{Variable(0.12345):.4f}"
    assert f"{ops.array([[7]]):03d}" == "007"
    assert float(loss) == loss.item() == pytest.approx(0.12345)
    assert int(ops.array([2.7])) == 2
    assert math.sqrt(ops.array(4.0)) == 2.0
    assert ["a", "b", "c"][ops.array(1)] == "b"
    assert list(range(ops.array(2))) == list(range(Variable(2))) == [0, 1]
    assert bool(ops.array([0.5]))
    assert not ops.array(0)
    assert float(Variable(2)) == Variable([2.0]).item() == 2.0
    assert int(Variable(2.5)) == 2
    assert not Variable(0.0)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (float, TypeError, r"float\(\) needs a Tensor of one element, received shape \(2,\)"),
        (int, TypeError, r"int\(\) needs"),
        (lambda x: x.item(), TypeError, r"item\(\) needs"),
        (lambda x: f"{x:.2f}", TypeError, r"format\(\) needs"),
        (bool, ValueError, r"ops\.any\(x\) or ops\.all\(x\)"),
        (lambda x: bool(ops.zeros((0,))), ValueError, "ambiguous"),
        (lambda x: [1, 2][x], TypeError, "integer Tensor of shape"),
        (lambda x: len(ops.ones(())), TypeError, "no axes"),
        (lambda x: list(ops.ones(())), TypeError, "no axes"),
        (lambda x: operator.setitem(x, 0, 1.0), TypeError, "scatter_update"),
        (lambda x: operator.setitem(Variable(x), 0, 1.0), TypeError, "scatter_update"),
        (lambda x: operator.delitem(x, 0), TypeError, r"nor del x\[i\] is possible"),
        (lambda x: operator.index(Variable(x)), TypeError, "integer Tensor of shape"),
        (lambda x: x.nothing, AttributeError, "nothing"),
        (lambda x: x + object(), TypeError, "Expected numbers"),
        (lambda x: ops.array(["a"]), TypeError, "Expected numbers"),
        (lambda x: ops.array([[1], [1, 2]]), ValueError, "Expected numbers or an array"),
        (lambda x: x.to("nowhere"), ValueError, "nowhere"),
    ],
)
def test_errors(call, kind, words, backend):
    with pytest.raises(kind, match=words):
        call(ops.ones(2))


def test_tensors_of_two_backends_do_not_mix(backend):
    other = other_backend(backend)
    x, y = ops.ones(2), ops.ones(2).to(other)
    for call in (lambda: x + y, lambda: Variable(x) * y, lambda: Variable(x).assign(y), lambda: ops.stack([x, y])):
        with pytest.raises(ValueError, match=r"two backends.*\.to\("):
            call()
    assert (x + y.to(backend)).numpy().tolist() == [2.0, 2.0]
    assert (y + np.ones(2)).backend.name == other


def test_attributes(backend):
    for x in (ops.zeros((2, 0, 3)), Variable(ops.zeros((2, 0, 3)))):
        assert x.shape == (2, 0, 3)
        assert type(x.shape) is tuple
        assert (x.ndim, x.size, len(x)) == (3, 0, 2)
        assert x.dtype == np.dtype("float32")
        assert isinstance(x.dtype, np.dtype)
        assert x.T.shape == (3, 0, 2)
        assert x.backend.name == backend


def test_iteration_gives_rows(backend):
    x = ops.array([[1, 2], [3, 4]])
    rows = list(x)
    assert [type(row) for row in rows] == [Tensor, Tensor]
    assert [row.numpy().tolist() for row in rows] == [[1, 2], [3, 4]]
    one, two = Variable([5.0, 6.0])
    assert (float(one), float(two)) == (5.0, 6.0)
    assert 3 in x
    assert 5 not in x


def test_hash_is_identity(backend):
    x, y = ops.ones(2), ops.ones(2)
    names = {x: "x", y: "y", Variable(x): "v"}
    assert (names[x], names[y], len(names)) == ("x", "y", 3)


def test_repr(backend):
    assert repr(ops.array([1.0, 2.5])) == f"Tensor([1. , 2.5], dtype=float32, backend={backend})"
    assert str(ops.array(3)) == f"Tensor(3, dtype=int32, backend={backend})"
    assert "shape=(200,)" in repr(ops.zeros(200))
    assert "..." in repr(ops.zeros(200))
    assert "shape=(0, 2)" in repr(ops.zeros((0, 2)))
    assert f"{ops.array(3)}" == repr(ops.array(3))
    assert repr(Variable([1.0], name="w")) == f"Variable([1.], name='w', shape=(1,), dtype=float32, backend={backend})"


def test_values_are_read_only(backend):
    x = ops.ones(2)
    with pytest.raises(ValueError, match="read-only"):
        x.numpy()[0] = 5
    y = x
    x += 1
    assert (x.numpy()[0], y.numpy()[0]) == (2, 1)
    fresh = ops.convert_to_numpy(y)
    fresh[0] = 9
    assert y.numpy()[0] == 1


def test_to_another_backend(backend):
    x = ops.array(np.array([1, 2], "uint8"))
    y = x.to(other_backend(backend))
    assert (y.backend.name, y.dtype, y.numpy().tolist()) == (other_backend(backend), "uint8", [1, 2])
    assert x.to(backend) is x
    assert x.to(x.backend) is x


def test_host_arrays_are_not_shared(backend):
    host = np.zeros(3, "float32")
    made = [ops.convert_to_tensor(host), ops.array(host), Variable(host), Variable(np.ones(3, "float32"))]
    made[3].assign(host)
    made += [Variable(np.ones(3, "float32")), Variable(ops.reshape(host, 3))]
    made[4].assign(ops.transpose(host))
    host[:] = 7
    assert all(x.numpy().max() == 0 for x in made)


class Series:
    """Gives away its own array, where another library might give a copy."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return self.values


def test_arrays_of_other_libraries_are_not_shared(backend):
    host = np.zeros(3, "float32")
    made = [ops.convert_to_tensor(Series(host)), ops.array(Series(host)), Variable(Series(host))]
    host[:] = 7
    assert all(x.numpy().max() == 0 for x in made)


def test_what_a_tape_keeps_is_not_shared(backend):
    host = np.ones(2, "float32")
    x = Variable([1.0, 1.0])
    with an.GradientTape() as tape:
        y = x * host
    host[:] = 7
    assert tape.gradient(y, x).numpy().tolist() == [1.0, 1.0]


def test_pickle_and_copy(backend):
    x, v = ops.array([[1, 2]]), Variable([1.0, 2.0], name="w", trainable=False)
    y, w = pickle.loads(pickle.dumps((x, v)))
    assert (y.dtype, y.backend, y.numpy().tolist()) == (x.dtype, x.backend, [[1, 2]])
    assert (w.name, w.trainable, w.backend, w.numpy().tolist()) == ("w", False, v.backend, [1.0, 2.0])
    assert copy.copy(x) is x
    assert copy.deepcopy(x) is x
    for twin in (copy.copy(v), copy.deepcopy(v)):
        assert twin.value is not v.value
        twin.assign([5.0, 5.0])
        assert v.numpy().tolist() == [1.0, 2.0]


def test_variable_from_values(backend):
    assert Variable([1, 2]).dtype == "int32"
    assert Variable(np.ones(2)).dtype == "float64"
    assert Variable(np.ones(2), dtype="float32").dtype == "float32"
    assert Variable(Variable([1.5])).numpy().tolist() == [1.5]
    assert Variable(1.0, shape=()).shape == ()
    assert Variable(1.0).trainable
    assert not Variable(1.0, trainable=False).trainable


def test_variables_are_numbered():
    assert [Variable(0).name, Variable(0).name, Variable(0, name="b").path] == ["variable", "variable_1", "b"]


def test_variable_from_an_initializer(backend):
    asked = []

    def initializer(shape, dtype):
        asked.append((shape, dtype))
        return ops.full(shape, 2, dtype)

    assert Variable(initializer, shape=[2, 3]).numpy().tolist() == [[2.0] * 3] * 2
    assert Variable(initializer, shape=(1,), dtype="int32").dtype == "int32"
    assert asked == [((2, 3), "float32"), ((1,), "int32")]
    with pytest.raises(ValueError, match=r"'w'.*needs a shape"):
        Variable(initializer, name="w")
    with pytest.raises(ValueError, match=r"shape \(3,\) and values of shape \(2,\)"):
        Variable([1, 2], shape=(3,))
    with pytest.raises(ValueError, match="without '/'"):
        Variable(1.0, name="a/b")


def test_assignment(backend):
    v = Variable([1.0, 2.0], name="w")
    before, host = v.value, v.numpy()
    assert v.assign([3, 4]).numpy().tolist() == [3.0, 4.0]
    assert v.assign_add(1).numpy().tolist() == [4.0, 5.0]
    assert v.assign_sub(np.array([1.0, 2.0])).numpy().tolist() == [3.0, 3.0]
    assert v.dtype == "float32"
    assert before.numpy().tolist() == host.tolist() == [1.0, 2.0]
    host[:] = 9
    assert v.numpy().tolist() == [3.0, 3.0]
    for call in (v.assign, v.assign_add, v.assign_sub):
        with pytest.raises(ValueError, match=r"'w' has shape \(2,\), the value assigned has \(2, 2\)"):
            call(np.ones((2, 2)))
    assert v.numpy().tolist() == [3.0, 3.0]


def test_a_variable_can_be_moved(backend):
    v = Variable([1.0], name="w")
    v.move(other_backend(backend))
    assert v.backend.name == other_backend(backend)
    assert (v + 1).backend.name == other_backend(backend)


def test_gradients_pass_through_operators(backend):
    def f(x):
        return ops.sum(2 * x[1:] ** 2 / x[:-1] - np.float32(3) * x[::-1][:2] + abs(-x)[0])

    found = grad(f)(ops.array([1.0, 2.0, 4.0]))
    np.testing.assert_allclose(found.numpy(), [-6.0, -3.0, 5.0], rtol=1e-6)


def test_gradients_pass_through_lists_of_tensors(backend):
    def f(x):
        return ops.sum(ops.array([[x[0], 2.0], [x[1], x[1] * 3]]) * [x[1], 1.0] + ops.maximum([x[0], x[1]], 0.0))

    found = grad(f)(ops.array([1.0, 2.0]))
    np.testing.assert_allclose(found.numpy(), [2.0 + 2, 1.0 + 4 + 3 + 2], rtol=1e-6)
    assert ops.arange(5)[[ops.array(1), 3]].numpy().tolist() == [1, 3]
    assert ops.array([Variable(1), 2.5]).numpy().tolist() == [1.0, 2.5]
