"""Where results lie while a program is replayed on host arrays, and numbers beside them."""

import numpy as np
import pytest

import arraynet
from arraynet import Variable, ops
from arraynet.dispatch import op
from arraynet.program import jit

SHAPE = (40, 48)


@op(promote=None)
def picked(xp, x, i, /):
    return xp.take(x, i, axis=0)


@op(promote=None)
def both(xp, x, /):
    return xp.logical_and(x, 1e-50)  # which is nothing in float32, and true


@op(promote=None)
def widened(xp, x, /):
    return xp.add(x, 0.1, dtype=xp.float64)


def normal(seed, shape=SHAPE):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def decayed(w, x):
    w.assign(w * 0.9 + x * x - 0.5)


def read_later(w, x):
    old = w.value
    w.assign(old * 0.9 + x)
    return old * x


def term_read_behind(w, x):
    term = w * 0.9
    w.assign(term + x)
    return term * w


def term_read_twice(w, x):
    term = w * 0.9
    w.assign(ops.where(x > 0, x, term + term))


def term_chosen(w, x):
    w.assign(ops.where(x > 0, w * 0.9, x))


def broadcast_term(w, x):
    w.assign((w * 0.9)[:1] + x)


def turned(w, x):
    w.assign(ops.transpose(ops.transpose(w) * 0.9) + x)
    return ops.sum(w, axis=0)


def product(w, x):
    w.assign(ops.matmul(w * 0.9, ops.ones((SHAPE[1], SHAPE[1]))) + x)


def summed(w, x):
    term = w * 0.9
    w.assign(ops.sum(term) + x)


def flipped(w, x):
    old = w.value
    turned = ops.flip(old * 0.9, axis=0)  # of the same term, which is computed once
    w.assign(old * 0.9 + x)
    return turned * 2


def two(w, x):
    w.assign(w * 0.9 + x)
    w.assign(w * 0.8 - x)


@pytest.mark.parametrize(
    "step",
    [
        decayed,
        read_later,
        term_read_behind,
        term_read_twice,
        term_chosen,
        broadcast_term,
        turned,
        product,
        summed,
        flipped,
        two,
    ],
)
@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("order", ["C", "F"])
def test_what_leads_to_an_update(step, held, order):
    with arraynet.use_backend("numpy"):
        v, w = (Variable(normal(0)) for _ in range(2))
        fast, kept = jit(lambda x: step(w, x)), []
        for turn in range(4):
            if order == "F":  # as it was captured; a step may leave it in another order
                for variable in (v, w):
                    variable.assign(ops.transpose(ops.array(np.ascontiguousarray(variable.numpy().T))) * 1.0)
            a, b = step(v, ops.array(normal(turn))), fast(normal(turn))
            np.testing.assert_array_equal(w.numpy(), v.numpy())
            np.testing.assert_array_equal(*(0 if r is None else ops.convert_to_numpy(r) for r in (a, b)))
            kept += [(w.value, w.numpy())] * held
    for value, then in kept:
        np.testing.assert_array_equal(value.numpy(), then)


@pytest.mark.parametrize(
    ("step", "dtype", "error"),
    [
        (lambda w, x: w * 0.5 + ops.inv(x), "float32", np.linalg.LinAlgError),
        (lambda w, x: w * 3 + ops.power(x, x - 1), "int32", ValueError),
        (lambda w, x: ops.power(w, x - 1), "int32", ValueError),
    ],
)
def test_a_failure_finds_the_variables_as_they_were(step, dtype, error):
    with arraynet.use_backend("numpy"):
        w = Variable(np.full((2, 2), 3), dtype=dtype)
        fast = jit(lambda x: w.assign(step(w, x)))
        for _ in range(2):
            fast(np.eye(2, dtype=dtype) + np.ones((2, 2), dtype))
        before = w.numpy()
        with pytest.raises(error):
            fast(np.array([[1, 1], [0, 0]], dtype))
        np.testing.assert_array_equal(w.numpy(), before)


def test_a_failure_finds_a_variable_as_it_was_that_is_only_written():
    def step(x):
        w.assign(x * 2)
        return ops.inv(x)

    with arraynet.use_backend("numpy"):
        w, fast = Variable(np.ones((2, 2), "float32")), jit(step)
        for _ in range(3):
            fast(np.eye(2, dtype="float32"))
        with pytest.raises(np.linalg.LinAlgError):
            fast(np.zeros((2, 2), "float32"))
        np.testing.assert_array_equal(w.numpy(), 2 * np.eye(2))


def test_an_index_that_is_out_of_range_finds_them_so_too():
    with arraynet.use_backend("numpy"):
        w, numbers = Variable(normal(0)), np.arange(SHAPE[0])
        fast = jit(lambda x, i: w.assign(w * 0.9 + picked(x, i)))
        for _ in range(2):
            fast(normal(1), numbers)
        before = w.numpy()
        with pytest.raises(IndexError):
            fast(normal(1), numbers + 1)
        assert fast.programs
        np.testing.assert_array_equal(w.numpy(), before)


def test_it_lies_in_the_array_of_the_update():
    with arraynet.use_backend("numpy"):
        w = Variable(normal(0))
        fast = jit(lambda x: w.assign(w * 0.9 + x - 0.5))
        fast(normal(1))
    (entry,) = fast._entries.values()
    assert entry.run.in_place == [True]
    assert entry.run.buffer_bytes == 0


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_numbers_take_the_dtype_of_what_they_stand_beside(dtype):
    def f(x):
        return x * 0.1 + 3, x > 0.1, ops.maximum(x, 0) / 7, 1 / x, x * 1e30, x**2

    with arraynet.use_backend("numpy"), np.errstate(over="ignore"):
        x = normal(0).astype(dtype)
        fast = jit(f)
        fast(x)
        for a, b in zip(f(ops.array(x)), fast(x), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("f", [both, widened])
def test_numbers_stay_numbers_where_their_dtype_would_show(f):
    with arraynet.use_backend("numpy"):
        fast, x = jit(lambda x: f(x)), np.linspace(0, 3, 5, dtype="float32")
        fast(x)
        np.testing.assert_array_equal(fast(x).numpy(), f(ops.array(x)).numpy())
        assert fast.programs


def test_integers_may_be_compared_with_numbers_beyond_their_dtype():
    with arraynet.use_backend("numpy"):
        fast = jit(lambda x: (x < 300, x > -1000, x == 2**40))
        x = np.arange(-5, 5, dtype="int8")
        for result, expected in zip([fast(x), fast(x)][1], [True, True, False], strict=True):
            assert (result.numpy() == expected).all()


def test_numbers_stay_readable():
    with arraynet.use_backend("numpy"):
        fast = jit(lambda x: x * 0.1 + 3)
        fast(normal(0))
    (program,) = fast.programs
    assert all(number.dtype == "float32" for i in program.instructions for number in i.args[1:])
    text = program.pretty()
    assert "multiply(%0, 0.1)" in text
    assert ", 3.0)" in text


def test_a_flip_of_what_was_written_twice():
    with arraynet.use_backend("numpy"):
        fast = jit(lambda x: (ops.flip(x * 0.9, axis=0) * 2, x * 0.9 + 1, ops.flip(x * 0.5 * 1.0, axis=0), x * 0.5 + 1))
        for turn in range(3):
            x = normal(turn)
            for a, b in zip(fast(x), fast.function(ops.array(x)), strict=True):
                np.testing.assert_array_equal(a.numpy(), b.numpy())


def replayed(f, *shapes):
    """Look at a captured function's results beside eager mode's, dtype and bits; return its entry."""
    fast = jit(f)
    for turn in range(3):
        given = [normal(turn + k, shape) for k, shape in enumerate(shapes)]
        for a, b in zip(fast(*given), f(*map(ops.array, given)), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a.numpy(), b.numpy())
    return next(iter(fast._entries.values()))


def test_a_result_takes_the_place_of_none_in_another_dtype_or_order():
    with arraynet.use_backend("numpy"):
        replayed(lambda x: (ops.sum(x) * 2 > 3,), SHAPE)  # without axes a bool lies as a float does
        replayed(lambda x, y: (ops.sum(ops.transpose(x) * 1.5 + y, axis=0),), (300, 70), (70, 300))


def test_a_result_that_is_returned_and_assigned_is_not_written_over():
    with arraynet.use_backend("numpy"):
        w = Variable(normal(0, (4, 8)))
        ordered, more = jit(lambda x: [w.assign(ops.sort(w + x))]), jit(lambda x: w.assign(w * x) is None)
        kept = []
        for turn in range(4):
            (made,) = ordered(normal(turn, (4, 8)))
            kept.append((made, np.array(made)))
            more(normal(turn + 9, (4, 8)))
        for made, then in kept:
            np.testing.assert_array_equal(made.numpy(), then)


def test_a_mean_of_more_numbers_than_a_float_counts():
    n = 2**24 + 3
    with arraynet.use_backend("numpy"):
        many = lambda x: (ops.mean(ops.broadcast_to(x, (2, n)), axis=1), ops.mean(ops.broadcast_to(x, (1, n))))  # noqa: E731
        entry = replayed(lambda x: many(ops.sum(x) * 0 + 1.3), (1, 1))
    assert not entry.run.allocations


@pytest.mark.parametrize("kind", ["int8", "uint8", "float16", "bool"])
def test_sums_may_count_more_than_their_dtype_does(kind):
    x = np.ones((2, 40_000), kind)
    with arraynet.use_backend("numpy"):
        replayed(lambda x: [f(ops.cast(x, kind), axis=1) for f in (ops.sum, ops.mean, ops.max, ops.any)], x.shape)


def test_a_small_result_does_not_take_a_large_place():
    with arraynet.use_backend("numpy"):
        entry = replayed(lambda x: (ops.sum(x * 2) + ops.sum(x[:1] * 3 * ops.exp(x)),), SHAPE)
    assert entry.run.buffer_bytes < 1.5 * normal(0).nbytes


def test_a_copy_that_a_change_of_shape_needs_is_made_by_every_call():
    with arraynet.use_backend("numpy"):
        replayed(lambda x: (ops.reshape(ops.transpose(x * 2), (-1,)) + 1,), SHAPE)


def test_infinities_are_no_matter_for_errors_or_warnings():
    with arraynet.use_backend("numpy"), np.errstate(all="raise"):
        replayed(lambda x: (ops.log(x * 0), 1 / (x * 0), ops.exp(x * x + 100)), SHAPE)


def test_a_step_asks_no_variable_for_its_array_while_nobody_else_does():
    with arraynet.use_backend("numpy"):
        w, given = Variable(normal(0)), []
        step = jit(lambda x: w.assign(w * 0.9 + x) is None)
        for turn in range(3):
            step(normal(turn))
        (entry,) = step._entries.values()
        run = entry.run
        entry.run = lambda *args: given.append(args) or run(*args)
        for turn in range(3):
            step(normal(turn))
        before = w.value
        step(normal(3))
    assert given[0][1] is given[1][1] is given[2][1] is not given[3][1]
    assert given[3][3][0] is not before.array


def test_a_mean_of_short_floats_is_added_up_in_longer_ones():
    with arraynet.use_backend("numpy"):
        half = lambda x: ops.cast(x, "float16")  # noqa: E731
        replayed(lambda x: (ops.mean(half(x), axis=0), ops.mean(half(x)), ops.var(half(x), axis=1)), (300, 40))


def test_an_update_does_not_lie_in_a_spare_array_of_another_order():
    with arraynet.use_backend("numpy"):
        w = Variable(normal(0, (30, 30)))
        turned, doubled = jit(lambda: w.assign(ops.transpose(w) + 1) is None), jit(lambda x: w.assign(x * 2) is None)
        for turn in range(6):
            turned()
            assert w._value.array.flags.f_contiguous
            for _ in range(1 + turn % 2):
                doubled(normal(turn, (30, 30)))
                assert w._value.array.flags.c_contiguous


def test_a_spare_array_is_one_that_nobody_holds():
    def step(x):
        old = w.value
        w.assign(old * 0.9 + x)
        return ops.sum(ops.flip(old) * w)  # behind the update, so that it needs an array of its own

    with arraynet.use_backend("numpy"):
        w, fast = Variable(normal(0)), jit(step)
        for turn in range(3):
            fast(normal(turn))
        first = w.value
        fast(normal(3))
        second, then = w.value, w.numpy()
        w.assign(first)
        for turn in range(3):
            fast(normal(turn))
        np.testing.assert_array_equal(second.numpy(), then)


def test_constants_of_two_orders_are_two():
    a = ops.array(normal(0, (70, 300)))
    b = ops.transpose(ops.array(np.ascontiguousarray(a.numpy().T)))
    assert not (ops.sum(a * 1.5, axis=0) == ops.sum(b * 1.5, axis=0)).numpy().all()
    with arraynet.use_backend("numpy"):
        replayed(lambda x: (ops.sum(ops.sum(x) * a, axis=0), ops.sum(ops.sum(x) * b, axis=0)), (1,))
