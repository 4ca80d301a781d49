"""One number for the threads of all libraries, applied when a backend is first used."""

import os
import subprocess
import sys

import pytest

from arraynet import threads

REPORT = """
import sys, arraynet
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


def counts(limited, **environment):
    done = run(REPORT.format(limited=limited), **environment)
    assert done.returncode == 0, done.stderr
    return [int(count) for count in done.stdout.split()]


def test_all_libraries_get_the_number():
    assert set(counts(True, ARRAYNET_NUM_THREADS="1")) == {1}


def test_without_it_they_keep_their_own():
    assert counts(False) == counts(False, ARRAYNET_NUM_THREADS="")
    assert counts(False, OPENBLAS_NUM_THREADS="1") == [1]


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_a_value_that_means_nothing(value, monkeypatch):
    monkeypatch.setenv("ARRAYNET_NUM_THREADS", value)
    with pytest.raises(ValueError, match=rf"ARRAYNET_NUM_THREADS must be a positive integer, received '{value}'"):
        threads.wanted_threads()


def test_it_is_an_error_at_every_use():
    code = "import arraynet\nfor _ in range(2):\n    try: arraynet.ops.zeros(1)\n    except ValueError as e: print(e)"
    assert run(code, ARRAYNET_NUM_THREADS="many").stdout.count("received 'many'") == 2
