"""Every layer, loss, metric and optimizer, and five networks trained: on each backend the reference's numbers."""

import numpy as np
import pytest

from arraynet import config, layers, losses, metrics, optimizers
from arraynet.backend import NumPyBackend
from arraynet.layers import Layer
from arraynet.losses import Loss
from arraynet.metrics import Metric
from arraynet.optimizers import Optimizer
from arraynet.testing import check_backend
from arraynet.testing.conformance import check_part
from arraynet.testing.parts import LAYERS, LOSSES, METRICS, NETWORKS, OPTIMIZERS, PARTS

ABSTRACT = {"Layer", "Merge", "Loss", "Metric", "MeanMetricWrapper", "Optimizer", "FunctionLoss"}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.id)
def test_a_part_equals_the_reference(part, other):
    assert not check_part(part, other).problems


@pytest.mark.parametrize(
    ("face", "base", "table"),
    [
        (layers, Layer, LAYERS),
        (losses, Loss, LOSSES),
        (metrics, Metric, METRICS),
        (optimizers, Optimizer, OPTIMIZERS),
    ],
    ids=["layers", "losses", "metrics", "optimizers"],
)
def test_every_class_has_a_line_in_its_table(face, base, table):
    public = {name for name, thing in vars(face).items() if isinstance(thing, type) and issubclass(thing, base)}
    assert public - ABSTRACT - {part.name.partition("-")[0] for part in table} == set(), "add it to testing/parts"


def test_names_are_unique_and_networks_are_five():
    assert len({part.id for part in PARTS}) == len(PARTS)
    assert len(NETWORKS) == 5


@pytest.mark.parametrize("part", [LAYERS[0], NETWORKS[0]], ids=lambda part: part.id)
def test_a_run_repeats_and_leaves_the_seed_alone(part):
    config.set_seed(99)
    first, second = part.results("numpy"), part.results("numpy")
    assert config.seed() == 99
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name])


def test_the_kit_runs_parts_and_finds_what_the_ops_do_not_show():
    class Careless(NumPyBackend):
        name = "careless"

        def asarray(self, x, dtype=None):
            x = super().asarray(x, dtype)
            return x if x.shape != (16, 4, 4) else x * np.float32(1.1)  # a batch: no op case looks like it

    report = check_backend(Careless(), [], NETWORKS[:1])
    assert [row.case for row in report.rows] == ["network classifier"]
    assert any(text.startswith("network classifier: loss differs") for text in report.failures)


def test_what_a_part_raises_is_a_finding():
    class Broken(NumPyBackend):
        name = "broken"

        def asarray(self, x, dtype=None):
            raise RuntimeError("no memory")

    assert check_part(LAYERS[0], Broken()).problems == ["RuntimeError: no memory"]
