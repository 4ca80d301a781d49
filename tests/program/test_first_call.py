"""The call that is captured: it happens once, and has the numbers of all others."""

import threading

import numpy as np
import pytest

import arraynet
from arraynet import Variable, ops, random
from arraynet.program import jit


def test_the_first_call_gives_the_bits_of_the_others_and_happens_once(other):
    with arraynet.use_backend(other):
        called_three_times()


def called_three_times():
    count, w, start = Variable(0.0), Variable(np.zeros(64, "float32")), np.linspace(-3, 3, 64).astype("float32")
    seeds, others = random.SeedGenerator(3), random.SeedGenerator(3)
    made = []

    @jit
    def f(x):
        count.assign_add(1.0)
        w.assign(ops.tanh(w * x) / 3 + ops.sum(x * 1.1) / 7)
        return ops.softmax(x * 1.3), w.value, random.uniform((4,), seed=seeds)

    for _ in range(3):
        w.assign(start)
        *found, drawn = (y.numpy() for y in f(start))
        made.append(np.concatenate(found))
        np.testing.assert_array_equal(drawn, random.uniform((4,), seed=others))
    assert float(count) == f.captures + 2 == 3
    np.testing.assert_array_equal(made[1], made[0])
    np.testing.assert_array_equal(made[2], made[0])


def test_a_variable_that_is_only_read_stays_as_another_thread_has_left_it(other):
    with arraynet.use_backend(other):
        v = Variable([1.0])

        def f(x):
            y = v * x
            thread = threading.Thread(target=v.assign, args=([5.0],))
            thread.start()
            thread.join()
            return y

        jit(f)(ops.ones(1))
        assert float(v[0]) == 5.0


@pytest.mark.parametrize("kernels", ["fused", "eager"])
def test_arrays_are_tensors_in_every_call(kernels, backend):
    arraynet.config.set_kernels(kernels)

    @arraynet.jit
    def halved(x, given):
        return given["x"] / 2 if ops.max(x) > 1 else x

    x = np.ones(3) * 4
    with arraynet.GradientTape() as tape:
        results = [halved(x, given={"x": x}) for _ in range(2)]
    results += [halved(x, given={"x": x}) for _ in range(3)]
    assert [type(y) for y in results] == [arraynet.Tensor] * 5
    assert {y.backend.name for y in results} == {backend}
    assert tape.watched_variables() == ()


def test_containers_are_new_in_every_call():
    f = arraynet.jit(lambda x: {"y": x, "list": [1, [2]], "dict": {}})
    for _ in range(3):
        result = f(ops.ones(2))
        assert (result["list"], result["dict"]) == ([1, [2]], {})
        result["list"][1].append(3)
        result["dict"]["new"] = 4


def test_dicts_may_have_keys_of_several_kinds():
    f = arraynet.jit(lambda x: {1: x["a"], None: x[1]})
    for _ in range(2):
        y = f({"a": ops.ones(2), 1: ops.zeros(2)})
        assert (y[1].numpy().tolist(), y[None].numpy().tolist()) == ([1, 1], [0, 0])
