"""Threads that share a loop: each part is computed once, whoever sleeps, is busy, or was left behind by a fork."""

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

pytest.importorskip("arraynet_numba", reason="the plugin arraynet-numba is not installed")

import numba
from arraynet_numba.atomics import add, peek, rest, stored, unpacked
from arraynet_numba.team import ALONE, LEAST, LINE, MEMBER, MOST, Team, share

MEMBERS = [1, 2, 3, 5]
KINDS = (("float64", 1, "C"), ("int64", 1, "C"))
LOOKS = 10**8  # for the others, some seconds
store, given = stored(KINDS), unpacked(KINDS)


@numba.cfunc("int64(int64, int64, int64)")
def count(data, part, parts):
    x, turns = given(data)
    for i in range(x.size * part // parts, x.size * (part + 1) // parts):
        x[i] += 1
    turns[part] += 1
    return 1


@numba.cfunc("int64(int64, int64, int64)")
def fail(data, part, parts):
    return int(part != parts // 2)


@numba.cfunc("int64(int64, int64, int64)")
def meet(data, part, parts):
    """A part that ends when all have begun, which takes a thread for each; the last ends later than the others."""
    _, counts = given(data)
    add(counts, 0, 1)
    looks = 0
    while peek(counts, 0) < parts and looks < LOOKS:
        rest()
        looks += 1
    if part == parts - 1:
        for _ in range(LOOKS // 5000):
            rest()
    add(counts, 1, 1)
    return int(looks < LOOKS)


@numba.njit(nogil=True)
def repeated(state, function, x, turns, times):
    parts = 0
    for _ in range(times):
        parts = share(state, x.size, function, store((x, turns)))
    return parts


def counted(state, x, turns, times):
    return repeated(state, count.address, x, turns, times)


def assert_all_take_part(team):
    counts = np.zeros(2, np.int64)
    repeated(team.state, meet.address, np.zeros(LEAST), counts, 1)
    assert counts[1] == team.members


@pytest.fixture(params=MEMBERS)
def members(request):
    team = Team(request.param)
    yield team
    team.stop()


@pytest.mark.parametrize("size", [0, 1, LEAST, 100_003])
def test_every_part_is_computed_once(members, size):
    x, turns = np.zeros(size), np.zeros(max(MEMBERS), np.int64)
    parts = counted(members.state, x, turns, 200)
    assert parts == (members.members if size >= LEAST else 1)
    np.testing.assert_array_equal(x, 200)
    np.testing.assert_array_equal(turns, [200] * parts + [0] * (max(MEMBERS) - parts))


def test_threads_that_sleep_are_woken(members):
    asleep, end = members.state[MEMBER + LINE :: LINE], time.monotonic() + 60
    for _ in range(20):
        while not asleep.all():
            assert time.monotonic() < end, "they never sleep"
            time.sleep(0.001)
        assert_all_take_part(members)
    time.sleep(0.1)
    began = time.process_time()
    time.sleep(0.1)
    assert time.process_time() < began + 0.05, "they say that they sleep, and do not"


def test_one_alone_computes_the_parts_of_all(members):
    x, turns = np.zeros(LEAST), np.zeros(max(MEMBERS), np.int64)
    assert counted(members.alone, x, turns, 200) == members.members
    np.testing.assert_array_equal(x, 200)
    np.testing.assert_array_equal(turns, [200] * members.members + [0] * (max(MEMBERS) - members.members))
    with pytest.raises(MemoryError, match="for want of memory"):
        repeated(members.alone, fail.address, x, turns, 1)


def test_who_finds_the_team_busy_computes_alone(members):
    arrays = [(np.zeros(50_000), np.zeros(max(MEMBERS), np.int64)) for _ in range(4)]
    threads = [threading.Thread(target=counted, args=(members.state, *pair, 300)) for pair in arrays]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for x, turns in arrays:
        np.testing.assert_array_equal(x, 300)
        np.testing.assert_array_equal(turns[: members.members], 300)
    assert_all_take_part(members)


def test_a_failure_is_told_and_the_team_goes_on(members):
    x = np.zeros(LEAST)
    for _ in range(3):
        with pytest.raises(MemoryError, match="for want of memory"):
            repeated(members.state, fail.address, x, np.zeros(max(MEMBERS), np.int64), 1)
    assert_all_take_part(members)


def test_a_team_that_was_stopped_has_no_threads_and_computes_alone(members):
    members.stop()
    assert not any(thread.is_alive() for thread in members.threads)
    x = np.zeros(LEAST)
    assert counted(members.state, x, np.zeros(max(MEMBERS), np.int64), 1) == 1
    np.testing.assert_array_equal(x, 1)


def test_a_team_begins_anew_whatever_it_was_at(members):
    """As in a process that was forked while others computed."""
    members.stop()
    members.state[:] = 1
    members.start()
    assert_all_take_part(members)


def test_there_are_no_more_parts_than_bits_of_a_number():
    team, x, turns = Team(MOST + 9), np.zeros(LEAST), np.zeros(MOST + 9, np.int64)
    assert counted(team.state, x, turns, 20) == counted(team.alone, x, turns, 20) == MOST
    team.stop()
    np.testing.assert_array_equal(x, 40)
    np.testing.assert_array_equal(turns, [40] * MOST + [0] * 9)


def test_a_tuple_of_another_kind_is_no_task():
    with pytest.raises(TypeError, match="was compiled for"):
        repeated(ALONE.state, count.address, np.zeros((2, 2)), np.zeros(1, np.int64), 1)


def test_nobody_shares_what_is_for_one():
    assert counted(ALONE.state, np.zeros(LEAST), np.zeros(1, np.int64), 1) == 1
    assert ALONE.threads == []


TRAIN = """
import threading
import numpy as np
import arraynet
from arraynet import layers

def trained():
    arraynet.utils.set_random_seed(0)
    model = arraynet.Sequential([layers.Dense(300, activation="relu"), layers.Dense(10, activation="softmax")])
    model.compile("rmsprop", "sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    x, y = rng.random((640, 200), np.float32), rng.integers(0, 10, 640)
    model.fit(x, y, batch_size=64, epochs=2, verbose=0)
    return model.predict(x, verbose=0), [w.copy() for w in model.get_weights()]

def ours():
    return sum(thread.name.startswith("arraynet-") for thread in threading.enumerate())

def same(a, b):
    np.testing.assert_array_equal(a[0], b[0])
    for one, other in zip(a[1], b[1], strict=True):
        np.testing.assert_array_equal(one, other)

"""


def run(code, **environment):
    inherited = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    given = inherited | {"ARRAYNET_BACKEND": "numba"} | environment
    return subprocess.run([sys.executable, "-c", TRAIN + code], env=given, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_environment_says_how_many_threads_there_are(count):
    done = run(f"trained()\nassert ours() == {count - 1}, ours()", ARRAYNET_NUM_THREADS=str(count))
    assert done.returncode == 0, done.stderr


def test_without_it_there_are_as_many_as_blas_has():
    done = run("trained()\nassert ours() == 0, ours()", OPENBLAS_NUM_THREADS="1")
    assert done.returncode == 0, done.stderr


def test_the_number_of_threads_changes_no_bit():
    code = "print(*(x.tobytes().hex() for x in trained()[1]))"
    one, two, three = (run(code, ARRAYNET_NUM_THREADS=str(count)) for count in (1, 2, 3))
    assert one.returncode == 0, one.stderr
    assert one.stdout == two.stdout == three.stdout


def test_models_that_train_at_the_same_time_share_the_threads():
    code = """
first = trained()
found = [None] * 3
def work(k): found[k] = trained()
threads = [threading.Thread(target=work, args=(k,)) for k in range(3)]
for t in threads: t.start()
for t in threads: t.join()
assert ours() == 1 and None not in found
"""
    done = run(code, ARRAYNET_NUM_THREADS="2")
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork a process")
def test_a_forked_process_has_threads_of_its_own():
    code = """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python's, of forking beside threads
first = trained()
child = os.fork()
if not child:
    same(first, trained())
    os._exit(ours() != 1)
assert os.waitpid(child, 0)[1] == 0
same(first, trained())
"""
    done = run(code, ARRAYNET_NUM_THREADS="2")
    assert done.returncode == 0, done.stderr
