"""Patterns of axes."""

import numpy as np
import pytest

from arraynet import ops

X = np.arange(24).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("pattern", "lengths", "expected"),
    [
        ("a b c -> c a b", {}, X.transpose(2, 0, 1)),
        ("a b c -> (a b) c", {}, X.reshape(6, 4)),
        ("a b c -> b (c a)", {}, X.transpose(1, 2, 0).reshape(3, 8)),
        ("a b (c d) -> a c b d", {"c": 2}, X.reshape(2, 3, 2, 2).transpose(0, 2, 1, 3)),
        ("a b (c d) -> (d b) (a c)", {"d": 1}, X.transpose(1, 0, 2).reshape(3, 8)),
        ("row column c->column row c", {}, X.transpose(1, 0, 2)),
    ],
)
def test_rearrange(pattern, lengths, expected, backend):
    np.testing.assert_array_equal(ops.rearrange(X, pattern, **lengths).numpy(), expected)


@pytest.mark.parametrize("pattern", ["a b c", "a b c -> a b", "a b -> a b d", "a a c -> a c a", "a ... -> ... a"])
def test_sides_that_disagree(pattern):
    with pytest.raises(ValueError, match="must name the same axes, each once"):
        ops.rearrange(X, pattern)


@pytest.mark.parametrize(
    ("pattern", "lengths"),
    [("a b -> b a", {}), ("a b (c d) -> a b c d", {}), ("a b (c d) -> a b c d", {"c": 3}),
     ("a b c -> c b a", {"a": 3}), ("a b (c d) -> a b c d", {"c": 2, "d": 3})],
)  # fmt: skip
def test_lengths_that_do_not_fit(pattern, lengths):
    with pytest.raises(ValueError, match=r"does not fit the shape \(2, 3, 4\)"):
        ops.rearrange(X, pattern, **lengths)
