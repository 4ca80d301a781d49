"""The gradient check passes right rules and finds wrong ones, of first and of second order."""

import numpy as np
import pytest

from arraynet import custom_vjp, ops
from arraynet.testing import check_gradients
from arraynet.testing.case import case, normal
from arraynet.testing.tolerances import tolerance

pytestmark = pytest.mark.usefixtures("backend")
X = normal(3, 4)


def with_rule(rule):
    f = custom_vjp(lambda x: x**3)
    f.defvjp(lambda x: (x**3, x), lambda x, g: (rule(x, g),))
    return f


def test_right_rules_pass():
    check_gradients(with_rule(lambda x, g: 3 * g * x * x), X)
    check_gradients(lambda a, b: [ops.matmul(a, b), ops.sum(a)], X, normal(4, 2))
    check_gradients(lambda pair, n: pair[0] * pair[1] * n, [X, X + 1], np.int32(3))


@pytest.mark.parametrize("rule", [lambda x, g: 2 * g * x * x, lambda x, g: -3 * g * x * x, lambda x, g: g * 0])
def test_a_wrong_rule_is_found(rule):
    with pytest.raises(AssertionError, match=r"derivative .*, difference"):
        check_gradients(with_rule(rule), X)


def test_a_rule_that_is_wrong_only_to_second_order_is_found():
    f = with_rule(lambda x, g: 3 * g * ops.stop_gradient(x * x))
    check_gradients(f, X, order=1)
    with pytest.raises(AssertionError, match=r"derivative .*, difference"):
        check_gradients(f, X, order=2)


def test_a_case_fills_in_its_static_arguments():
    one = case("sum", lambda x: x.sum(axis=1), X, axis=1, variant="rows")
    assert one.id == "sum-rows"
    np.testing.assert_allclose(one.function()(ops.array(X)), one.expected())
    assert one.arrays("float32")[0].dtype == "float32"
    assert one.dtypes_of("float32") == {"float32"}


def test_tolerances_by_dtype_and_purpose():
    value, gradient = tolerance("add", "float32"), tolerance("add", "float32", "gradient")
    assert gradient["rtol"] > value["rtol"] > tolerance("add", "float64")["rtol"]
