"""Fractions, lists and nothing where whole numbers, axes or pairs are wanted: refused, and by what was called."""

import numpy as np
import pytest
from support.classifier import X, net
from support.misuse import refused, table

from arraynet import callbacks, layers, ops, optimizers

AXES = {
    **dict.fromkeys(("argmax", "cumsum", "flip", "glu", "median", "norm", "prod", "squeeze", "unstack"), ()),
    **dict.fromkeys(("roll", "repeat", "split", "take"), (1,)),
    **dict.fromkeys(("cross", "vecdot"), (X,)),
}


@table(
    ("classes", lambda: ops.one_hot([0, 1], 2.5), TypeError, "one_hot: num_classes|int|2.5"),
    ("a row of classes", lambda: ops.multi_hot([0, 1], 2.5), TypeError, "multi_hot: num_classes|2.5"),
    ("a triangle", lambda: ops.tri(2.5), TypeError, "tri: |2.5"),
    ("a diagonal", lambda: ops.tri(3, k=0.5), TypeError, "tri: k must be an int|0.5"),
    ("a diagonal of a matrix", lambda: ops.tril(X, 0.5), TypeError, "tril: k must be an int|0.5"),
    ("an offset", lambda: ops.trace(X, 0.5), TypeError, "trace: offset must be an int|0.5"),
    ("rows", lambda: ops.eye(2.0), TypeError, "eye: |2.0"),
    ("negative rows", lambda: ops.eye(-1), ValueError, "eye: |negative"),
    ("bins", lambda: ops.bincount([1, 2], minlength=4.5), TypeError, "bincount: minlength|4.5"),
    ("segments", lambda: ops.segment_max([1.0], [0], num_segments=1.5), TypeError, "segment_max: num_segments|1.5"),
    ("turns", lambda: ops.fori_loop(0.5, 3.7, lambda i, v: v, 0.0), TypeError, "fori_loop: lower|0.5"),
    ("most turns", lambda: ops.while_loop(bool, bool, 1, 2.5), TypeError, "while_loop: maximum_iterations|2.5"),
    ("decimals", lambda: ops.round(X, 0.5), TypeError, "round: decimals|0.5"),
    ("a start", lambda: ops.slice(X, (0.5, 0), (1, 1)), TypeError, "slice: a start|0.5"),
    ("distinct ones", lambda: ops.unique([1, 2], size=2.5), TypeError, "unique: size|2.5"),
    ("the best", lambda: ops.in_top_k([0], [[0.1, 0.2]], 1.5), TypeError, "in_top_k: k|1.5"),
    ("a place", lambda: ops.argpartition([1.0, 2.0], 0.5), TypeError, "argpartition: kth|0.5"),
    ("differences", lambda: ops.diff([1.0, 2.0], n=1.5), TypeError, "diff: n|1.5"),
    ("places", lambda: ops.roll(X, 1.5), TypeError, "roll: shift|1.5"),
    ("one axis of several", lambda: ops.transpose(X, 1), ValueError, "transpose: axes=(1,)|each of the 2"),
    ("axes that meet", lambda: ops.tensordot(X, X, axes=1.5), ValueError, "tensordot: axes|pair|1.5"),
    ("a number's factors", lambda: ops.qr(1.5), ValueError, "qr: x holds matrices|()"),
    ("no index", lambda: ops.scatter([], [1.0], (3,)), ValueError, "one index per axis|(0,)"),
    ("a range of one", lambda: ops.histogram([1.0], range=3), ValueError, "histogram: |ascending pair|received 3"),
    ("classes below none", lambda: ops.one_hot([0], -1), ValueError, "one_hot: |negative|-1"),
    ("segments below none", lambda: ops.segment_sum([1.0], [0], -1), ValueError, "segment_sum: |negative|-1"),
    ("fewer than none", lambda: ops.unique([1, 2], size=-1), ValueError, "unique: |negative|-1"),
    ("text for a flag", lambda: ops.svd(X, "a"), ValueError, "svd: full_matrices must be True or False|'a'"),
    (
        "flags in a row",
        lambda: ops.cholesky(ops.eye(2), np.ones(3)),
        ValueError,
        "cholesky: upper must be True or False|array",
    ),
    ("no subscripts", lambda: ops.einsum(X, X), TypeError, "einsum: subscripts|'ij,jk->ik'|ndarray"),
    ("an axis of features", lambda: layers.BatchNormalization(axis=True), ValueError, "axis must be one int|True"),
    ("no axis", lambda: layers.LayerNormalization(axis=None), ValueError, "LayerNormalization: axis|None"),
    ("half an axis", lambda: layers.Normalization(axis=1.5), ValueError, "Normalization: axis|1.5"),
    ("shared axes", lambda: layers.PReLU(shared_axes="a"), ValueError, "PReLU: shared_axes|'a'"),
    ("half a length", lambda: layers.Reshape(1.5), ValueError, "Reshape: target_shape|1.5"),
    ("places of axes", lambda: layers.Permute(1.5), ValueError, "Permute: dims|1.5"),
    ("a batch", lambda: layers.Input((3,), batch_size="a"), ValueError, "Input: batch_size|'a'"),
    ("a watched number", lambda: callbacks.EarlyStopping(monitor=3), ValueError, "EarlyStopping: monitor|'val_loss'|3"),
    ("no gradients", lambda: optimizers.SGD().apply_gradients(None), ValueError, "zip(gradients, variables)|None"),
    ("a column", lambda: net().summary(positions=5), ValueError, "positions|(0.45, 0.8, 1.0)|5"),
    ("a layer", lambda: net().summary(layer_range=3), ValueError, "layer_range|first and a last|3"),
)
def test_what_is_no_whole_number_or_pair(program, error, words):
    refused(program, error, words)


@pytest.mark.parametrize("name", AXES)
def test_an_axis_out_of_range(name):
    with pytest.raises(ValueError, match=f"^{name}: axis=7 is out of range"):
        getattr(ops, name)(X, *AXES[name], axis=7)


def test_integers_of_any_library_are_whole_numbers():
    one = np.int64(1)
    assert ops.slice(np.arange(4), one, (2,)).numpy().tolist() == [1, 2]
    assert ops.slice_update(np.arange(3), one, [7]).numpy().tolist() == [0, 7, 2]
    assert ops.one_hot([0], ops.array(2)).shape == ops.one_hot([0], one + one).shape == (1, 2)
    assert layers.Reshape(np.array([2, 3])).target_shape == (2, 3)
    assert layers.PReLU(shared_axes=one).shared_axes == [1]
