"""What the table of cases cannot say: derivatives where they jump, and errors."""

import numpy as np
import pytest

import arraynet as an
from arraynet import grad, hessian, ops, vjp


def gradient(f, *xs):
    """The gradients of the sum of ``f(*xs)``, as lists."""
    g = grad(lambda *xs: ops.sum(f(*xs)), argnums=tuple(range(len(xs))))(*map(ops.convert_to_tensor, xs))
    return [v.numpy().tolist() for v in g]


@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin"])
def test_a_tie_gives_each_a_half(name, backend):
    assert gradient(getattr(ops, name), [2.0, 1.0], [2.0, 1.0]) == [[0.5, 0.5], [0.5, 0.5]]
    assert gradient(getattr(ops, name), [np.inf, -np.inf], [np.inf, -np.inf]) == [[0.5, 0.5], [0.5, 0.5]]


def test_bins_may_be_counted_by_numpy(backend):
    counts, edges = ops.histogram([1.0, 2.0, 3.0], bins=np.int64(2))
    assert (counts.numpy().tolist(), edges.numpy().tolist()) == ([1, 2], [1, 2, 3])


@pytest.mark.parametrize("name", ["max", "min", "amax", "amin"])
def test_several_extrema_share_equally(name, backend):
    f = getattr(ops, name)
    assert gradient(lambda x: f(x, axis=1), [[3.0, 3.0, 3.0, 3.0]]) == [[[0.25] * 4]]
    assert gradient(f, [[-1.0, 2.0], [2.0, -1.0]])[0] in ([[0, 0.5], [0.5, 0]], [[0.5, 0], [0, 0.5]])


@pytest.mark.parametrize(("shape", "n"), [((0,), 1), ((2,), 5), ((0, 3), 1), ((0, 0), 2)])
def test_differences_of_too_few_have_an_empty_gradient(shape, n, backend):
    x = ops.ones(shape)
    assert ops.diff(x, n=n, axis=0).shape == (0, *shape[1:])
    assert grad(lambda x: ops.sum(ops.diff(x, n=n, axis=0)))(x).numpy().tolist() == np.zeros(shape).tolist()


def test_an_initial_value_takes_the_gradient_that_it_wins(backend):
    assert gradient(lambda x: ops.max(x, axis=1, initial=2.0), [[1.0, 0.0], [1.0, 3.0]]) == [[[0, 0], [0, 1]]]


def test_no_elements_need_an_initial_value(backend):
    nothing = ops.zeros((2, 0))
    assert ops.max(nothing, axis=1, initial=-1.0).numpy().tolist() == [-1, -1]
    assert ops.min(nothing, axis=(0, 1), keepdims=True, initial=4.0).numpy().tolist() == [[4]]
    assert (float(ops.sum(nothing)), float(ops.prod(nothing))) == (0, 1)
    with pytest.raises(ValueError, match=r"max: .*shape \(2, 0\)"):
        ops.max(nothing, axis=1)


@pytest.mark.parametrize("name", ["abs", "absolute", "fabs", "sign", "relu"])
def test_nothing_flows_at_zero(name, backend):
    assert gradient(getattr(ops, name), [0.0]) == [[0.0]]


def test_clip_passes_inside_and_at_its_bounds(backend):
    assert gradient(lambda x: ops.clip(x, -1.0, 1.0), [-2.0, -1.0, 0.5, 1.0, 2.0]) == [[0, 1, 1, 1, 0]]


def test_bounds_get_what_they_cut_off(backend):
    assert gradient(ops.clip, [-2.0, 0.0, 2.0], [-1.0, -1, -1], [1.0, 1, 1]) == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert gradient(ops.clip, [0.0], [2.0], [1.0]) == [[0], [0], [1]]  # crossed bounds: the upper one wins


def test_rounding_is_flat(backend):
    for name in ("floor", "ceil", "round", "trunc"):
        assert gradient(getattr(ops, name), [0.5, 1.25]) == [[0, 0]]


@pytest.mark.parametrize("x", [[2.0, 0.0, 3.0], [0.0, 0.0, 3.0], [2.0, 5.0, 3.0]])
def test_prod_is_right_with_zeros(x, backend):
    others = [np.prod(x[:k] + x[k + 1 :]) for k in range(3)]
    assert gradient(ops.prod, x) == [others]
    hessian = vjp(grad(ops.prod), ops.convert_to_tensor(x))[1](ops.convert_to_tensor([1.0, 0.0, 0.0]))[0]
    assert hessian.numpy().tolist() == [0, x[2], x[1]]


def test_powers_of_zero(backend):
    assert gradient(lambda x: x**0, [0.0, 2.0]) == [[0, 0]]
    assert gradient(ops.power, [0.0, 0.0, 2.0], [0.0, 1.0, 0.0]) == [[0, 1, 0], [0, 0, pytest.approx(np.log(2))]]
    assert gradient(lambda x: x**2, [0.0]) == [[0]]


@pytest.mark.parametrize("exponent", [-1, -2])
def test_an_integer_has_no_negative_integer_power(exponent, backend):
    with pytest.raises(ValueError, match=r"power: .*make it a float.*int32"):
        ops.convert_to_tensor([2, 3]) ** exponent


def test_a_quotient_of_zeros_has_no_gradient(backend):
    assert gradient(ops.divide_no_nan, [1.0, 0.0, 3.0], [0.0, 0.0, 2.0]) == [[0, 0, 0.5], [0, 0, -0.75]]
    assert gradient(ops.hypot, [0.0], [0.0]) == [[0], [0]]


def test_gaps_get_no_gradient(backend):
    x = [[np.nan, 2.0, 4.0]]
    assert gradient(ops.nan_to_num, x) == [[[0, 1, 1]]]
    assert gradient(ops.nansum, x) == [[[0, 1, 1]]]
    assert gradient(ops.nanmax, x) == [[[0, 0, 1]]]
    assert gradient(ops.nanmean, x) == [[[0, 0.5, 0.5]]]
    assert gradient(ops.nanvar, x) == [[[0, -1, 1]]]


def test_only_gaps(backend):
    x = ops.convert_to_tensor([[np.nan, np.nan], [1.0, np.nan]])
    assert ops.nanargmax(x, axis=1).numpy().tolist() == [-1, 0]
    for name in ("nanmax", "nanmin", "nanmean", "nanmedian"):
        np.testing.assert_array_equal(getattr(ops, name)(x, axis=1).numpy(), [np.nan, 1])


def test_sorting_sends_gradients_back_where_they_came_from(backend):
    x, g = ops.convert_to_tensor([3.0, 1.0, 2.0, 1.0]), ops.convert_to_tensor([10.0, 20.0, 30.0, 40.0])
    assert vjp(ops.sort, x)[1](g)[0].numpy().tolist() == [40, 10, 30, 20]
    values, indices = ops.top_k(x, 2)
    assert (values.numpy().tolist(), indices.numpy().tolist()) == ([3, 2], [0, 2])
    assert gradient(lambda x: ops.top_k(x, 2)[0], [3.0, 1.0, 2.0, 1.0]) == [[1, 0, 1, 0]]


def test_infinities_do_not_spoil_stable_forms(backend):
    inf = np.inf
    assert float(ops.logsumexp([-inf, -inf])) == -inf
    assert float(ops.logsumexp([inf, 0.0])) == inf
    assert float(ops.logaddexp(-inf, -inf)) == -inf
    assert float(ops.quantile([-inf, 1.0, inf], 0.5)) == 1
    for name in ("logaddexp", "logaddexp2"):
        assert gradient(getattr(ops, name), [800.0, inf, inf], [-800.0, 1.0, -inf]) == [[1, 1, 1], [0, 0, 0]]
        assert gradient(getattr(ops, name), [inf, -inf], [inf, -inf]) == [[0.5, 0.5], [0.5, 0.5]]


@pytest.mark.parametrize("size", [12345.0, 1e30])
def test_shares_of_large_numbers_sum_to_one(size, backend):
    for f in (ops.logaddexp, ops.logaddexp2):
        assert gradient(f, [size], [size]) == [[0.5], [0.5]]
    assert gradient(ops.logsumexp, [size] * 4) == [[0.25] * 4]


@pytest.mark.parametrize(("x", "shares"), [
    ([np.inf, 1.0], [1, 0]), ([np.inf, 1.0, np.inf], [0.5, 0, 0.5]), ([-np.inf, 1.0], [0, 1]),
    ([-np.inf, -np.inf], [0.5, 0.5]),
])  # fmt: skip
def test_infinities_share_what_logsumexp_takes_of_them(x, shares, backend):
    assert gradient(ops.logsumexp, x) == [shares]
    assert gradient(lambda x: ops.logsumexp(x, axis=1), [x, x]) == [[shares, shares]]


@pytest.mark.parametrize("function", [ops.softmax, ops.log_softmax])
def test_the_share_of_a_single_number_stays_1(function, backend):
    assert float(grad(function)(2.0)) == float(grad(grad(function))(2.0)) == 0


def test_logsumexp_of_nothing(backend):
    assert ops.logsumexp(ops.zeros((2, 0)), axis=1).numpy().tolist() == [-np.inf, -np.inf]
    assert ops.logsumexp(ops.zeros(0), keepdims=True).shape == (1,)
    assert gradient(lambda x: ops.logsumexp(x, axis=1), np.zeros((2, 0), "float32")) == [[[], []]]


@pytest.mark.parametrize(
    "name",
    ["sum", "mean", "max", "min", "prod", "any", "all", "var", "std", "logsumexp", "argmax", "argmin", "argsort",
     "sort", "cumsum", "cumprod", "diff", "median", "count_nonzero", "ptp", "nanmean"],
)  # fmt: skip
@pytest.mark.parametrize("axis", [2, -3])
def test_an_axis_out_of_range_is_named(name, axis, backend):
    with pytest.raises(ValueError, match=rf"axis=\(?{axis}.*(\(2, 3\)|2 axes)"):
        getattr(ops, name)(ops.ones((2, 3)), axis=axis)


def test_axes_may_be_a_list(backend):
    assert ops.sum(ops.ones((2, 3, 4)), axis=[0, -1]).numpy().tolist() == [8, 8, 8]


@pytest.mark.parametrize("f", [ops.prod, ops.cumsum, ops.argmax, ops.sort, ops.median, ops.cumprod])
def test_axes_may_be_an_array(f, backend):
    x = ops.reshape(ops.arange(12.0), (2, 3, 2))
    expected = f(x, axis=(0, 1)).numpy().tolist()
    for axes in (np.array([0, 1]), ops.array([0, 1])):
        assert f(x, axis=axes).numpy().tolist() == expected  # the first one alone had been taken
    assert f(x, axis=np.array(1)).numpy().tolist() == f(x, axis=1).numpy().tolist()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ops.top_k(ops.ones(3), 4), r"k=4.*\(3,\)"),
        (lambda: ops.diff(ops.ones(3), n=-1), "n=-1"),
        (lambda: ops.argpartition(ops.ones(3), 3), "kth=3"),
        (lambda: ops.average(ops.ones((2, 3)), axis=0, weights=np.ones(3)), r"weights have shape \(3,\)"),
        (lambda: ops.quantile(ops.ones(3), 1.5), "q=1.5"),
        (lambda: ops.quantile(ops.ones(3), 0.5, method="cubic"), "'linear', .*'cubic'"),
        (lambda: ops.median(ops.zeros((0,))), r"no elements.*\(0,\)"),
        (lambda: ops.searchsorted(ops.ones((2, 2)), 1.0), r"sorted_sequence .*\(2, 2\)"),
        (lambda: ops.searchsorted(ops.ones(2), 1.0, side="middle"), "'middle'"),
        (lambda: ops.histogram(ops.ones(3), bins=0), "received 0"),
        (lambda: ops.histogram(ops.ones(3), bins=[3, 1, 2]), r"ascending order, received \[3, 1, 2\]"),
        (lambda: ops.histogram(ops.ones(3), bins=2.5), r"bins must have one axis, received shape \(\)"),
        (lambda: ops.trapezoid(ops.ones(5), x=[0, 1]), r"trapezoid: x .* \(5,\).* received shape \(2,\)"),
        (lambda: ops.trapezoid(ops.ones((2, 3)), x=ops.ones((2, 1))), r"received shape \(2, 1\)"),
        (lambda: ops.average(ops.ones((2, 3)), axis=5, weights=[1.0]), "axis=5 is out of range"),
        (lambda: ops.unique(ops.ones((2, 2)), axis=2), "unique: axis=2 is out of range"),
        (lambda: ops.bincount(ops.ones((1, 1, 1), "int32")), r"bincount: x must have one axis.*\(1, 1, 1\)"),
        (lambda: ops.bincount([1, 2], weights=[1.0]), r"bincount: weights .*\(2,\), received shape \(1,\)"),
        (lambda: ops.bincount([1], sparse=True), "sparse"),
    ],
)
def test_errors_name_what_was_passed(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_range_has_no_derivative():
    with pytest.raises(TypeError, match=r"arange: start has no derivative: pass float\(start\)"):
        grad(lambda x: ops.sum(ops.arange(x, 4.0)))(1.5)  # it had been 0


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("shape", [(20, 2), (4, 5), (6, 2, 2), (3, 0), (0, 3)])
def test_parts_of_an_axis_are_compared_as_wholes(shape, axis, backend):
    x = np.random.default_rng(0).integers(0, 3, shape, "int32")
    more = dict.fromkeys(("return_index", "return_inverse", "return_counts"), True)
    for found, expected in zip(
        ops.unique(ops.array(x), axis=axis, **more), np.unique(x, axis=axis, **more), strict=True
    ):
        np.testing.assert_array_equal(found.numpy(), expected)


def test_fewer_or_more_distinct_rows_than_there_are(backend):
    x = ops.array([[1, 2], [0, 1], [1, 2]])
    assert ops.unique(x, axis=0, size=1).numpy().tolist() == [[0, 1]]
    assert ops.unique(x, axis=0, size=3).numpy().tolist() == [[0, 1], [1, 2], [0, 1]]
    assert ops.unique(x, axis=0, size=3, fill_value=9).numpy().tolist() == [[0, 1], [1, 2], [9, 9]]
    assert ops.unique([2, 1, 2], size=4, return_index=True)[1].numpy().tolist() == [1, 0, 1, 1]  # of the smallest


def test_rows_are_counted_each_by_itself(backend):
    assert ops.bincount(ops.array([[1, 2, 1], [0, 3, -1]])).numpy().tolist() == [[0, 2, 1, 0], [1, 0, 0, 1]]
    weighed = ops.bincount(ops.array([[1, 2], [0, 1]]), weights=[[1.0, 2.0], [3.0, 4.0]], minlength=4)
    assert weighed.numpy().tolist() == [[0, 1, 2, 0], [3, 4, 0, 0]]
    assert ops.bincount(ops.zeros((0, 3), "int32"), minlength=2).shape == (0, 2)


def test_a_number_is_in_order(backend):
    assert ops.argsort(3.0).numpy().tolist() == [0]


def test_several_classes_may_be_booleans(backend):
    assert ops.multi_hot([0, 2], 3, dtype="bool").numpy().tolist() == [True, False, True]


def test_all_axes_are_normalized_as_one(backend):
    np.testing.assert_allclose(ops.normalize([[3.0, 0.0], [0.0, 4.0]], axis=None).numpy(), [[0.6, 0], [0, 0.8]])


@pytest.mark.parametrize("name", ["bitwise_and", "left_shift", "gcd"])
def test_bits_and_divisors_are_for_integers(name, backend):
    with pytest.raises(TypeError, match=f"{name}: .*float32"):
        getattr(ops, name)(ops.ones(2), ops.ones(2))


def test_booleans_count_as_int32(backend):
    t = ops.convert_to_tensor([True, False])
    assert (t + t).numpy().tolist() == [2, 0]
    assert (-t).numpy().tolist() == [-1, 0]
    assert (t - 1).numpy().tolist() == [0, -1]
    assert ops.max(t).dtype == "int32"
    assert (t & ~t).numpy().tolist() == [False, False]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nextafter_takes_the_smallest_step(dtype, backend):
    one, two = ops.convert_to_tensor(1.0, dtype), ops.convert_to_tensor(2.0, dtype)
    assert ops.nextafter(one, two).numpy() == 1 + np.finfo(dtype).eps
    assert ops.nextafter(two, one).numpy() == 2 - np.finfo(dtype).eps


def test_correlation_errors():
    with pytest.raises(ValueError, match=r"correlate: .*\(2, 2\) and \(3,\)"):
        ops.correlate(ops.ones((2, 2)), ops.ones(3))
    with pytest.raises(ValueError, match="'valid', 'same', 'full', received 'wide'"):
        ops.correlate(ops.ones(2), ops.ones(3), mode="wide")
    with pytest.raises(ValueError, match=r"corrcoef: .*\(1, 2, 3\)"):
        ops.corrcoef(ops.ones((1, 2, 3)))
    assert ops.corrcoef(ops.ones((0, 3))).shape == (0, 0)
    assert np.isnan(ops.corrcoef(ops.ones((2, 0))).numpy()).tolist() == [[True] * 2] * 2
    assert np.isnan(ops.corrcoef(ops.ones(0)).numpy())


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
@pytest.mark.parametrize("reduce", [ops.mean, ops.var, ops.std, ops.sum, ops.prod])
def test_what_reduces_nothing_has_no_gradient(reduce, backend):
    first = grad(lambda x: ops.sum(reduce(x, axis=0)))
    second = grad(lambda x: ops.sum(first(x)))
    assert first(ops.zeros((0, 3))).shape == second(ops.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("part", [ops.tril, ops.triu])
def test_a_vector_has_no_triangle(part, backend):
    with pytest.raises(ValueError, match=r"tri[lu]: x needs two axes or more, it has shape \(3,\); diag makes"):
        part(ops.ones(3))


def test_sinc_bends_at_0_as_it_does_beside_it(backend):
    x = np.array([0.0, 1e-9, 1e-3, 1e20])
    np.testing.assert_allclose(gradient(ops.sinc, x)[0][:3], -(np.pi**2) / 3 * x[:3], rtol=1e-5)
    second = gradient(grad(lambda x: ops.sum(ops.sinc(x))), x)[0]
    np.testing.assert_allclose(second, [*[-(np.pi**2) / 3] * 3, 0], rtol=1e-5, atol=1e-15)


@pytest.mark.parametrize("reduce", [ops.max, ops.min])
def test_what_has_no_largest_number_has_no_gradient_either(reduce, backend):
    slopes = grad(lambda x: ops.sum(reduce(x, axis=1)))(ops.array([[1.0, np.nan], [2.0, 2.0]]))
    np.testing.assert_array_equal(slopes.numpy(), [[np.nan, np.nan], [0.5, 0.5]])  # it had been 0


def test_second_derivatives_far_out_and_at_infinity(backend):
    x = np.array([-3e30, -1e3, -5.0, 0.0, 5.0, 1e30, np.inf, -np.inf])
    second = gradient(grad(lambda x: ops.sum(ops.squareplus(x))), x)[0]
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(second, 2 / (x * x + 4) ** 1.5, rtol=1e-5)
    for row in ([-np.inf, -np.inf], [np.inf, 0.0], [np.inf, np.inf], [-np.inf, 0.0]):
        assert not hessian(ops.logsumexp)(ops.array(row)).numpy().any()


@pytest.mark.parametrize("name", ["sign", "cbrt"])
def test_minus_zero_has_numpys_sign_in_loops_that_end_in_a_sum_and_elsewhere(name, other):
    """A loop of its own, one that goes on and one with a sum; shown by the infinity that 1 is divided by it to."""
    f, x = getattr(ops, name), np.full((3, 40), -0.0, "float32")
    expected = np.copysign(np.float32(np.inf), getattr(np, name)(x))
    with an.use_backend(other):
        x = ops.array(x)
        for g in (lambda x: 1 / f(x), lambda x: 1 / f(x * 2.0), lambda x: ops.sum(1 / f(x), axis=1, keepdims=True)):
            for found in (g(x), an.jit(g)(x), an.jit(lambda x, g=g: g(x) * 1.5)(x)):
                np.testing.assert_array_equal(ops.broadcast_to(found, x.shape).numpy(), expected)
