"""A recorded step writes over Variables' arrays: never over one that anybody holds, nor over what was returned."""

import numpy as np
import pytest

import arraynet
from arraynet import ops
from arraynet.program import jit

pytest.importorskip("arraynet_cupy", reason="the plugin arraynet-cupy is not installed")


def test_whoever_holds_a_value_keeps_it(graphs, counter):
    step, v, run = counter
    held, n = v.value, v.numpy()[0, 0]
    for _ in range(3 * graphs.OFTEN):
        step()
    assert held.numpy()[0, 0] == n
    assert v.numpy()[0, 0] == n + 3 * graphs.OFTEN
    assert run.recordings == 2


def test_a_view_of_a_value_is_kept_too(graphs, counter):
    step, v, _ = counter
    held, n = ops.transpose(v.value), v.numpy()[0, 0]
    v.assign(np.zeros((3, 5), "float32"))
    for _ in range(3 * graphs.OFTEN):
        step()
    assert held.numpy()[0, 0] == n
    assert v.numpy()[0, 0] == 3 * graphs.OFTEN


def test_whoever_has_looked_and_gone_holds_nothing(counter):
    step, v, run = counter
    for k in range(6):
        float(ops.sum(v.value))
        before = run._graph.launches
        step()
        assert run._graph.launches == before + 1, k
    assert run.recordings == 1
    step()
    assert run._graph.steady is not None  # its arrays are not looked at in the next step


@pytest.mark.parametrize("hold", [lambda t: t, lambda t: t.array, lambda t: t.array.T, lambda t: t.array[1:, ::2]])
def test_each_way_to_hold_a_value_is_noticed(counter, hold):
    step, v, _ = counter
    step()
    held = hold(v.value)
    array = getattr(held, "array", held)
    before = array.get()
    for _ in range(3):
        step()
    np.testing.assert_array_equal(array.get(), before)


def test_memory_that_is_held_through_a_pointer_is_noticed(cupy, counter):
    step, v, _ = counter
    step()
    alike = cupy.lib.stride_tricks.as_strided(v.value.array, (5,), (4,))
    before = alike.get()
    step()
    np.testing.assert_array_equal(alike.get(), before)


def test_an_assignment_is_brought_in_without_another_recording(counter):
    step, v, run = counter
    for value in (7.0, -2.0):
        v.assign(np.full((3, 5), value, "float32"))
        assert step().numpy()[0] == 5 * (value + 1)
        assert step().numpy()[0] == 5 * (value + 2)
    v.assign(ops.transpose(ops.array(np.full((5, 3), 4.0, "float32"))))  # by columns
    assert step().numpy()[0] == 25
    assert run.recordings <= 2


def test_what_was_returned_is_never_written_over(counter):
    step, _, _ = counter
    kept = [step() for _ in range(5)]
    numbers = [x.numpy()[0] for x in kept]
    assert numbers == sorted(set(numbers))


def test_a_variable_that_another_function_returns_is_not_either(counter):
    step, v, run = counter
    look = jit(lambda: (v.value, ops.flip(v.value, 0)))
    look()  # is captured, which reads the Variable; a replay does not
    for _ in range(3):
        step()
    seen, n = look(), v.numpy()[0, 0]
    for _ in range(3):
        step()
    assert [x.numpy()[0, 0] for x in seen] == [n, n]
    assert run.recordings == 1


def test_arrays_that_other_settings_return_are_not_written_over(counter):
    step, v, _ = counter
    look = jit(lambda: (v.value, ops.transpose(v.value)))
    arraynet.config.set_kernels("native")
    for _ in range(3):
        step()
        seen = look()
    n = v.numpy()[0, 0]
    arraynet.config.set_kernels("fused")
    for _ in range(4):
        step()
    assert [x.numpy()[0, 0] for x in seen] == [n, n]


def test_a_graph_that_goes_stale_at_once_is_recorded_less_often(graphs, counter):
    step, v, run = counter
    for _ in range(40):
        held = v.value
        step()
        del held
    assert run.recordings <= 4
    assert run._needed >= 4 * graphs.OFTEN
