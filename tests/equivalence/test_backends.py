"""One computation on every backend: the same numbers as the reference, through training steps too."""

import numpy as np
import pytest
from support import gpu

import arraynet
from arraynet import GradientTape, Variable, ops
from arraynet.testing import check_backend, conformance
from arraynet.testing.cases import CASES
from arraynet.testing.conformance import check_case
from arraynet.testing.report import Row


def trained(backend, steps=20):
    """The losses and the weights of a small classifier trained by hand."""
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(16, 5)).astype("float32"), rng.integers(0, 3, 16)
    start = [rng.normal(size=shape).astype("float32") * 0.5 for shape in ((5, 8), (8,), (8, 3), (3,))]
    with arraynet.use_backend(backend):
        weights = [Variable(w) for w in start]
        inputs, targets = ops.array(x), ops.array(np.eye(3, dtype="float32")[labels])
        losses = []
        for _ in range(steps):
            with GradientTape() as tape:
                w1, b1, w2, b2 = weights
                hidden = ops.relu(ops.matmul(inputs, w1) + b1)
                logits = ops.matmul(hidden, w2) + b2
                loss = -ops.mean(ops.sum(targets * ops.log_softmax(logits), axis=-1))
            for w, g in zip(weights, tape.gradient(loss, weights), strict=True):
                w.assign_sub(0.5 * g)
            losses.append(float(loss))
        return losses, [w.numpy() for w in weights]


def test_training_by_hand(other):
    losses, weights = trained(other)
    expected, reference = trained("numpy")
    assert losses[-1] < 0.5 * losses[0]
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    for w, e in zip(weights, reference, strict=True):
        np.testing.assert_allclose(w, e, rtol=1e-3, atol=1e-5)


def test_doors_primitives_and_signatures(other):
    report = check_backend(other, [])
    assert report.ok, str(report)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_an_op_equals_the_reference(case, other):
    gpu.assert_none(check_case(case, other).problems)


def test_the_kit_runs_every_case(monkeypatch):
    monkeypatch.setattr(conformance, "check_case", lambda case, backend: Row(case.id))
    assert [row.case for row in check_backend("numpy").rows] == [case.id for case in CASES]
