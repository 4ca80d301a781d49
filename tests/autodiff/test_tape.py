"""GradientTape behaves as TensorFlow's does."""

import threading
from collections import namedtuple

import numpy as np
import pytest

import arraynet
from arraynet import GradientTape, Variable, ops
from arraynet.observers import Observer

pytestmark = pytest.mark.usefixtures("backend")


def tensor(*values):
    return ops.array(np.array(values, "float32"))


class Count(Observer):
    """The names of the ops that ran."""

    def __init__(self):
        self.names = []

    def record(self, op, inputs, static, outputs):
        self.names.append(op.name)


def test_variables_are_watched_by_themselves():
    x = Variable(0.0)
    with GradientTape() as tape:
        y = 2 * x + 3
    assert float(tape.gradient(y, x)) == 2
    assert tape.watched_variables() == (x,)


def test_variables_that_are_not_trainable_are_not():
    x = Variable(3.0, trainable=False)
    with GradientTape() as tape:
        y = x * x
    assert tape.gradient(y, x) is None
    assert tape.watched_variables() == ()
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert float(tape.gradient(y, x)) == 6


def test_watching_by_hand_only():
    w, v = Variable(2.0), Variable(3.0)
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(v)
        y = w * v
    assert tape.gradient(y, w) is None
    assert tape.watched_variables() == (v,)


def test_tensors_are_watched_by_hand():
    x, unwatched = tensor(3.0), tensor(2.0)
    with GradientTape() as tape:
        tape.watch([x])
        y = x * x * unwatched
    dx, du = tape.gradient(y, [x, unwatched])
    assert dx.numpy() == [12]
    assert du is None


@pytest.mark.parametrize("wrong", [1.0, np.ones(2), "x", None])
def test_only_tensors_and_variables_are_watched(wrong):
    with pytest.raises(TypeError, match="watches Tensors and Variables"), GradientTape() as tape:
        tape.watch(wrong)


def test_integers_have_no_gradients():
    with pytest.raises(TypeError, match="Only floating values have gradients, received dtype int32"):
        GradientTape().watch(ops.array([1, 2]))
    n = Variable(3, dtype="int32")
    with GradientTape() as tape:
        y = n * 2.0
    assert tape.gradient(y, n) is None


def test_a_target_that_is_no_scalar_is_summed():
    x = Variable([1.0, 2.0, 3.0])
    with GradientTape() as tape:
        y = x * x
    np.testing.assert_array_equal(tape.gradient(y, x), [2, 4, 6])


def test_several_targets_are_summed():
    x = Variable(3.0)
    with GradientTape() as tape:
        targets = {"a": x * x, "b": [2 * x]}
    assert float(tape.gradient(targets, x)) == 8


def test_the_structure_of_the_sources_is_kept():
    Pair = namedtuple("Pair", "left right")
    a, b, c = Variable(1.0), Variable(2.0), Variable(3.0)
    with GradientTape(persistent=True) as tape:
        y = a * b + c
    grads = tape.gradient(y, {"p": Pair(a, [b]), "c": (c,)})
    assert float(grads["p"].left) == 2
    assert float(grads["p"].right[0]) == 1
    assert isinstance(grads["p"], Pair)
    assert isinstance(grads["c"], tuple)
    assert float(tape.gradient(y, [a])[0]) == 2


def test_a_second_gradient_is_refused_unless_persistent():
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.jacobian(y, x)
    with GradientTape(persistent=True) as tape:
        y = x * x
        z = y * y
    assert float(tape.gradient(z, x)) == 108
    assert float(tape.gradient(y, x)) == 6
    assert float(tape.gradient(z, y)) == 18


def test_unconnected_sources():
    x, y = Variable([1.0, 2.0]), Variable([3.0])
    with GradientTape(persistent=True) as tape:
        z = x * x
    assert tape.gradient(z, y) is None
    np.testing.assert_array_equal(tape.gradient(z, y, unconnected_gradients="zero"), [0])
    with pytest.raises(ValueError, match="must be one of 'none', 'zero', received 'zeros'"):
        tape.gradient(z, y, unconnected_gradients="zeros")


def test_constants_have_no_gradient():
    x = Variable(1.0)
    with GradientTape() as tape:
        x.read()
        y = tensor(3.0) * 2
    assert tape.gradient(y, x) is None


def test_output_gradients_weigh_the_target():
    x = Variable([1.0, 2.0])
    with GradientTape(persistent=True) as tape:
        y = x * x
        z = 3 * x
    np.testing.assert_array_equal(tape.gradient(y, x, output_gradients=tensor(10, 100)), [20, 400])
    np.testing.assert_array_equal(tape.gradient([y, z], x, output_gradients=[tensor(1, 1), None]), [5, 7])
    with pytest.raises(ValueError, match=r"shape \(3,\), its output \(2,\)"):
        tape.gradient(y, x, output_gradients=tensor(1, 2, 3))
    with pytest.raises(ValueError, match="2 outputs need as many output gradients, received 1"):
        tape.gradient([y, z], x, output_gradients=[tensor(1, 1)])


def test_gradients_of_intermediate_results():
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
        z = y * y
    dx, dy = tape.gradient(z, [x, y])
    assert (float(dx), float(dy)) == (108, 18)


def test_a_target_that_is_its_own_source():
    x = Variable(3.0)
    with GradientTape(persistent=True) as tape:
        y = x * x
    assert float(tape.gradient(y, y)) == 1
    assert float(tape.gradient(x, x)) == 1


def test_a_source_used_several_times_and_asked_for_twice():
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x + x + ops.exp(x) * 0
    one, two = tape.gradient(y, [x, x])
    assert float(one) == float(two) == 7


def test_nested_tapes_give_higher_derivatives():
    x = Variable(3.0)
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = x * x * x
        dy = inner.gradient(y, x)
    assert float(outer.gradient(dy, x)) == 18
    assert float(dy) == 27


def test_three_tapes():
    x = Variable(2.0)
    with GradientTape() as one, GradientTape() as two:
        with GradientTape() as three:
            y = x**4
        first = three.gradient(y, x)
        second = two.gradient(first, x)
    assert [float(first), float(second), float(one.gradient(second, x))] == [32, 48, 48]


def test_gradient_within_its_own_context():
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
        assert float(tape.gradient(y, x)) == 6
        x * 2  # what comes after is no longer recorded
    with GradientTape(persistent=True) as tape:
        y = x * x
        dy = tape.gradient(y, x)
    assert float(tape.gradient(dy, x)) == 2


def test_stop_recording():
    x = Variable(3.0)
    with GradientTape(persistent=True) as tape:
        y = x * x
        with tape.stop_recording():
            hidden = y * y
            assert float(tape.gradient(y, x)) == 6
        z = y * 2
    assert tape.gradient(hidden, x) is None
    assert float(tape.gradient(z, x)) == 12
    with GradientTape() as tape:
        y = x * x
        with tape.stop_recording():
            tape.gradient(y, x)  # a tape that was used stays as it is
        with pytest.raises(RuntimeError, match="not recording"), tape.stop_recording():
            pass


def test_reset():
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
        tape.reset()
        z = x * 2
    assert tape.watched_variables() == (x,)
    assert float(tape.gradient([z, y], x)) == 2


def test_a_tape_is_entered_once_at_a_time_and_can_be_used_again():
    x, tape = Variable(3.0), GradientTape()
    for _ in range(2):
        with tape:
            y = x * x
            with pytest.raises(RuntimeError, match="recording already"), tape:
                pass
            with tape.stop_recording():
                pass
        assert float(tape.gradient(y, x)) == 6


def test_an_error_inside_ends_the_recording():
    from arraynet.observers import OBSERVERS

    with pytest.raises(KeyError), GradientTape():
        raise KeyError
    assert OBSERVERS.get() == ()


def test_jacobian():
    x = Variable([1.0, 2.0])
    y = Variable([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]])
    unused = Variable([1.0])
    with GradientTape() as tape:
        z = ops.matmul(x * x, y)
    dx, dy, du = tape.jacobian(z, [x, y, unused])
    np.testing.assert_array_equal(dx, [[2, 0], [0, 4], [4, 4]])
    assert dy.shape == (3, 2, 3)
    np.testing.assert_array_equal(dy.numpy()[1], [[0, 1, 0], [0, 4, 0]])
    assert du is None
    with GradientTape() as tape:
        z = x * x
    np.testing.assert_array_equal(tape.jacobian(z, unused, unconnected_gradients="zero"), np.zeros((2, 1)))


def test_jacobian_of_a_scalar_and_of_nothing():
    x = Variable([1.0, 2.0])
    with GradientTape(persistent=True) as tape:
        y = ops.sum(x * x)
        nothing = x[:0]
    np.testing.assert_array_equal(tape.jacobian(y, x), [2, 4])
    assert tape.jacobian(nothing, x, unconnected_gradients="zero").shape == (0, 2)


def test_second_derivatives_through_a_jacobian():
    x = Variable([1.0, 2.0])
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = ops.sum(x * x * x)
        g = inner.gradient(y, x)
    np.testing.assert_array_equal(outer.jacobian(g, x), [[6, 0], [0, 12]])


def test_a_variable_assigned_between_reads():
    x = Variable(0.0)
    with GradientTape() as tape:
        x.assign(2.0)
        y = x * x
        x.assign(5.0)
        z = y + x * x
    assert float(tape.gradient(z, x)) == 4 + 10
    with GradientTape() as tape:
        values = [x.value, x.assign(7.0), x.value]
    assert [g and float(g) for g in tape.gradient(x, values[::2])] == [None, 1], "a target is its latest value"


def test_an_assignment_is_no_path():
    x = Variable(2.0)
    with GradientTape() as tape:
        x.assign(x * 2)
        y = x * x
    assert float(tape.gradient(y, x)) == 8


def test_a_variable_assigned_after_the_recording():
    x = Variable(2.0)
    with GradientTape(persistent=True) as tape:
        y = x * x
    x.assign(7.0)
    assert float(tape.gradient(y, x)) == 4


def test_host_data_on_the_tape_is_a_copy():
    x, host = Variable([1.0, 2.0]), np.array([3.0, 4.0], "float32")
    with GradientTape() as tape:
        y = x * host
    host[:] = 0
    np.testing.assert_array_equal(tape.gradient(y, x), [3, 4])


@pytest.mark.parametrize("wrong", [3.0, np.ones(2)])
def test_targets_and_sources_are_tensors(wrong):
    x = Variable(2.0)
    with GradientTape(persistent=True) as tape:
        y = x * x
    with pytest.raises(TypeError, match="Tensors and Variables as target"):
        tape.gradient(wrong, x)
    with pytest.raises(TypeError, match="Tensors and Variables as sources"):
        tape.gradient(y, [x, wrong])
    with pytest.raises(ValueError, match="needs a target"):
        tape.gradient([], x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_have_the_shape_and_dtype_of_their_source(dtype):
    column = Variable(np.ones((3, 1), dtype))
    scalar = Variable(np.ones((), dtype))
    with GradientTape() as tape:
        y = ops.sum((column + np.ones((2, 1, 4))) * scalar)
    dc, ds = tape.gradient(y, [column, scalar])
    assert (dc.shape, dc.dtype) == ((3, 1), dtype)
    assert (ds.shape, ds.dtype) == ((), dtype)
    np.testing.assert_array_equal(dc, np.full((3, 1), 8))


def test_gradients_through_a_promotion():
    half, wide = Variable(np.float32(2.0)), Variable(np.float64(3.0))
    with GradientTape() as tape:
        y = half * wide
    dh, dw = tape.gradient(y, [half, wide])
    assert (dh.dtype, dw.dtype) == ("float32", "float64")


def test_the_gradient_of_the_first_layers_input_is_never_computed():
    x = ops.ones((4, 3))
    w1, w2 = Variable(np.ones((3, 5), "float32")), Variable(np.ones((5, 2), "float32"))
    with GradientTape() as tape:
        y = ops.sum(ops.matmul(ops.relu(ops.matmul(x, w1)), w2))
    count = Count()
    count.during(lambda: tape.gradient(y, [w1, w2]), ())
    assert count.names.count("matmul") == 3, "two weights and one hidden activation; not the input"


def test_nothing_is_recorded_where_nothing_is_watched():
    x = tensor(1.0, 2.0)
    with GradientTape() as tape:
        ops.exp(x) * x
    assert tape._tape.nodes == []


def test_threads_record_apart():
    x, grads = Variable(2.0), {}

    def work(k):
        with arraynet.use_backend(x.backend), GradientTape() as tape:
            y = x
            for _ in range(k):
                y = y * x
        grads[k] = (len(tape._tape.nodes), float(tape.gradient(y, x)))

    threads = [threading.Thread(target=work, args=(k,)) for k in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert grads == {1: (1, 4), 2: (2, 12), 3: (3, 32)}
