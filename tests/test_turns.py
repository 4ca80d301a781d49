"""Programs of several threads: none reads, or writes into, what another one writes into at that moment."""

import gc
from threading import Event, RLock, Thread

import numpy as np
import pytest

import arraynet
from arraynet import Variable
from arraynet.program import jit
from arraynet.turns import Turns, note_writer

ONES = np.ones((3, 4), "float32")


@pytest.fixture(autouse=True)
def _numpy():
    with arraynet.use_backend("numpy"):
        yield


class Midway:
    """A program that waits in the middle of a replay: all that it writes into is written over, but not yet right."""

    def __init__(self, f):
        (entry,) = f._entries.values()
        self.f, self.run, self.began, self.end = f, entry.run, Event(), Event()
        entry.run = self.halted

    def halted(self, inputs, variables, hosts, outs):
        kept = [np.array(out) for out in outs]
        for out in outs:
            out[...] = np.nan
        self.began.set()
        assert self.end.wait(60)
        for out, old in zip(outs, kept, strict=True):
            out[...] = old
        return self.run(inputs, variables, hosts, outs)

    def __enter__(self):
        self.thread = Thread(target=lambda: self.f(ONES))
        self.thread.start()
        assert self.began.wait(60)
        return self

    def __exit__(self, *error):
        self.end.set()
        self.thread.join()


def beside(f, midway, x=ONES):
    """What a call gives that begins in the middle of another program's replay."""
    made = []
    other = Thread(target=lambda: made.append(np.array(f(x))))
    with midway:
        other.start()
        other.join(0.1)
        assert not made
    other.join()
    return made[0]


def warm(f):
    for _ in range(3):
        f(ONES)
    return f


def test_a_program_waits_for_another_that_writes_into_what_it_reads():
    w = Variable(np.zeros((3, 4), "float32"))
    step, read = warm(jit(lambda x: w.assign(w + x) is None)), warm(jit(lambda x: w * x))
    step(ONES)  # in place from now on, as nobody holds the value
    assert np.isfinite(beside(read, Midway(step))).all()
    np.testing.assert_array_equal(w.numpy(), 5)


@pytest.mark.parametrize("first", [0, 1])
def test_two_programs_that_write_into_one_variable_take_turns(first):
    w = Variable(np.zeros((3, 4), "float32"))
    adds = [jit(lambda x: w.assign(w + x) is None), jit(lambda x: w.assign(w + x * 1.5) is None)]
    for f in (*adds, *adds, *adds):
        f(ONES)
    midway, other = Midway(adds[first]), adds[1 - first]
    beside(other, midway)
    np.testing.assert_array_equal(w.numpy(), 3 * 2.5 + 2.5)


def test_two_that_only_write_take_turns_too():
    w = Variable(np.zeros((3, 4), "float32"))
    step, over = warm(jit(lambda x: w.assign(x * 4) is None)), warm(jit(lambda x: w.assign(x * 8) is None))
    step(ONES)
    beside(over, Midway(step))
    np.testing.assert_array_equal(w.numpy(), 8)


def test_a_writer_that_is_captured_later_is_waited_for_too():
    w = Variable(np.zeros((3, 4), "float32"))
    read = warm(jit(lambda x: w * x))
    step = warm(jit(lambda x: w.assign(w + x) is None))
    np.testing.assert_array_equal(beside(read, Midway(step)), 4)


def test_who_has_nothing_in_common_waits_for_nobody():
    w, v = (Variable(np.zeros((3, 4), "float32")) for _ in range(2))
    step, other = warm(jit(lambda x: w.assign(w + x) is None)), warm(jit(lambda x: v.assign(v + x)))
    with Midway(step):
        np.testing.assert_array_equal(other(ONES).numpy(), 4)


def test_the_one_who_came_last_may_go_first():
    w = Variable(np.zeros((3, 4), "float32"))
    read, step = warm(jit(lambda x: w * x)), warm(jit(lambda x: w.assign(w + x) is None))
    last = warm(jit(lambda x: w.assign(w + x) is None))
    step(ONES)
    del last
    gc.collect()
    np.testing.assert_array_equal(beside(read, Midway(step)), 8)


def test_a_reader_forgets_the_writers_that_are_gone():
    w = Variable(np.zeros((3, 4), "float32"))
    readers = [warm(jit(lambda x: w * x)), warm(jit(lambda x: w + x))]
    for _ in range(3):
        step = warm(jit(lambda x: w.assign(w + x) is None))
        for read in readers:
            read(ONES)
        assert len(w._locks) == 1
        del step
        gc.collect()
    assert not w._locks


class Late:
    """A lock that takes so long to get that there is one more writer by then."""

    def __init__(self, variable):
        self.lock, self.others, self.variable = RLock(), [], variable

    def __enter__(self):
        self.lock.acquire()
        if not self.others:
            self.others.append(Held())
            note_writer(self.others[0], [self.variable])

    def __exit__(self, *error):
        self.lock.release()


class Held:
    """A lock that tells whether it is held."""

    now = False

    def __enter__(self):
        self.now = True

    def __exit__(self, *error):
        self.now = False


def test_a_writer_that_comes_while_one_waits_is_waited_for_too():
    v = Variable(np.zeros(3, "float32"))
    late = Late(v)
    turns = Turns(late, [v])
    assert turns.run(lambda: late.others[0].now)
    assert not late.others[0].now
