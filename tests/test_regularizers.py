"""Penalties, their derivatives, and names."""

import numpy as np
import pytest

import arraynet
from arraynet import regularizers
from arraynet.regularizers import L1, L1L2, L2, OrthogonalRegularizer

W = np.float32([[1, -2], [3, 0.5]])


@pytest.mark.parametrize(("regularizer", "expected"), [
    (L1(), 0.065), (L1(0.5), 3.25), (L2(), 0.1425), (L2(0.5), 7.125), (L1L2(0.5, 0.5), 10.375), (L1L2(), 0.0),
])  # fmt: skip
def test_penalties(regularizer, expected, backend):
    assert float(regularizer(W)) == pytest.approx(expected)


def test_what_has_no_factor_makes_no_nan_of_large_weights(backend):
    large = np.float32([1e20, -1e20])  # whose squares overflow
    assert float(L1L2(0.5)(large)) == pytest.approx(1e20)
    assert float(L1L2(l2=0.5)(np.float32([2.0]))) == 2.0
    np.testing.assert_array_equal(arraynet.grad(L1L2(0.5))(large).numpy(), [0.5, -0.5])
    none = L1L2()(np.float32([[np.inf, np.nan]]))
    assert (none.shape, none.dtype.name, float(none)) == ((), "float32", 0.0)
    np.testing.assert_array_equal(arraynet.grad(L1L2())(large).numpy(), [0.0, 0.0])


def test_names_in_small_letters():
    assert (regularizers.l1, regularizers.l2, regularizers.l1_l2) == (L1, L2, L1L2)


@pytest.mark.parametrize(("mode", "expected"), [("rows", 0.1470429), ("columns", 0.03834825)])
def test_the_orthogonal_penalty(mode, expected, backend):
    regularizer = OrthogonalRegularizer(0.5, mode)  # numbers from Keras 3.15.1
    assert float(regularizer(W)) == pytest.approx(expected, rel=1e-5)
    assert regularizers.get(regularizers.serialize(regularizer)).get_config() == {"factor": 0.5, "mode": mode}


def test_the_derivative_reaches_the_weight(backend):
    g = arraynet.grad(L1L2(0.5, 0.25))(W)
    np.testing.assert_allclose(g.numpy(), 0.5 * np.sign(W) + 0.5 * W)


@pytest.mark.parametrize(("name", "cls"), [("l1", L1), ("L2", L2), ("l1_l2", L1L2), ("L1L2", L1L2)])
def test_names(name, cls):
    assert type(regularizers.get(name)) is cls


def test_configurations_and_what_is_let_through():
    again = regularizers.get(regularizers.serialize(L1L2(0.1, 0.2)))
    assert again.get_config() == {"l1": 0.1, "l2": 0.2}
    assert type(L1(np.float32(0.5)).l1) is float
    assert regularizers.get(None) is None
    assert regularizers.get(abs) is abs
    assert type(regularizers.get(L2)) is L2


def test_what_is_refused():
    with pytest.raises(ValueError, match="Could not interpret regularizer"):
        regularizers.get("l3")
    for factor in (-0.1, True, "a"):
        with pytest.raises(ValueError, match="l1 must be"):
            L1(factor)
    with pytest.raises(ValueError, match="l2 must be finite"):
        L2(float("inf"))
    with pytest.raises(ValueError, match="l2 must be"):
        L2(float("nan"))
    with pytest.raises(ValueError, match="mode"):
        OrthogonalRegularizer(mode="diagonal")
    with pytest.raises(ValueError, match="matrix"):
        OrthogonalRegularizer()(W[0])
