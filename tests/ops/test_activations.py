"""Activations where they are easily wrong: at kinks, at NaN, far out, on integers."""

import numpy as np
import pytest

import arraynet
from arraynet import ops

SMOOTH = ["celu", "elu", "gelu", "log_sigmoid", "mish", "selu", "sigmoid", "silu", "softplus", "softsign", "squareplus",
          "tanh_shrink"]  # fmt: skip
KINKED = ["hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh", "leaky_relu", "relu", "relu6", "soft_shrink",
          "sparse_plus", "sparse_sigmoid"]  # fmt: skip
FAR = np.asarray([-1e4, -100.0, 100.0, 1e4], "float32")


def slopes(function, x):
    return arraynet.grad(lambda x: ops.sum(function(x)))(ops.array(x)).numpy()


@pytest.mark.parametrize("name", SMOOTH + KINKED)
def test_nan_survives(name, backend):
    y = getattr(ops, name)(ops.array([np.nan, 1.0])).numpy()
    assert np.isnan(y[0])
    assert np.isfinite(y[1])


@pytest.mark.parametrize("name", SMOOTH + KINKED)
def test_values_and_derivatives_far_out_are_finite(name, backend):
    function = getattr(ops, name)
    assert np.isfinite(function(ops.array(FAR)).numpy()).all()
    assert np.isfinite(slopes(function, FAR)).all()


@pytest.mark.parametrize(("function", "left", "right"), [
    (ops.elu, -1, 1), (lambda x: ops.elu(x, 0.5), -0.5, 1), (ops.selu, -1.7580993, 1.050701), (ops.celu, -1, 1),
    (lambda x: ops.celu(x, 0.1), -0.1, 1), (ops.squareplus, 0, 1), (lambda x: ops.squareplus(x, 0), 0, 1),
    (ops.hard_silu, 0, 1),
])  # fmt: skip
def test_limits_are_those_of_the_function(function, left, right, backend):
    x = np.float32([-np.inf, -3e38, 3e38, np.inf])
    np.testing.assert_allclose(function(ops.array(x)), [left, left, right * x[2], np.inf], rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(slopes(function, x), [0, 0, right, right], rtol=1e-6)


@pytest.mark.parametrize("name", ["gelu", "mish", "silu", "softplus", "squareplus", "selu"])
def test_second_derivatives_of_the_largest_numbers_are_0(name, backend):
    f, x = getattr(ops, name), np.float32([3e38, -3e38, 1e20, -1e20])
    first = lambda x: arraynet.grad(lambda x: ops.sum(f(x)))(x)  # noqa: E731
    np.testing.assert_array_equal(slopes(first, x), 0 * x)
    np.testing.assert_allclose(first(ops.array(x)).numpy(), np.float32(x > 0) * (1.0507 if name == "selu" else 1), 1e-4)


@pytest.mark.parametrize("approximate", [False, True])
def test_gelu_and_its_derivative_are_finite_for_all_of_float16(approximate, backend):
    if "float16" not in ops.zeros(()).backend.dtypes:
        pytest.skip("the backend has no float16")
    every = np.arange(1 << 16, dtype="uint16").view("float16")
    x = every[np.isfinite(every)]
    y = ops.gelu(x, approximate=approximate)
    assert y.dtype == "float16"
    np.testing.assert_allclose(y, ops.gelu(x.astype("float32"), approximate=approximate), rtol=2e-3, atol=2e-3)
    assert np.isfinite(slopes(lambda x: ops.gelu(x, approximate=approximate), x)).all()
    assert np.isfinite(slopes(lambda x: ops.gelu(x, approximate=approximate), np.float32([1e25, -1e25]))).all()


def test_squareplus_has_all_digits_of_all_numbers(backend):
    x = np.float32([-1e6, -1e3, 1e3, 1e6])
    np.testing.assert_allclose(ops.squareplus(x), (x.astype(float) + np.hypot(x.astype(float), 2)) / 2, rtol=1e-3)
    if "float16" in ops.zeros(()).backend.dtypes:
        assert ops.squareplus(np.float16([6e4])).numpy().tolist() == [np.float16(6e4)]


def test_soft_shrink_of_numbers_without_sign(backend):
    assert ops.soft_shrink(ops.array(np.array([0, 1, 200], "uint8"))).numpy().tolist() == [0, 0.5, 199.5]
    assert ops.soft_shrink(ops.array(np.array([0, 1, 200], "uint8")), threshold=1).numpy().tolist() == [0, 0, 199]
    assert ops.soft_shrink(ops.array(np.array([-128], "int8")), threshold=1).numpy().tolist() == [-127]


@pytest.mark.parametrize("name", SMOOTH + [n for n in KINKED if n not in ("relu", "hard_tanh")])
def test_integers_become_floats(name, backend):
    assert getattr(ops, name)(ops.array([1, -2])).dtype == "float32"


@pytest.mark.parametrize("name", ["relu", "hard_tanh"])
def test_integers_stay_where_nothing_is_divided(name, backend):
    function = getattr(ops, name)
    assert [function(ops.array(x)).dtype.name for x in ([1, -2], [True], np.int8([1]))] == ["int32", "int32", "int8"]


@pytest.mark.parametrize(
    ("function", "kinks", "expected"),
    [
        (ops.relu, [-1.0, 0.0, 1.0], [0, 0, 1]),
        (ops.relu6, [0.0, 3.0, 6.0], [0, 1, 0]),
        (ops.leaky_relu, [-1.0, 0.0, 1.0], [0.2, 0.2, 1]),
        (ops.elu, [0.0, 1.0], [1, 1]),
        (lambda x: ops.squareplus(x, 0), [-1.0, 0.0, 1.0], [0, 0, 1]),
        (ops.hard_silu, [-3.0, 0.0, 3.0], [0, 0.5, 1]),
        (ops.hard_tanh, [-1.0, 0.0, 1.0], [0, 1, 0]),
        (ops.hard_sigmoid, [-3.0, 0.0, 3.0], [0, 1 / 6, 0]),
        (ops.soft_shrink, [-0.5, 0.0, 0.5, 0.6], [0, 0, 0, 1]),
        (ops.hard_shrink, [-0.5, 0.0, 0.5, 0.6], [0, 0, 0, 1]),
        (ops.sparse_plus, [-1.0, 0.0, 1.0], [0, 0.5, 1]),
        (lambda x: ops.threshold(x, 0.5, 2.0), [0.0, 0.5, 0.6], [0, 0, 1]),
    ],
)
def test_derivatives_at_kinks(function, kinks, expected, backend):
    np.testing.assert_allclose(slopes(function, np.asarray(kinks, "float32")), expected, rtol=1e-6)


def test_softmax_of_large_numbers(backend):
    x = ops.array([[1000.0, 0.0], [-1000.0, -1000.0]])
    np.testing.assert_array_equal(ops.softmax(x).numpy(), [[1, 0], [0.5, 0.5]])
    np.testing.assert_allclose(ops.log_softmax(x).numpy(), [[0, -1000], [-np.log(2)] * 2], rtol=1e-6)


def test_softmax_over_all_axes(backend):
    y = ops.softmax(ops.array([[1.0, 2.0], [3.0, 4.0]]), axis=None)
    np.testing.assert_allclose(ops.sum(y).numpy(), 1, rtol=1e-6)


@pytest.mark.parametrize("name", ["log_softmax", "softmax", "sparsemax"])
def test_no_scores_have_no_probabilities(name, backend):
    for shape, axis in (((3, 0), -1), ((0,), 0), ((2, 0, 3), 1), ((0, 3), -1)):
        x = ops.zeros(shape)
        assert getattr(ops, name)(x, axis=axis).shape == shape
        assert arraynet.grad(lambda x, a=axis: ops.sum(getattr(ops, name)(x, axis=a)))(x).shape == shape


def test_sparsemax_has_zeros_and_sums_to_one(backend):
    y = ops.sparsemax(ops.array([[3.0, 2.5, 0.0], [1.0, 1.0, 1.0], [1.0, 1.5, -np.inf], [1e8, 0.0, 1e8]])).numpy()
    np.testing.assert_allclose(y, [[0.75, 0.25, 0], [1 / 3] * 3, [0.25, 0.75, 0], [0.5, 0, 0.5]], rtol=1e-6)


def test_sparsemax_of_what_is_no_number_is_none(backend):
    assert np.isnan(ops.sparsemax(ops.array([[np.inf, 1.0], [np.nan, 1.0]])).numpy()).all()


def test_glu_needs_an_even_length():
    with pytest.raises(ValueError, match=r"glu: axis=-1 .* even length .* shape \(2, 3\)"):
        ops.glu(ops.ones((2, 3)))
    with pytest.raises(ValueError, match="axis=3 is out of range"):
        ops.glu(ops.ones((2, 4)), axis=3)


def test_selu_keeps_mean_and_variance():
    x = np.random.default_rng(0).normal(size=200_000)
    y = ops.selu(x).numpy()
    assert abs(y.mean()) < 0.01
    assert abs(y.var() - 1) < 0.01
