"""Attention: what the table of cases cannot say."""

import pytest

from arraynet import ops


def test_what_is_masked_counts_for_nothing_however_low_the_other_scores_are(backend):
    query, key = ops.full((1, 2, 1, 1), 1000.0), ops.reshape([1.0, -30.0], (1, 2, 1, 1))
    value = ops.reshape([1.0, 2.0], (1, 2, 1, 1))
    y = ops.dot_product_attention(query, key, value, mask=[[[[False, True]]]])
    assert y.numpy().ravel().tolist() == [2, 2]


@pytest.mark.parametrize(("groups", "of_values"), [(3, 4), (2, 3)])
def test_groups_of_keys_and_of_values_divide_the_heads(groups, of_values):
    query, key, value = (ops.ones((1, 3, n, 5)) for n in (4, groups, of_values))
    with pytest.raises(ValueError, match="dot_product_attention: axis 2 of key and value divides that of query"):
        ops.dot_product_attention(query, key, value)
