"""Attention: what the table of cases cannot say."""

from arraynet import ops


def test_what_is_masked_counts_for_nothing_however_low_the_other_scores_are(backend):
    query, key = ops.full((1, 2, 1, 1), 1000.0), ops.reshape([1.0, -30.0], (1, 2, 1, 1))
    value = ops.reshape([1.0, 2.0], (1, 2, 1, 1))
    y = ops.dot_product_attention(query, key, value, mask=[[[[False, True]]]])
    assert y.numpy().ravel().tolist() == [2, 2]
