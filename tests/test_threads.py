"""One number for the threads of all libraries, applied when a backend is first used."""

import math
import os
import subprocess
import sys

import pytest

from arraynet import threads

REPORT = """
import os, pathlib, sys, arraynet
arraynet.threads.ROOT, os.cpu_count = pathlib.Path({root!r}), lambda: 64
assert 'threadpoolctl' not in sys.modules
arraynet.ops.zeros(1)
assert ('threadpoolctl' in sys.modules) == {limited}
import threadpoolctl
print(*(pool['num_threads'] for pool in threadpoolctl.threadpool_info()))
"""


def run(code, **environment):
    inherited = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=inherited | environment, capture_output=True, text=True, check=False)


def counts(limited, root="/nowhere", **environment):
    done = run(REPORT.format(limited=limited, root=str(root)), **environment)
    assert done.returncode == 0, done.stderr
    return [int(count) for count in done.stdout.split()]


def test_all_libraries_get_the_number():
    assert set(counts(True, ARRAYNET_NUM_THREADS="1")) == {1}


def test_without_it_they_keep_their_own():
    assert counts(False) == counts(False, ARRAYNET_NUM_THREADS="")
    assert counts(False, OPENBLAS_NUM_THREADS="1") == [1]


def linux(root, groups, **files):
    """Write what Linux tells a process of its control groups, and of each file there; return the folder."""
    for name, text in {"proc/self/cgroup": groups, **{f"sys/fs/cgroup/{k}": v for k, v in files.items()}}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{text}\n")
    return root


def test_in_a_container_there_are_as_many_as_its_share_of_the_cores(tmp_path):
    share = linux(tmp_path, "0::/", **{"cpu.max": "50000 100000"})
    assert set(counts(True, share)) == {1}
    assert set(counts(True, share, ARRAYNET_NUM_THREADS="2")) == {2}


def test_a_share_of_the_cores_adds_no_threads(tmp_path):
    share = linux(tmp_path, "0::/", **{"cpu.max": "200000 100000"})
    assert counts(True, share, OPENBLAS_NUM_THREADS="1") == [1]
    assert counts(False, linux(tmp_path, "0::/", **{"cpu.max": "6400000 100000"}), OPENBLAS_NUM_THREADS="1") == [1]


@pytest.mark.parametrize(
    ("groups", "files", "share"),
    [
        ("0::/", {"cpu.max": "150000 100000"}, 2),
        ("0::/", {"cpu.max": "max 100000"}, math.inf),
        ("0::/", {}, math.inf),
        ("0::/a.slice/b", {"a.slice/b/cpu.max": "max 100000", "a.slice/cpu.max": "300000 100000"}, 3),
        ("0::/a/b", {"a/b/cpu.max": "100000 100000", "a/cpu.max": "300000 100000"}, 1),
        ("3:cpu,cpuacct:/x\n0::/", {"cpu/cpu.cfs_quota_us": "400000", "cpu/cpu.cfs_period_us": "100000"}, 4),
        ("3:cpu:/x", {"cpu/x/cpu.cfs_quota_us": "-1", "cpu/x/cpu.cfs_period_us": "100000"}, math.inf),
        ("2:cpuset:/", {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, math.inf),
        ("something else", {"cpu.max": "100000 100000"}, math.inf),
        ("0::/", {"cpu.max": "much"}, math.inf),
    ],
)
def test_a_share_of_the_cores_is_what_linux_says(groups, files, share, tmp_path, monkeypatch):
    monkeypatch.setattr(threads, "ROOT", linux(tmp_path, groups, **files))
    assert threads.core_share() == share


def test_systems_without_control_groups_limit_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(threads, "ROOT", tmp_path)
    assert threads.core_share() == math.inf


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "9" * 20])
def test_a_value_that_means_nothing(value, monkeypatch):
    monkeypatch.setenv("ARRAYNET_NUM_THREADS", value)
    with pytest.raises(ValueError, match=rf"NUM_THREADS must be an integer from 1 to 2147483647, received '{value}'"):
        threads.wanted_threads()


def test_it_is_an_error_at_every_use():
    code = "import arraynet\nfor _ in range(2):\n    try: arraynet.ops.zeros(1)\n    except ValueError as e: print(e)"
    assert run(code, ARRAYNET_NUM_THREADS="many").stdout.count("received 'many'") == 2
