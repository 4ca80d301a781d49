"""One table of dtypes: its laws, the examples that the design gives, and ops that follow it."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arraynet import Variable, config, ops, use_backend
from arraynet.backend import DTYPES
from arraynet.dtypes import promote, promote_float, promote_number

dtypes = st.sampled_from([np.dtype(name) for name in sorted(DTYPES)])
weak = st.sampled_from([bool, int, float])
kinds = st.lists(st.one_of(dtypes, weak), min_size=1, max_size=4)


@given(kinds=kinds, data=st.data())
def test_the_order_does_not_matter(kinds, data):
    assert promote(*kinds) == promote(*data.draw(st.permutations(kinds)))


@given(kind=dtypes)
def test_a_dtype_with_itself_is_itself(kind):
    assert promote(kind, kind) == kind


@given(a=dtypes, b=dtypes, c=dtypes)
def test_grouping_does_not_matter(a, b, c):
    if "uint64" in (a.name, b.name, c.name) and {d.kind for d in (a, b, c)} == {"u", "i", "f"}:
        return  # uint64 with a signed integer is floatx, which a third, narrower float does not know
    assert promote(promote(a, b), c) == promote(a, promote(b, c)) == promote(a, b, c)


@given(a=dtypes, b=dtypes)
def test_integers_never_widen_a_float(a, b):
    floats = [d for d in (a, b) if d.kind == "f"]
    if floats:
        assert promote(a, b) == max(floats, key=lambda d: d.itemsize)


@given(a=dtypes, b=dtypes)
def test_integers_hold_the_values_of_both(a, b):
    common = promote(a, b)
    if common.kind in "iu":
        for d in (a, b):
            assert np.can_cast(d, common, "safe")


@given(kind=dtypes, scalar=weak)
def test_a_scalar_decides_the_kind_and_never_the_width(kind, scalar):
    ranks = {"b": 0, "u": 1, "i": 1, "f": 2}
    common = promote(kind, scalar)
    if ranks[kind.kind] >= ranks[np.dtype(scalar).kind]:
        assert common == kind
    else:
        assert common == {int: "int32", float: config.floatx()}[scalar]


@given(kinds=kinds)
def test_functions_of_floats_take_everything_else_to_floatx(kinds):
    common = promote(*kinds)
    assert promote_float(*kinds) == (common if common.kind == "f" else config.floatx())
    assert promote_number(*kinds) == (common if common.kind != "b" else "int32")


EXAMPLES = [
    ("int32", "float32", "float32"),
    ("int64", "float32", "float32"),
    ("float16", "float32", "float32"),
    ("float32", "float64", "float64"),
    ("uint8", "int8", "int16"),
    ("int64", "float16", "float16"),
    ("uint32", "int32", "int64"),
    ("uint64", "int8", "float32"),
    ("bool", "uint8", "uint8"),
]


def known(*names):
    """Skip where the backend lacks a dtype."""
    found = ops.convert_to_tensor(0).backend
    missing = set(names) - found.dtypes
    if missing:
        pytest.skip(f"{found.name} has no {', '.join(sorted(missing))}")


@pytest.mark.parametrize(("one", "second", "common"), EXAMPLES)
def test_the_examples_of_the_design(one, second, common, backend):
    known(one, second)
    x, y = ops.ones(2, one), ops.ones(2, second)
    assert ops.add(x, y).dtype == ops.multiply(y, x).dtype == common


@pytest.mark.parametrize("kind", ["bool", "uint8", "int32", "int64"])
@pytest.mark.parametrize("name", ["sqrt", "exp", "floor", "ceil", "mean", "var", "log1p", "sin", "median"])
def test_functions_of_floats_give_floatx_for_integers(name, kind, backend):
    x = ops.ones(3, kind)
    assert getattr(ops, name)(x).dtype == "float32"
    config.set_floatx("float64")
    assert getattr(ops, name)(x).dtype == "float64"


@pytest.mark.parametrize("kind", ["bool", "uint8", "int32"])
def test_a_quotient_of_integers_is_floatx(kind, backend):
    x = ops.ones(3, kind)
    assert (x / x).dtype == ops.divide_no_nan(x, x).dtype == ops.reciprocal(x).dtype == "float32"


@pytest.mark.parametrize(
    ("kind", "total"),
    [("bool", "int32"), ("uint8", "uint32"), ("int8", "int32"), ("int32", "int32"), ("int64", "int64"),
     ("float16", "float16"), ("float32", "float32"), ("float64", "float64")],
)  # fmt: skip
@pytest.mark.parametrize("name", ["sum", "prod", "cumsum", "cumprod", "nansum"])
def test_sums_and_products_have_32_bits_at_least(name, kind, total, backend):
    known(kind)
    assert getattr(ops, name)(ops.ones((2, 3), kind)).dtype == total


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "prod"])
def test_a_named_dtype_wins(name, backend):
    assert getattr(ops, name)(ops.ones(3, "int32"), dtype="float64").dtype == "float64"
    assert getattr(ops, name)(ops.ones(3, "int32"), dtype="int8").dtype == "int8"


@pytest.mark.parametrize("kind", ["bool", "uint8", "int64", "float32"])
@pytest.mark.parametrize("name", ["argmax", "argmin", "argsort", "count_nonzero"])
def test_indices_and_counts_are_int32(name, kind, backend):
    assert getattr(ops, name)(ops.ones(3, kind)).dtype == "int32"


@pytest.mark.parametrize(("kind", "result"), [("bool", "int32"), ("uint8", "uint8"), ("int32", "int32")])
def test_an_initial_value_is_of_the_dtype_of_the_elements(kind, result, backend):
    x = ops.ones((2, 3), kind)
    for initial in (0, 2.0, True, np.float64(1.0), -math.inf, math.inf):
        y = ops.max(x, axis=1, initial=initial)
        assert y.dtype == result
        assert y.numpy().tolist() == [min(max(1, initial), np.iinfo(result).max)] * 2
    assert int(ops.min(x[:0], initial=math.inf)) == np.iinfo(result).max
    assert float(ops.max(ops.ones(2), initial=True)) == 1.0
    for initial in (2.5, 1e10, math.nan):
        with pytest.raises(ValueError, match=f"initial must be a number that {result} holds, received"):
            ops.min(x, initial=initial)


def test_top_k_gives_int32_indices(backend):
    values, indices = ops.top_k(ops.convert_to_tensor(np.array([3, 1, 2], "uint8")), 2)
    assert (values.dtype, indices.dtype) == ("uint8", "int32")


@pytest.mark.parametrize(
    ("name", "kind", "result"),
    [("round", "int32", "int32"), ("trunc", "uint8", "uint8"), ("absolute", "int64", "int64"), ("sign", "int8", "int8"),
     ("square", "bool", "int32"), ("negative", "int32", "int32"), ("sort", "int32", "int32"), ("max", "uint8", "uint8"),
     ("isnan", "int32", "bool"), ("logical_not", "float32", "bool"), ("any", "int32", "bool"),
     ("bitwise_not", "bool", "bool"), ("mean", "float16", "float16"), ("var", "float16", "float16"),
     ("std", "float16", "float16"), ("logsumexp", "float16", "float16")],
)  # fmt: skip
def test_unary_results(name, kind, result, backend):
    known(kind)
    assert getattr(ops, name)(ops.ones(3, kind)).dtype == result


@pytest.mark.parametrize("name", ["equal", "less", "greater_equal", "logical_and", "isclose"])
def test_comparisons_are_boolean(name, backend):
    for one, other in itertools.product(["bool", "int32", "float64"], repeat=2):
        assert getattr(ops, name)(ops.ones(2, one), ops.ones(2, other)).dtype == "bool"


@pytest.mark.parametrize(
    ("kind", "scalar", "result"),
    [("int32", 2.5, "float32"), ("int32", 2, "int32"), ("uint8", 2, "uint8"), ("float64", 2.5, "float64"),
     ("bool", 2, "int32"), ("bool", True, "int32"), ("int64", np.float64(2.5), "float32"),
     ("float32", np.float64(2.5), "float32"), ("float32", np.int64(2), "float32")],
)  # fmt: skip
def test_scalars_are_weak(kind, scalar, result, backend):
    x = ops.ones(3, kind)
    assert ops.add(x, scalar).dtype == ops.add(scalar, x).dtype == result
    np.testing.assert_array_equal(ops.add(x, scalar).numpy(), np.full(3, 1 + float(scalar)))


def test_a_host_array_beside_a_float_takes_its_dtype(backend):
    x = ops.ones(3, "float32")
    assert ops.add(x, np.ones(3)).dtype == ops.average(x, weights=np.ones(3)).dtype == "float32"
    assert ops.add(np.ones(3), 1).dtype == "float64"


TENTHS, LIST = np.array([0.1, 0.2]), [0.1, 0.2]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda x, y: ops.multiply(x, y), TENTHS * TENTHS),
        (lambda x, y: ops.equal(y, x), [True, True]),
        (lambda x, y: ops.where([False, True], x, y), TENTHS),
        (lambda x, y: ops.concatenate([y, x]), np.r_[TENTHS, TENTHS]),
        (lambda x, y: ops.hstack([x, y]), np.r_[TENTHS, TENTHS]),
        (lambda x, y: ops.append(x, y), np.r_[TENTHS, TENTHS]),
        (lambda x, y: ops.dot(x, y), TENTHS @ TENTHS),
        (lambda x, y: ops.solve(np.eye(2), y), TENTHS),
        (lambda x, y: ops.solve_triangular(np.eye(2), y), TENTHS),
        (lambda x, y: ops.searchsorted(x, y), [0, 1]),
        (lambda x, y: ops.digitize(y, x), [1, 2]),
        (lambda x, y: ops.slice_update(x, [0], y), TENTHS),
        (lambda x, y: ops.trapezoid(y, x), 0.15 * 0.1),
    ],
)
def test_a_list_takes_the_dtype_of_an_array_beside_it(call, expected, backend):
    found = call(TENTHS, LIST).numpy()
    assert found.dtype == ("float64" if found.dtype.kind == "f" else found.dtype)
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_bools_are_found_among_bools(backend):
    assert ops.isin([True, False], [True]).numpy().tolist() == [True, False]


def test_the_widest_array_decides_and_a_tensor_before_it(backend):
    narrow = np.ones(2, "float32")
    np.testing.assert_array_equal(ops.stack([narrow, LIST, TENTHS])[1], TENTHS)
    assert ops.multiply(narrow, LIST).dtype == ops.stack([ops.ones(2), LIST, TENTHS]).dtype == "float32"
    assert ops.hstack([TENTHS, ops.ones(2)]).dtype == ops.append(TENTHS, ops.ones(2)).dtype == "float32"
    assert ops.multiply(LIST, LIST).dtype == ops.multiply(np.array([1, 2]), LIST).dtype == "float32"
    assert ops.exp(np.float32(1)).dtype == "float32"


@pytest.mark.parametrize(
    "call",
    [
        lambda: ops.cast(0.1, "float64"),
        lambda: ops.cast([0.1], "float64")[0],
        lambda: ops.full(2, 0.1, "float64")[0],
        lambda: ops.full(2, [0.1, 0.2], "float64")[0],
        lambda: ops.full_like(TENTHS, 0.1)[1],
        lambda: ops.full_like(ops.ones(2), 0.1, "float64")[1],
        lambda: ops.linspace(0.1, 0.2, 3, dtype="float64")[0],
        lambda: ops.logspace(-1.0, 0.1, 3, dtype="float64")[0],
        lambda: ops.geomspace(0.1, 0.2, 3, dtype="float64")[0],
    ],
)
def test_numbers_of_the_host_are_rounded_to_the_dtype_that_is_named(call, backend):
    assert call().item() == 0.1


def test_large_integers_are_exact_and_what_fits_nowhere_is_cast_in_silence(backend):
    assert ops.full(1, 2.0**40 + 1, "int64").numpy().tolist() == [2**40 + 1]
    assert ops.cast([2.7, -2.7], "int32").numpy().tolist() == [2, -2]
    ops.cast([np.nan], "int32")


def test_values_made_from_a_variable_stay_on_its_backend():
    w = Variable([1.0, 2.0])
    with use_backend("strict"):
        for made in (ops.cast(w, "float64"), ops.array(w), ops.full_like(w, 0.1), ops.linspace(w, 3.0, 2)):
            assert made.backend is w.backend


@pytest.mark.parametrize(("given", "expected"), [("int8", "int32"), ("int16", "int32"), ("uint8", "uint32")])
def test_products_of_small_integers_are_as_wide_as_their_sums(given, expected, backend):
    x = ops.full((2, 2), 100, given)
    for name in ("matmul", "dot", "inner", "vdot"):
        assert getattr(ops, name)(x, x).dtype == expected, name
    for y in (ops.tensordot(x, x, 1), ops.einsum("ij,jk", x, x), ops.cumsum(x), ops.cumprod(x)):
        assert y.dtype == expected
    assert ops.matmul(x, x).numpy().max() == 20000
