"""Control flow: values, structures, and derivatives through loops."""

import numpy as np
import pytest

import arraynet
from arraynet import ops


def values(x):
    return x.numpy().tolist()


def test_cond_calls_one_branch_only(backend):
    x = ops.array(3.0)
    assert float(ops.cond(x > 2, lambda: x * 2, lambda: 1 / 0)) == 6
    assert float(ops.cond(x > 4, lambda: 1 / 0, lambda: x - 1)) == 2


@pytest.mark.parametrize(("index", "result"), [(-3, 1), (0, 1), (1, 4), (7, 4)])
def test_switch_takes_the_nearest_branch(index, result, backend):
    branches = [lambda x: x, lambda x: x * x]
    assert float(ops.switch(ops.array(index), branches, ops.array(2.0) if index > 0 else 1.0)) == result


def test_switch_needs_a_branch():
    with pytest.raises(ValueError, match="at least one"):
        ops.switch(0, [])


def test_while_loop_keeps_the_structure(backend):
    i, x = ops.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2), (0, ops.array([1.0, 2.0])))
    assert i == 3
    assert values(x) == [8, 16]
    assert isinstance(ops.while_loop(lambda i: i < 3, lambda i: [i + 1], [0]), list)
    assert ops.while_loop(lambda i: i < 30, lambda i: i + 1, 0) == 30


def test_while_loop_stops_at_maximum_iterations():
    assert ops.while_loop(lambda i: i < 10, lambda i: i + 1, 0, maximum_iterations=4) == 4


def test_while_loop_says_when_body_drops_a_variable():
    with pytest.raises(ValueError, match="2 loop variables, received 1"):
        ops.while_loop(lambda i, j: i < 3, lambda i, j: (i + 1,), (0, 0))


def test_while_loop_is_differentiable(backend):
    def f(x):
        return ops.while_loop(lambda x: x < 100, lambda x: x * x, x)

    assert float(arraynet.grad(f)(3.0)) == 8 * 3.0**7  # ((3**2)**2)**2


def test_fori_loop(backend):
    assert float(ops.fori_loop(1, 5, lambda i, v: v * i, ops.array(1.0))) == 24
    assert ops.fori_loop(3, 3, lambda i, v: v * i, 7) == 7


def test_scan_carries_and_stacks(backend):
    carry, ys = ops.scan(lambda c, x: (c + x, c * x), ops.array(0.0), ops.array([1.0, 2.0, 3.0]))
    assert float(carry) == 6
    assert values(ys) == [0, 2, 9]


def test_scan_in_reverse_puts_results_where_their_slices_stood(backend):
    _, ys = ops.scan(lambda c, x: (c + x, c + x), ops.array(0.0), ops.array([1.0, 2.0, 3.0]), reverse=True)
    assert values(ys) == [6, 5, 3]


def test_scan_without_xs_and_with_structures(backend):
    carry, ys = ops.scan(lambda c, x: (c * 2, {"c": c, "x": x}), ops.array(1.0), length=3)
    assert float(carry) == 8
    assert values(ys["c"]) == [1, 2, 4]
    assert ys["x"] is None
    xs = {"a": ops.array([[1.0], [2.0]]), "b": np.asarray([3.0, 4.0])}
    assert values(ops.scan(lambda c, x: (c, x["a"][0] * x["b"]), None, xs)[1]) == [3, 8]


@pytest.mark.parametrize(
    ("xs", "length"), [(None, None), ([np.ones(2), np.ones(3)], None), (np.ones(2), 3), (np.ones(()), None)]
)
def test_scan_says_what_the_lengths_are(xs, length):
    with pytest.raises(ValueError, match="first axes of one length"):
        ops.scan(lambda c, x: (c, x), 0, xs, length)


def test_scan_is_differentiable_twice(backend):
    def f(x):
        return ops.scan(lambda c, w: (c * w, None), x, ops.array([1.0, 2.0]) * x)[0]  # 2 x**3

    assert float(arraynet.grad(f)(3.0)) == 54
    assert float(arraynet.grad(arraynet.grad(f))(3.0)) == 36


@pytest.mark.parametrize("function", [ops.map, ops.vectorized_map])
def test_map_and_vectorized_map(function, backend):
    xs = ops.array([[1.0, 2.0], [3.0, 4.0]])
    assert values(function(lambda x: x[0] * x, xs)) == [[1, 2], [9, 12]]
    both = function(lambda x: (x[0], ops.sum(x[1])), (ops.array([1, 2]), xs))
    assert [values(b) for b in both] == [[1, 2], [3, 7]]


def test_map_of_nothing_says_so():
    with pytest.raises(ValueError, match="no steps"):
        ops.map(lambda x: x, np.ones((0, 2)))


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8])
def test_associative_scan_is_a_running_sum(n, backend):
    x = np.arange(1.0, n + 1)
    assert values(ops.associative_scan(ops.add, ops.array(x))) == np.cumsum(x).tolist()
    assert values(ops.associative_scan(ops.add, ops.array(x), reverse=True)) == np.cumsum(x[::-1])[::-1].tolist()


def test_associative_scan_keeps_the_order_and_the_structure(backend):
    """Affine maps: associative, and not commutative."""
    a, b = np.asarray([2.0, 3, 5, 7]), np.asarray([1.0, -1, 2, 0])

    def compose(one, two):
        return {"a": one["a"] * two["a"], "b": two["a"] * one["b"] + two["b"]}

    result = ops.associative_scan(compose, {"a": ops.array(a), "b": ops.array(b)})
    slope, offset, expected = 1.0, 0.0, []
    for m, c in zip(a, b, strict=True):
        slope, offset = m * slope, m * offset + c
        expected.append((slope, offset))
    assert list(zip(values(result["a"]), values(result["b"]), strict=True)) == expected


def test_associative_scan_along_another_axis(backend):
    x = np.arange(1.0, 13).reshape(2, 6)
    np.testing.assert_array_equal(ops.associative_scan(ops.maximum, x[:, ::-1], axis=-1).numpy(), x[:, [5] * 6])
    with pytest.raises(ValueError, match="one length"):
        ops.associative_scan(ops.add, [x, x[:1]])


def test_stop_gradient_cuts_and_keeps_logits(backend):
    assert float(arraynet.grad(lambda x: x * ops.stop_gradient(x))(3.0)) == 3
    p = ops.stop_gradient(ops.softmax(ops.array([[1.0, 2.0]])))
    assert p.logits is not None
    assert p.logits[1] == -1

    def loss(x):
        return ops.sum(ops.categorical_crossentropy(np.asarray([[1.0, 0]]), ops.stop_gradient(ops.softmax(x))))

    assert values(arraynet.grad(loss)(ops.array([[1.0, 2.0]]))) == [[0, 0]]


@pytest.mark.parametrize("run", [
    lambda x: ops.while_loop(lambda x, i: i < 0, lambda x, i: (x, i), (x, 0))[0],
    lambda x: ops.fori_loop(0, 1, lambda i, x: x, x),
    lambda x: ops.scan(lambda carry, y: (carry, y), [x], np.ones(2))[0][0],
    lambda x: ops.switch(0, [lambda x: x], x),
])  # fmt: skip
def test_a_host_array_that_is_handed_on_becomes_a_tensor_of_its_own(run, backend):
    x = np.zeros(2, "float32")
    y = run(x)
    x[:] = 7
    assert isinstance(y, arraynet.Tensor)
    assert y.numpy().tolist() == [0, 0]
