"""Defaults are process-wide, read the environment once, and refuse what means nothing."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from arraynet import config, ops


def test_defaults():
    assert config.floatx() == "float32"
    assert config.epsilon() == 1e-7
    assert config.crossentropy() == "logits"
    assert config.kernels() == "fused"


@pytest.mark.parametrize("value", ["float16", "float32", "float64"])
def test_floatx(value):
    config.set_floatx(value)
    assert config.floatx() == value
    assert ops.zeros(2).dtype == value
    assert ops.array([1.5]).dtype == value


@pytest.mark.parametrize("wrong", ["float", "int32", "bfloat16", None, 32])
def test_a_floatx_that_means_nothing(wrong):
    with pytest.raises(ValueError, match=r"floatx.*float16.*float32.*float64"):
        config.set_floatx(wrong)
    assert config.floatx() == "float32"


def test_epsilon():
    config.set_epsilon(1e-3)
    assert config.epsilon() == 1e-3
    for wrong in (0, -1e-7, float("nan")):
        with pytest.raises(ValueError, match="epsilon must be a"):
            config.set_epsilon(wrong)


def test_crossentropy():
    config.set_crossentropy("clip")
    assert config.crossentropy() == "clip"
    with pytest.raises(ValueError, match=r"crossentropy.*logits.*clip"):
        config.set_crossentropy("logit")


def test_seed():
    config.set_seed(7)
    assert config.seed() == config.seed() == 7
    config.set_seed(np.int64(8))
    assert config.seed() == 8
    assert type(config.seed()) is int
    for wrong in (-1, 1.5, True, "7", None):
        with pytest.raises(ValueError, match="A seed must be a non-negative int"):
            config.set_seed(wrong)


def test_kernels():
    config.set_kernels("generic")
    assert config.kernels() == "generic"
    with pytest.raises(ValueError, match=r"^kernels must be one of 'fused', 'native', 'generic', 'eager'"):
        config.set_kernels("slow")


@pytest.fixture
def unread(monkeypatch):
    """The settings as they are before anything was read."""
    monkeypatch.setattr(config, "_settings", type(config._settings)())
    for name in ("ARRAYNET_SEED", "ARRAYNET_KERNELS", "ARRAYNET_HOME"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_the_environment(unread, tmp_path):
    unread.setenv("ARRAYNET_SEED", "42")
    unread.setenv("ARRAYNET_KERNELS", "native")
    unread.setenv("ARRAYNET_HOME", str(tmp_path))
    assert config.seed() == 42
    assert config.kernels() == "native"
    assert config.home() == tmp_path
    unread.setenv("ARRAYNET_SEED", "43")
    assert config.seed() == 42, "it is read once"


def test_an_empty_variable_is_an_unset_one(unread):
    unread.setenv("ARRAYNET_KERNELS", "")
    unread.setenv("ARRAYNET_HOME", "")
    assert config.kernels() == "fused"
    assert config.home() == Path.home() / ".arraynet"


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("ARRAYNET_SEED", "abc", config.seed),
        ("ARRAYNET_SEED", "1.5", config.seed),
        ("ARRAYNET_KERNELS", "fast", config.kernels),
    ],
)
def test_an_environment_that_means_nothing(unread, name, value, read):
    unread.setenv(name, value)
    for _ in range(2):
        with pytest.raises(ValueError, match=f"{name}.*{value}"):
            read()


def test_a_backend_is_not_loaded_with_kernels_that_mean_nothing():
    code = "import os; os.environ['ARRAYNET_KERNELS'] = 'fast'; import arraynet; arraynet.set_backend('numpy')"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert "ARRAYNET_KERNELS must be one of 'fused', 'native', 'generic', 'eager', received 'fast'" in done.stderr


def test_without_a_seed_each_process_draws_its_own_and_tells_it(unread):
    assert config.seed() == config.seed() >= 0


def test_importing_reads_no_environment():
    code = (
        "import os; os.environ.update(ARRAYNET_BACKEND='x', ARRAYNET_SEED='x', ARRAYNET_KERNELS='x'); import arraynet"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
