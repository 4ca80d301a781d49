"""Einsum against NumPy's on random subscripts, and its errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arraynet import ops
from arraynet.testing.case import normal

SIZES = {"a": 2, "b": 3, "c": 1, "d": 4}


@st.composite
def expressions(draw):
    terms = draw(st.lists(st.text("abcd", max_size=4), min_size=1, max_size=4))
    letters = sorted({letter for term in terms for letter in term})
    output = draw(st.lists(st.sampled_from(letters), unique=True)) if letters else []
    arrow = draw(st.sampled_from(["->" + "".join(output), ""]))
    return ",".join(terms) + arrow


@settings(max_examples=150, deadline=None)
@given(expressions())
def test_any_subscripts_give_what_numpy_gives(subscripts):
    terms = subscripts.split("->")[0].split(",")
    operands = [normal(*(SIZES[letter] for letter in term), seed=k) for k, term in enumerate(terms)]
    expected = np.einsum(subscripts, *operands)
    y = ops.einsum(subscripts, *operands)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("subscripts", "shapes", "message"),
    [
        ("ij,jk", [(2, 3)], "names 2 operands, received 1"),
        ("ij", [(2, 3, 4)], r"'ij' of 'ij' does not fit an operand of rank 3"),
        ("ijk...", [(2, 3)], "does not fit an operand of rank 2"),
        ("i1", [(2, 3)], "letters and one"),
        ("ij->ik", [(2, 3)], "letters of the left stand, each once"),
        ("ij->ii", [(2, 3)], "letters of the left stand, each once"),
        ("ij,jk", [(2, 3), (4, 5)], r"axes 'j' of 'ij,jk' differ in length: shapes \(2, 3\) and \(4, 5\)"),
        ("ii", [(1, 3)], "axes 'i' .* differ"),
        ("...i->i", [(2, 3)], r"needs it on the right"),
    ],
)
def test_errors_name_subscripts_and_shapes(subscripts, shapes, message):
    with pytest.raises(ValueError, match=message):
        ops.einsum(subscripts, *(np.ones(shape) for shape in shapes))


def test_integers_stay_integers(backend):
    y = ops.einsum("ij,jk", ops.array([[1, 2]]), ops.array([[3], [4]]))
    assert y.dtype == "int32"
    assert y.numpy().tolist() == [[11]]


@pytest.mark.parametrize("subscripts", ["i,i->i", "i,j->ij", "i,i->", "i,i,j->i", "i->i"])
def test_bytes_are_int32_whatever_is_summed(subscripts, backend):
    x = np.array([100, -100], "int8")
    x = [x] * len(subscripts.partition("->")[0].split(","))
    y = ops.einsum(subscripts, *x)
    assert y.dtype == "int32"
    np.testing.assert_array_equal(y.numpy(), np.einsum(subscripts, *x, dtype="int32"))


def test_the_smallest_product_comes_first():
    """From left to right the third step would need 100 GB."""
    v = np.ones(3000, "float32")
    np.testing.assert_allclose(ops.einsum("i,j,k,i,j,k->", v, v, v, v, v, v).numpy(), 2.7e10, rtol=1e-6)
